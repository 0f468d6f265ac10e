import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import type { RunOverrides } from '../../src/app/run-request.ts';
import { startRun } from '../../src/app/runs.ts';
import type { RunEntry, RunRecord } from '../../src/model/run.ts';
import { doCountsAddUp, fromJson } from '../../src/recon/progress.ts';
import { openEngine, readObjects, TestClock, type Engine, type EngineSpec } from '../scenarios/engine.ts';
import { objects } from '../scenarios/notation.ts';
import { Death, mortal, type Moment } from './mortal.ts';

/** A world before a run, and what to do to it first. */
interface Case {
  readonly is: string;
  readonly spec: EngineSpec;
  readonly target: string;
  readonly hasChange: boolean;
  /** External writes may stop halfway. */
  readonly moments: readonly Moment[];
}

const SOURCES = objects(
  'a(key=1,name=Ann) b(key=2,name=Bob) c(key=3,name=Cid) d(key=4,name=Dee) e(key=5,name=Eve) f(key=6,name=Flo,status=off) g(key=7,name=Gus) h(key=8,name=Hal)',
);
const TARGETS = objects('2(key=2,name=Bob) 4(key=4,name=Old) 90(key=90,name=Nobody) 91(key=91,name=Nobody)');
const TREE: JsonObject = {
  correlationQuery: {
    type: 'text/javascript',
    file: 'ui/correlateTreeToQueryFilter.js',
    mapping: 'm',
    expressionTree: { all: ['key'] },
  },
};

function mapping(target: string, more: JsonObject): JsonObject {
  return {
    name: 'm',
    source: 'system/hr/account',
    target,
    sourceCondition: '/source/status eq "on" or !(/source/status pr)',
    properties: [
      { source: 'key', target: 'key' },
      { source: 'name', target: 'name' },
    ],
    policies: [
      { situation: 'SOURCE_MISSING', action: 'DELETE' },
      { situation: 'UNASSIGNED', action: 'DELETE' },
    ],
    ...more,
  };
}

const UID: JsonObject = {
  properties: [
    { source: 'key', target: 'uid' },
    { source: 'key', target: 'key' },
    { source: 'name', target: 'name' },
  ],
};

const WORLDS: readonly Omit<Case, 'hasChange' | 'is'>[] = [
  {
    target: 'managed/user',
    spec: {
      mappings: [mapping('managed/user', TREE)],
      memory: { hr: SOURCES },
      managed: { user: TARGETS },
      links: { m: 'x-y' },
    },
    moments: ['before', 'after'],
  },
  {
    target: 'managed/user',
    spec: { mappings: [mapping('managed/user', {})], memory: { hr: SOURCES }, managed: { user: [] } },
    moments: ['before', 'after'],
  },
  {
    target: 'system/dir/account',
    spec: {
      mappings: [mapping('system/dir/account', { ...TREE, ...UID })],
      memory: { hr: SOURCES },
      csv: { dir: TARGETS },
      links: { m: 'x-y' },
    },
    moments: ['before', 'after', 'halfway'],
  },
  {
    target: 'system/dir/account',
    spec: { mappings: [mapping('system/dir/account', UID)], memory: { hr: SOURCES }, csv: { dir: [] } },
    moments: ['before', 'after', 'halfway'],
  },
  {
    target: 'system/mem/account',
    spec: { mappings: [mapping('system/mem/account', {})], memory: { hr: SOURCES, mem: [] } },
    moments: ['before', 'after', 'halfway'],
  },
];

const CASES: readonly Case[] = WORLDS.flatMap((world) => {
  const text = `${world.target}, ${world.spec.mappings[0]!['correlationQuery'] === undefined ? 'no correlation' : 'correlation'}`;
  return [false, true].map((hasChange): Case => ({
    ...world,
    hasChange,
    is: `${hasChange ? 'changing run' : 'first load'}, ${text}`,
  }));
});

describe('a process that dies at any step, and a new one', () => {
  it.each(CASES)('end where an undisturbed run ends: $is', async (one) => {
    const undisturbed = await carryOut(one, 0, 'after');
    expect(undisturbed.steps).toBeGreaterThan(3);
    for (const moment of one.moments)
      for (let step = 1; step <= undisturbed.steps; step++) {
        const disturbed = await carryOut(one, step, moment);
        const where = `died ${moment} step ${step} of ${undisturbed.steps}`;
        expect(disturbed.objects, where).toEqual(undisturbed.objects);
        expect(disturbed.links, where).toEqual(undisturbed.links);
        expect(disturbed.entries, where).toEqual(undisturbed.entries);
        expect(disturbed.counts, where).toEqual(undisturbed.counts);
        expect(disturbed.faults, where).toEqual([]);
      }
  });
});

