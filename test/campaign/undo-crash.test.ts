import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import type { Lockstep } from '../../src/app/lockstep.ts';
import { undoRun } from '../../src/app/undo/undo.ts';
import {
  js,
  openEngine,
  readLinks,
  readObjects,
  TestClock,
  type Engine,
  type EngineSpec,
} from '../scenarios/engine.ts';
import { objects, showLinks, showObjects } from '../scenarios/notation.ts';
import { Death, mortal, type Moment } from './mortal.ts';

const TARGETS = objects('u(key=2,name=old) v(key=3) w(key=4,name=Dan) x(key=5,name=Eve)');

/** A run over it creates, updates, links, unlinks and deletes. */
function spec(target: string, more: Partial<EngineSpec>): EngineSpec {
  const mapping: JsonObject = {
    name: 'm',
    source: 'system/hr/account',
    target,
    correlateEmptyTargetSet: true,
    correlationQuery: {
      type: 'text/javascript',
      file: 'ui/correlateTreeToQueryFilter.js',
      mapping: 'm',
      expressionTree: { all: ['key'] },
    },
    properties: [
      { source: 'key', target: 'key' },
      { source: 'name', target: 'name' },
      ...(target.includes('dir') ? [{ source: '_id', target: 'uid', condition: js('!target || !target.uid') }] : []),
    ],
    policies: [
      { situation: 'SOURCE_MISSING', action: 'DELETE' },
      { situation: 'UNQUALIFIED', action: 'UNLINK' },
    ],
    sourceCondition: '!(/source/status eq "off")',
  };
  return {
    mappings: [mapping],
    links: { m: 'b-u d-w e-x' },
    ...more,
    memory: {
      hr: objects('a(key=1,name=Ann) b(key=2,name=Bob) c(key=3,name=Cid) e(key=5,status=off)'),
      ...more.memory,
    },
  };
}

const CASES: readonly { readonly target: string; readonly spec: EngineSpec; readonly moments: readonly Moment[] }[] = [
  { target: 'managed/user', spec: spec('managed/user', { managed: { user: TARGETS } }), moments: ['before', 'after'] },
  {
    target: 'system/mem/account',
    spec: spec('system/mem/account', { memory: { mem: TARGETS } }),
    moments: ['before', 'after', 'halfway'],
  },
  {
    target: 'system/dir/account',
    spec: spec('system/dir/account', { csv: { dir: TARGETS } }),
    moments: ['after', 'halfway'],
  },
];

describe('an undo whose process dies at any step, and is asked for again', () => {
  it.each(CASES)('restores what there was: $target', async ({ target, spec: world, moments }) => {
    const steps = await undoWithDeath(target, world, 0, 'after');
    expect(steps).toBeGreaterThan(5);
    for (const moment of moments)
      for (let step = 1; step <= steps; step++) await undoWithDeath(target, world, step, moment);
  });
});

async function undoWithDeath(target: string, world: EngineSpec, step: number, moment: Moment): Promise<number> {
  const clock = new TestClock();
  await using engine = await openEngine(world, clock);
  const before = await state(engine, target);
  const { result } = await engine.run('m');
  expect(result.progress.counts).toMatchObject({ created: 1, deleted: 1, failed: 0 });
  const first = mortal(engine.lockstep, step, moment);
  const undo = (lockstep: Lockstep): Promise<unknown> => undoRun(lockstep, result.record.id, { mode: 'live' });
  await undo(first.lockstep).catch((error: unknown) => {
    if (!(error instanceof Death)) throw error;
  });
  clock.advance(60_000);
  await undo(engine.lockstep).catch((error: unknown) => {
    if (!String(error).includes('was undone already')) throw error;
  });
  expect(await state(engine, target), `died ${moment} step ${step}`).toBe(before);
  return first.steps();
}

async function state({ lockstep }: Engine, target: string): Promise<string> {
  return `${showObjects(await readObjects(lockstep, target))} | ${showLinks(await readLinks(lockstep, 'm'))}`;
}
