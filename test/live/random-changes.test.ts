import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { Failure } from '../../src/base/failure.ts';
import type { Repository } from '../../src/model/repository.ts';
import { idOf, system } from '../implicit/sync-project.ts';
import { intoUsers, openLiveProject, type LiveProject } from './live-project.ts';

/** What happens in the directory, and to us. */
type Step =
  | { readonly do: 'put'; readonly id: string }
  | { readonly do: 'remove'; readonly id: string }
  | { readonly do: 'rename'; readonly id: string; readonly to: string }
  | { readonly do: 'live'; readonly dieAt: number; readonly isAfter: boolean; readonly breaksAfter: number };

const ids = ['a', 'b', 'c', 'd'];
const id = fc.constantFrom(...ids);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('put' as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rename' as const), id, to: id }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('live' as const),
      dieAt: fc.integer({ min: 0, max: 12 }),
      isAfter: fc.boolean(),
      breaksAfter: fc.constantFrom(Infinity, Infinity, 0, 1, 2),
    }),
  },
);
const settings = fc.record({
  pageLimit: fc.constantFrom(1, 2, 3, 1000),
  isResumable: fc.boolean(),
  hidesObjects: fc.boolean(),
  maxRetries: fc.constantFrom(-1, 0, 3),
});

const correlated = {
  type: 'text/javascript',
  file: 'ui/correlateTreeToQueryFilter.js',
  expressionTree: { all: ['userName'] },
  linkQualifier: 'default',
};

function mappings(): readonly JsonObject[] {
  return [
    intoUsers({ correlationQuery: { ...correlated, mapping: 'hr_users' } }),
    {
      name: 'users_ldap',
      source: 'managed/user',
      target: 'system/ldap/account',
      properties: [
        { source: 'userName', target: 'name' },
        { source: 'mail', target: 'mail' },
      ],
      policies: [
        { situation: 'SOURCE_MISSING', action: 'DELETE' },
        { situation: 'MISSING', action: 'CREATE' },
        // A target that was deleted by a push whose answer we did not live to store.
        { situation: 'LINK_ONLY', action: 'UNLINK' },
      ],
    },
  ];
}

/** From the `dieAt`-th commit on nothing that we write has any effect, as if the process were gone. */
function dying({ lockstep }: LiveProject, dieAt: number, isAfter: boolean): () => void {
  const repository = lockstep.repository as { commit: Repository['commit'] };
  const original = repository.commit;
  let count = 0;
  repository.commit = async (batch) => {
    count++;
    if (dieAt === 0 || count < dieAt) return original(batch);
    if (count === dieAt && isAfter) await original(batch);
    throw new Failure('unreachable', 'the process is gone');
  };
  return () => {
    repository.commit = original;
  };
}

async function live(project: LiveProject): Promise<JsonObject | null> {
  try {
    return await project.live();
  } catch (error) {
    if (error instanceof Failure && error.code !== 'internal') return null;
    throw error;
  }
}

/** What the directory holds, by id: the names are given once and follow a rename. */
class Expected {
  readonly names = new Map<string, string>();
  #next = 1;

  async apply(project: LiveProject, one: Step): Promise<void> {
    if (one.do === 'put') {
      const name = this.names.get(one.id) ?? `n${this.#next}`;
      this.names.set(one.id, name);
      await project.hr.put(one.id, { name, mail: `m${this.#next++}` });
    } else if (one.do === 'remove' && this.names.delete(one.id)) await project.hr.remove(one.id);
    else if (one.do === 'rename' && this.names.has(one.id) && !this.names.has(one.to)) {
      this.names.set(one.to, this.names.get(one.id)!);
      this.names.delete(one.id);
      await project.hr.rename(one.id, one.to);
    } else if (one.do === 'live') {
      project.hr.breaksAfter = one.breaksAfter;
      const revive = dying(project, one.dieAt, one.isAfter);
      await live(project).finally(revive);
      project.hr.breaksAfter = Infinity;
    }
  }
}

async function atRest(project: LiveProject): Promise<JsonObject> {
  for (let i = 0; i < 30; i++) {
    await project.lockstep.changes.pushAll();
    const stage = await live(project);
    const token = stage === null ? null : (stage['connectorData'] as JsonObject)['syncToken'];
    if (stage !== null && stage['lastException'] === undefined && token === project.hr.last) return stage;
  }
  throw new Error(`never at rest: ${JSON.stringify(await live(project))}`);
}

describe('random changes, lost connections and deaths at any commit', () => {
  it('leave nothing for a reconciliation to do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), settings, async (steps, given) => {
        const { maxRetries, ...knobs } = given;
        const files = { 'conf/provisioner.openicf-ldap.json': system('ldap') };
        const hr = { syncFailureHandler: { maxRetries, postRetryAction: 'dead-letter-queue' } };
        await using project = await openLiveProject({ mappings: mappings(), files, hr });
        Object.assign(project.hr, knobs);
        // What is only known as it is now is told in one go: a page of its own cannot see what came later.
        if (given.hidesObjects) Object.assign(project.hr, { pageLimit: 1000, isResumable: true });
        await project.live();
        const expected = new Expected();
        for (const one of steps) await expected.apply(project, one);
        await atRest(project);
        const replayed = (await project.action('system/hr', 'replayDeadLetters')) as JsonObject;
        expect(replayed['failed']).toEqual([]);
        await project.lockstep.changes.pushAll();
        await project.drained();
        expect(Object.keys(await project.users()).toSorted()).toEqual([...expected.names.values()].toSorted());
        await nothingToDo(project, 'hr_users');
        await nothingToDo(project, 'users_ldap');
        const there = Object.values(await project.held('ldap')).map(({ name }) => name);
        expect(there.toSorted()).toEqual([...expected.names.values()].toSorted());
      }),
      { numRuns: 60 },
    );
  }, 240_000);
});

async function nothingToDo(project: LiveProject, mapping: string): Promise<void> {
  const answer = await project.action('recon', 'recon', { mapping, waitForCompletion: 'true' });
  const { state, situationSummary } = await project.read(`recon/${idOf(answer)}`);
  const found = Object.entries(situationSummary as JsonObject).filter(([, count]) => count !== 0);
  expect([state, found.map(([situation]) => situation).filter((one) => one !== 'CONFIRMED')]).toEqual(['SUCCESS', []]);
  const entries = await project.lockstep.repository.runs.entries(idOf(answer), { limit: 1000 });
  expect(entries).toEqual([]);
}