describe('an interrupted run that is given up', () => {
  const external = CASES.filter(
    (one) => one.target !== 'managed/user' && one.moments.includes('after') && !one.hasChange,
  );

  it.each(external)('has its external writes linked before the next one starts: $is', async (one) => {
    const undisturbed = await carryOut(one, 0, 'after');
    for (let step = 1; step <= undisturbed.steps; step++) {
      const disturbed = await carryOut(one, step, 'after', { logUnchanged: true });
      expect(disturbed.objects, `died after step ${step}`).toEqual(undisturbed.objects);
      expect(disturbed.links, `died after step ${step}`).toEqual(undisturbed.links);
      expect(disturbed.faults, `died after step ${step}`).toEqual([]);
    }
  });
});

interface End {
  readonly steps: number;
  readonly objects: readonly string[];
  readonly links: readonly string[];
  readonly entries: readonly string[];
  readonly counts: unknown;
  readonly faults: readonly string[];
}

async function carryOut(one: Case, step: number, moment: Moment, overrides: RunOverrides = {}): Promise<End> {
  const clock = new TestClock();
  await using engine = await openEngine(one.spec, clock);
  const config = engine.lockstep.mappingConfig('m');
  if (one.hasChange) {
    await engine.run('m');
    await change(engine);
  }
  const first = mortal(engine.lockstep, step, moment);
  try {
    await startRun(first.lockstep, config, { overrides: {} });
  } catch (error) {
    if (!(error instanceof Death)) throw error;
  }
  const before = (await engine.lockstep.repository.runs.list({ mapping: 'm', limit: 10 }))[0];
  const isOver =
    before !== undefined && before.state !== 'ACTIVE' && (!one.hasChange || before.id !== (await oldest(engine)).id);
  if (!isOver) {
    clock.advance(60_000);
    await startRun(engine.lockstep, config, { overrides });
  }
  return await describeEnd(engine, one, first.steps());
}

async function oldest(engine: Engine): Promise<RunRecord> {
  return (await engine.lockstep.repository.runs.list({ mapping: 'm', limit: 100 })).at(-1)!;
}

/** Two updates, two that go, two that come, one that becomes invalid. */
async function change({ lockstep }: Engine): Promise<void> {
  const outcomes = await lockstep.objectSet('system/hr/account', lockstep.repository).write([
    { kind: 'update', id: 'a', rev: null, object: { key: '1', name: 'Anna' }, changed: ['name'] },
    { kind: 'update', id: 'g', rev: null, object: { key: '7' }, changed: ['name'] },
    { kind: 'delete', id: 'b', rev: null },
    { kind: 'delete', id: 'h', rev: null },
    { kind: 'update', id: 'c', rev: null, object: { key: '3', name: 'Cid', status: 'off' }, changed: ['status'] },
    { kind: 'create', id: 'i', object: { key: '9', name: 'Ida' } },
    { kind: 'create', id: 'j', object: { key: '10', name: 'Jon' } },
  ]);
  expect(outcomes.filter((outcome) => !outcome.ok)).toEqual([]);
}

async function describeEnd(engine: Engine, one: Case, steps: number): Promise<End> {
  const list = await readObjects(engine.lockstep, one.target);
  const content = new Map(list.map((object) => [String(object['_id']), contentOf(object)]));
  const [run] = await engine.lockstep.repository.runs.list({ mapping: 'm', limit: 1 });
  const progress = fromJson(run!.progress);
  const entries = await engine.lockstep.repository.runs.entries(run!.id, { limit: 10_000 });
  const faults = [...progress.warnings, ...(doCountsAddUp(progress) ? [] : ['the counts do not add up'])];
  if (run!.state !== 'SUCCESS') faults.push(`${run!.state}: ${progress.error}`);
  return {
    steps,
    objects: [...content.values()].sort(),
    links: (await engine.links('m'))
      .map((link) => `${link.firstId} → ${content.get(link.secondId) ?? 'nothing'}`)
      .sort(),
    entries: entries
      .filter((entry) => entry.status !== 'skipped')
      .map(entryText)
      .sort(),
    counts: {
      counts: progress.counts,
      situations: progress.situations,
      entries: progress.entries,
      created: progress.targetsCreated,
      linksCreated: progress.linksCreated,
      linksRemoved: progress.linksRemoved,
      success: progress.success,
      failure: progress.failure,
      seen: progress.source,
      targets: progress.target.total,
    },
    faults,
  };
}

function contentOf({ _id, _rev, ...rest }: JsonObject): string {
  return JSON.stringify(
    Object.entries(rest)
      .filter(([, value]) => value !== null)
      .sort(),
  );
}

function entryText(entry: RunEntry): string {
  return `${entry.sourceId ?? ''} ${entry.situation} ${entry.action} ${entry.changeClass} ${entry.status} ${entry.message ?? ''}`;
}
