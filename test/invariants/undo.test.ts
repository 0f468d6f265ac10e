import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { undoRun } from '../../src/app/undo/undo.ts';
import { openEngine } from '../scenarios/engine.ts';
import { contentOf, snapshot } from './snapshot.ts';
import { randomWorld, specOf, TARGET_PATHS, type RandomWorld } from './world.arbitrary.ts';

const FACTOR = Number(process.env['LOCKSTEP_CASES'] ?? '1');
const settings = (cases: number): fc.Parameters<unknown> => ({ numRuns: Math.ceil(cases * FACTOR) });
const TIMEOUT = 120_000 * Math.max(1, FACTOR);

describe('in any world', () => {
  it(
    'an undo restores objects, ids and links',
    () => fc.assert(fc.asyncProperty(randomWorld(['managed', 'memory']), isRestored), settings(150)),
    TIMEOUT,
  );
  it(
    'the same when it is interrupted anywhere and asked for again',
    () => fc.assert(fc.asyncProperty(randomWorld(['managed', 'memory']), fc.nat(6), isRestoredInSteps), settings(100)),
    TIMEOUT,
  );
  it(
    'the same with a file as the target',
    () => fc.assert(fc.asyncProperty(randomWorld(['csv']), isRestored), settings(40)),
    TIMEOUT,
  );
});

const UNLIMITED = { guard: { isEnabled: false } };

function isRestored(world: RandomWorld): Promise<void> {
  return restores(world, [Number.POSITIVE_INFINITY]);
}

function isRestoredInSteps(world: RandomWorld, entries: number): Promise<void> {
  return restores(world, [entries, entries + 1, Number.POSITIVE_INFINITY]);
}

async function restores(world: RandomWorld, interruptedAfter: readonly number[]): Promise<void> {
  await using engine = await openEngine(specOf(world));
  const target = TARGET_PATHS[world.target];
  const before = await snapshot(engine, target);
  const { result } = await engine.run('m');
  for (const limit of interruptedAfter) {
    const abort = new AbortController();
    let seen = 0;
    const onEntry = (): void => void (++seen > limit && abort.abort());
    const options = { mode: 'live', overrides: UNLIMITED, signal: abort.signal, onEntry } as const;
    const undone = await undoRun(engine.lockstep, result.record.id, options);
    if (undone.record.state === 'SUCCESS') break;
  }
  const after = await snapshot(engine, target);
  expect(objectsOf(after)).toEqual(objectsOf(before));
  expect(linksOf(after)).toEqual(linksOf(before));
}

function objectsOf({ objects }: Awaited<ReturnType<typeof snapshot>>): readonly string[] {
  return [...objects].map(([id, object]) => `${id} ${contentOf(object)}`).toSorted();
}

/** A link whose target was gone before the run is not pointed there again. */
function linksOf({ objects, links }: Awaited<ReturnType<typeof snapshot>>): readonly string[] {
  return links
    .map((link) => JSON.parse(link) as Record<string, string>)
    .filter(({ secondId }) => objects.has(secondId!))
    .map(({ firstId, secondId, linkQualifier }) => `${firstId} ${linkQualifier} ${secondId}`)
    .toSorted();
}
