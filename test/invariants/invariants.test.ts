import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/failure.ts';
import type { ScanRequest } from '../../src/model/object-set.ts';
import type { RunEntry } from '../../src/model/run.ts';
import { approve, heldRuns } from '../../src/app/held.ts';
import type { Lockstep } from '../../src/app/lockstep.ts';
import { startRun } from '../../src/app/runs.ts';
import { doCountsAddUp, fromJson } from '../../src/recon/progress.ts';
import { openEngine, type Engine, type Outcome } from '../scenarios/engine.ts';
import { shortId } from '../scenarios/notation.ts';
import { content, contents, replay, snapshot, undo } from './snapshot.ts';
import { randomWorld, specOf, TARGET_PATHS, type RandomWorld } from './world.arbitrary.ts';

/** `LOCKSTEP_CASES=20` makes twenty times as many. */
const FACTOR = Number(process.env['LOCKSTEP_CASES'] ?? '1');
const SEED = process.env['LOCKSTEP_SEED'];
const settings = (cases: number): fc.Parameters<unknown> => ({
  numRuns: Math.ceil(cases * FACTOR),
  endOnFailure: false,
  ...(SEED === undefined ? {} : { seed: Number(SEED) }),
});
const TIMEOUT = 120_000 * Math.max(1, FACTOR);

const QUICK = randomWorld(['managed', 'managed', 'memory']);
const FILES = randomWorld(['csv']);

describe('in any world', () => {
  it(
    'a plan tells what the run then does, the run tells what it did, and a second run changes nothing',
    () => fc.assert(fc.asyncProperty(QUICK, holds), settings(500)),
    TIMEOUT,
  );
  it('the same with a file as the target', () => fc.assert(fc.asyncProperty(FILES, holds), settings(120)), TIMEOUT);
  it(
    'the order of the source objects does not change the end state',
    () => fc.assert(fc.asyncProperty(QUICK, fc.infiniteStream(fc.nat()), isOrderFree), settings(250)),
    TIMEOUT,
  );
  it(
    'the order does not change it either where several sources claim one target',
    () =>
      fc.assert(
        fc.asyncProperty(QUICK, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 3 }), isOrderFreeWithRivals),
        settings(200),
      ),
    TIMEOUT,
  );
  it(
    'a source read that fails deletes nothing',
    () => fc.assert(fc.asyncProperty(QUICK, fc.nat(3), failedReadDeletesNothing), settings(150)),
    TIMEOUT,
  );
  it(
    'approving what was held ends where a run without a guard ends',
    () => fc.assert(fc.asyncProperty(QUICK, approvalCatchesUp), settings(150)),
    TIMEOUT,
  );
});

async function holds(world: RandomWorld): Promise<void> {
  await using engine = await openEngine(specOf(world));
  const target = TARGET_PATHS[world.target];
  const before = await snapshot(engine, target);

  const planned = await engine.plan('m', { logUnchanged: true });
  expect(await snapshot(engine, target), 'a plan writes nothing').toEqual(before);
  expect(await engine.lockstep.repository.runs.list({ limit: 10 }), 'a plan leaves no run').toEqual([]);

  const done = await engine.run('m', { logUnchanged: true });
  const after = await snapshot(engine, target);
  expect(planned.entries.map(decision).sort(), 'the plan is the run').toEqual(done.entries.map(decision).sort());
  expect(planned.result.progress.counts).toEqual(done.result.progress.counts);
  isSound(world, done);
  expect(sorted(replay(before, after, done.entries)), 'every write has its entry').toEqual(sorted(contents(after)));
  expect(sorted(undo(after, done.entries)), 'before-images undo it').toEqual(sorted(contents(before)));
  await hasUniqueLinks(engine);

  const again = await engine.run('m', { logUnchanged: true });
  expect(await snapshot(engine, target), 'a second run changes nothing').toEqual(after);
  isSound(world, again);
  expect(
    again.entries.filter((entry) => entry.changeClass !== 'none' && entry.status === 'done'),
    'a second run has nothing to do',
  ).toEqual([]);
}

function decision(entry: RunEntry): string {
  const { sourceId, targetId, linkQualifier, phase, situation, action, changeClass, after, before } = entry;
  const target = targetId === null || changeClass === 'create' ? '' : shortId(targetId);
  const written = changeClass === 'create' ? '' : JSON.stringify([after, before]).replaceAll(/"_rev":"\d+"/g, '');
  return `${phase} ${sourceId ?? ''}:${linkQualifier} > ${target} ${situation} ${action} ${changeClass} ${entry.status === 'failed' ? 'failed' : ''} ${written}`;
}

function isSound(world: RandomWorld, { result, entries }: Outcome): void {
  expect(result.progress.error).toBeNull();
  expect(result.record.state).toBe('SUCCESS');
  expect(result.progress.warnings.filter((warning) => !warning.startsWith('Cannot perform'))).toEqual([]);
  expect(doCountsAddUp(result.progress)).toBe(true);
  const refusals = entries.filter((entry) => entry.status === 'failed').map((entry) => entry.message);
  expect(world.target === 'csv' ? refusals.filter((message) => !message!.includes('exists')) : refusals).toEqual([]);
  expect(entries.filter((entry) => ['planned', 'applying'].includes(entry.status))).toEqual([]);
  const visits = Map.groupBy(
    entries,
    (entry) =>
      `${entry.phase} ${entry.phase === 'source' ? entry.sourceId : `${entry.sourceId}-${entry.targetId}`} ${entry.linkQualifier}`,
  );
  expect(
    [...visits].filter(([, list]) => list.length > 1).map(([visit]) => visit),
    'each object is visited once',
  ).toEqual([]);
  const isSilent = Object.values(world.policies).some((action) => action === 'NOREPORT' || action === 'ASYNC');
  if (!isSilent) expect(entries.length, 'each count has its entry').toBe(result.progress.entries);
}

