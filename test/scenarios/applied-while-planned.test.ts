import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import type { CommitBatch, Repository } from '../../src/model/repository.ts';
import { BY_KEY, js, openEngine, type Engine } from './engine.ts';
import { objects, showEntry, showObjects } from './notation.ts';

/** In batches of one object each; `a` and `c` have the same key, and so have `b` and `d`. */
const SOURCES = objects('a(key=1,name=A) b(key=2,name=B) c(key=1,name=C) d(key=2,name=D)');

const open = (change: JsonObject, sources = SOURCES, more: JsonObject = {}): Promise<Engine> =>
  openEngine({
    mappings: [{ ...BY_KEY, ...change }],
    memory: { hr: sources },
    managed: { user: [] },
    lockstep: { batchSize: 1 },
    files: more,
  });

/** The first commit that creates an object waits until it is let go; `asked` tells what was looked up until then. */
function holdFirstCreate(engine: Engine): {
  readonly held: Promise<void>;
  readonly letGo: () => void;
  readonly asked: string[];
} {
  const { repository } = engine.lockstep;
  const commit = repository.commit.bind(repository);
  const { objects: reads } = repository;
  const findByValue = reads.findByValue.bind(reads);
  const [held, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const asked: string[] = [];
  let isFirst = true;
  const changed: Partial<Repository> = {
    commit: async (batch: CommitBatch) => {
      if (isFirst && batch.units.some(({ object }) => object?.kind === 'create')) {
        isFirst = false;
        held.resolve();
        await gate.promise;
      }
      return commit(batch);
    },
  };
  Object.assign(repository, changed);
  Object.assign(reads, {
    findByValue: (type: string, attribute: string, values: readonly string[]) => {
      asked.push(...values);
      return findByValue(type, attribute, values);
    },
  });
  return { held: held.promise, letGo: () => gate.resolve(), asked };
}

/** Long enough for everything that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 200; i++) await nextTurn();
}

async function lookedUpMeanwhile(engine: Engine): Promise<readonly string[]> {
  const { held, letGo, asked } = holdFirstCreate(engine);
  const running = engine.run('m');
  await held;
  await settle();
  const before = [...asked];
  letGo();
  await running;
  return before;
}

describe('while a batch is applied', () => {
  it('the next one is planned', async () => {
    await using engine = await open({});
    expect(await lookedUpMeanwhile(engine)).toEqual(['1', '2']);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['a script of the mapping may look at what is written', { validSource: js('typeof openidm === "object"') }, {}],
    [
      'hooks of the managed type may',
      {},
      { 'conf/managed.json': { objects: [{ name: 'user', onCreate: js('object.note = "seen"') }] } },
    ],
  ])('nothing is planned where %s', async (_, change, files) => {
    await using engine = await open(change, SOURCES, files);
    expect(await lookedUpMeanwhile(engine)).toEqual(['1']);
  });

  it('an object that meets what is being applied waits, and sees it', async () => {
    await using engine = await open({}, objects('a(key=1,name=A) c(key=1,name=C)'));
    const { held, letGo, asked } = holdFirstCreate(engine);
    const running = engine.run('m');
    await held;
    await settle();
    letGo();
    const { entries } = await running;
    expect(asked).toEqual(['1', '1', '1']);
    expect(entries.map(showEntry)).toEqual(['a>new ABSENT CREATE done', 'c>new FOUND_ALREADY_LINKED EXCEPTION done']);
    expect(showObjects(await engine.objects('managed/user'))).toBe('new(key=1,name=A)');
  });

  it('a commit that fails ends the run, and nothing of the next batch is written', async () => {
    await using engine = await open({});
    const { repository } = engine.lockstep;
    const commit = repository.commit.bind(repository);
    let creates = 0;
    const failing: Partial<Repository> = {
      commit: async (batch) => {
        if (batch.units.some(({ object }) => object?.kind === 'create') && ++creates === 2) {
          await settle();
          throw new Error('the disk is full');
        }
        return commit(batch);
      },
    };
    Object.assign(repository, failing);
    const { result } = await engine.run('m');
    expect(result.record.state).toBe('FAILED');
    expect(result.progress.error).toContain('the disk is full');
    expect(showObjects(await engine.objects('managed/user'))).toBe('new(key=1,name=A)');
    expect(result.progress.counts).toMatchObject({ created: 1 });
  });
});
