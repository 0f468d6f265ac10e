import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { isStorableId } from '../model/object-set.ts';
import type { ObjectTypeSpec, Repository } from '../model/repository.ts';

/** Something stored that security looks at: a user, a token, the end of a session. `doc` has neither `_id` nor `_rev`. */
export interface Account {
  readonly id: string;
  readonly rev: number;
  readonly doc: JsonObject;
}

/**
 * Where accounts are kept. An id or value that cannot be stored is the same as one that is not there, and so is one of a
 * type that nobody declared.
 */
export interface Accounts {
  declare(types: readonly ObjectTypeSpec[]): Promise<void>;
  read(type: string, id: string): Promise<Account | null>;
  /** Those whose property has this value; for managed types an index makes it cheap. */
  find(type: string, property: string, value: string): Promise<readonly Account[]>;
  list(type: string): Promise<readonly Account[]>;
  count(type: string): Promise<number>;
  /** False: the id is taken. */
  create(type: string, id: string, doc: JsonObject): Promise<boolean>;
  /** False: it was changed or deleted meanwhile. */
  update(type: string, account: Account, doc: JsonObject): Promise<boolean>;
  delete(type: string, account: Account): Promise<boolean>;
}

const LISTED = 1000;

export function repositoryAccounts(repository: Repository): Accounts {
  const { objects } = repository;
  const commit = async (object: NonNullable<Parameters<Repository['commit']>[0]['units'][number]['object']>) => {
    const result = await repository.commit({ units: [{ object }] });
    if (result.ok) return true;
    const [conflict] = result.conflicts;
    if (conflict === undefined || ['exists', 'revision', 'not-found'].includes(conflict.code)) return false;
    throw new Failure(conflict.code, conflict.message);
  };
  return {
    declare: (types) => objects.declareTypes(types),
    read: async (type, id) => {
      const rows = isStorableId(id) ? await orNone(objects.readMany(type, [id])) : [];
      return rows[0] ?? null;
    },
    find: async (type, property, value) =>
      isStorableId(value) ? orNone(objects.findByValue(type, property, [value])) : [],
    list: async (type) => {
      const { rows, next } = await objects.page(type, { limit: LISTED });
      const all = [...rows];
      for (let after = next; after !== null;) {
        const page = await objects.page(type, { limit: LISTED, after });
        all.push(...page.rows);
        after = page.next;
      }
      return all;
    },
    count: (type) => objects.count(type),
    create: (type, id, doc) => commit({ kind: 'create', type, id, doc }),
    update: (type, { id, rev }, doc) => commit({ kind: 'update', type, id, rev, doc }),
    delete: (type, { id, rev }) => commit({ kind: 'delete', type, id, rev }),
  };
}

async function orNone(rows: Promise<readonly Account[]>): Promise<readonly Account[]> {
  try {
    return await rows;
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return [];
    throw error;
  }
}