function sorted(objects: ReadonlyMap<string, string>): readonly string[] {
  return [...objects].map(([id, text]) => `${id} ${text}`).sort();
}

async function hasUniqueLinks(engine: Engine): Promise<void> {
  const links = await engine.links('m');
  for (const end of ['firstId', 'secondId'] as const) {
    const ends = links.map((link) => `${link.linkQualifier} ${link[end]}`);
    expect(new Set(ends).size).toBe(ends.length);
  }
}

async function isOrderFree(world: RandomWorld, order: fc.Stream<number>): Promise<void> {
  const ranks = [...order.take(world.sources.length)];
  const shuffled = world.sources
    .map((source, i) => ({ source, rank: ranks[i]! }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ source }) => source);
  const [one, other] = await Promise.all([endOf(world), endOf({ ...world, sources: shuffled })]);
  expect(other).toEqual(one);
}

/** Several sources have one key; all are valid, so that each of them claims the target. */
async function isOrderFreeWithRivals(world: RandomWorld, order: fc.Stream<number>, keys: number): Promise<void> {
  const sources = world.sources.map((source, i) => ({ ...source, key: `k${i % keys}`, status: 'on' }));
  const { policies, options } = world;
  const tree = {
    type: 'text/javascript',
    file: 'ui/correlateTreeToQueryFilter.js',
    mapping: 'm',
    expressionTree: { all: ['key'] },
  };
  const rivals: RandomWorld = {
    ...world,
    sources,
    targets: world.targets.map((target, i) => ({ ...target, key: `k${i}` })),
    links: '',
    options: {
      ...options,
      enableLinking: true,
      correlateEmptyTargetSet: true,
      linkQualifiers: ['default'],
      correlationQuery: tree,
    },
    policies: { ...policies, FOUND: 'UPDATE', ABSENT: 'CREATE', FOUND_ALREADY_LINKED: 'EXCEPTION' },
  };
  await isOrderFree(rivals, order);
}

async function endOf(world: RandomWorld): Promise<unknown> {
  await using engine = await openEngine(specOf(world));
  const { result } = await engine.run('m');
  return {
    ...content(await snapshot(engine, TARGET_PATHS[world.target])),
    counts: result.progress.counts,
    situations: result.progress.situations,
  };
}

async function failedReadDeletesNothing(world: RandomWorld, pages: number): Promise<void> {
  await using engine = await openEngine(specOf({ ...world, guard: { enabled: false } }));
  const target = TARGET_PATHS[world.target];
  const before = await snapshot(engine, target);
  const result = await startRun(breaking(engine.lockstep, pages), engine.lockstep.mappingConfig('m'), {
    overrides: {},
  });
  const after = await snapshot(engine, target);
  expect(result.record.state).toBe('FAILED');
  expect([...before.objects.keys()].filter((id) => !after.objects.has(id))).toEqual([]);
  const linkIds = new Set(after.links.map((link) => (JSON.parse(link) as { id: string }).id));
  expect(before.links.map((link) => (JSON.parse(link) as { id: string }).id).filter((id) => !linkIds.has(id))).toEqual(
    [],
  );
  expect(await heldRuns(engine.lockstep)).toEqual([]);
}

/** The source's connection breaks after some pages. */
function breaking(lockstep: Lockstep, pages: number): Lockstep {
  const objectSet: Lockstep['objectSet'] = (collection, over) => {
    const set = lockstep.objectSet(collection, over);
    if (collection !== 'system/hr/account') return set;
    const scan = async function* (request: ScanRequest): ReturnType<typeof set.scan> {
      let left = pages;
      for await (const page of set.scan(request)) {
        if (left-- === 0 || page.isLast) throw new Failure('incomplete-read', 'the connection broke');
        yield page;
      }
    };
    const { path, traits } = set;
    return {
      path,
      traits,
      scan,
      readMany: (ids) => set.readMany(ids),
      query: (queries) => set.query(queries),
      write: (writes) => set.write(writes),
      preferredWriteCount: () => 1,
      close: async () => {},
    };
  };
  return { ...lockstep, objectSet };
}

async function approvalCatchesUp(world: RandomWorld): Promise<void> {
  const free = (await endOf({ ...world, guard: { enabled: false } })) as { objects: unknown; links: unknown };
  await using engine = await openEngine(specOf({ ...world, guard: { enabled: true, maxDeletes: 0, maxUnlinks: 0 } }));
  await engine.run('m');
  for (const held of await heldRuns(engine.lockstep)) {
    const carried = await approve(engine.lockstep, held, null);
    expect(carried.filter((one) => one.status !== 'done')).toEqual([]);
    const record = await engine.lockstep.repository.runs.read(held.record.id);
    expect(fromJson(record!.progress).counts.held).toBe(0);
    expect(doCountsAddUp(fromJson(record!.progress))).toBe(true);
  }
  const end = content(await snapshot(engine, TARGET_PATHS[world.target]));
  expect(end).toEqual({ objects: free.objects, links: free.links });
}
