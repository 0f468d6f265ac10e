import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { keyedTurns } from '../base/keyed-turns.ts';
import type { ObjectRow, Repository } from '../model/repository.ts';
import { ADMINISTRATOR_ROLE, INTERNAL_USER_TYPE, rolesOf } from '../security/internal-users.ts';
import { orEmpty } from './repo-reads.ts';

/** Keeps a project administrable. */
export interface LastAdministrator {
  /**
   * Does `work`, which makes `next` of an internal user (null: deletes it), unless nobody would have the role `openidm-admin`
   * then: `Failure('conflict')`. One such change of this process goes after the other.
   */
  protect<T>(stored: ObjectRow, next: JsonObject | null, work: () => Promise<T>): Promise<T>;
}

const PAGE = 200;

export function lastAdministrator(repository: Repository): LastAdministrator {
  const turns = keyedTurns();
  return {
    protect: (stored, next, work) => {
      if (!isAdministrator(stored.doc) || (next !== null && isAdministrator(next))) return work();
      return turns.take(ADMINISTRATOR_ROLE, async () => {
        if (!(await hasAnother(repository, stored.id))) throw refusal(stored.id);
        return work();
      });
    },
  };
}

function isAdministrator(user: JsonObject): boolean {
  return rolesOf(user['roles']).includes(ADMINISTRATOR_ROLE);
}

async function hasAnother({ objects }: Repository, id: string): Promise<boolean> {
  const nothing = { rows: [], next: null };
  for (let after: Parameters<typeof objects.page>[1]['after'] = null; ;) {
    const page = await orEmpty(() => objects.page(INTERNAL_USER_TYPE, { after: after ?? null, limit: PAGE }), nothing);
    if (page.rows.some((row) => row.id !== id && isAdministrator(row.doc))) return true;
    if (page.next === null) return false;
    after = page.next;
  }
}

function refusal(id: string): Failure {
  return new Failure(
    'conflict',
    `repo/internal/user/${id} is the last internal user with the role ${ADMINISTRATOR_ROLE}: give another one that role first`,
  );
}
