import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { openRunManager } from '../../src/app/run-manager.ts';
import { openEngine } from './engine.ts';
import { gated } from './gate.ts';
import { objects, showObjects } from './notation.ts';

const NAMES = ['a', 'b', 'c'];
const mapping = (name: string): JsonObject => ({
  name,
  source: `system/${name}/account`,
  target: 'managed/user',
  properties: [{ source: 'key', target: 'key' }],
});
const SPEC = {
  mappings: NAMES.map(mapping),
  memory: Object.fromEntries(NAMES.map((name) => [name, objects(`${name}1(key=${name}1) ${name}2(key=${name}2)`)])),
};

describe('runs in the background', () => {
  it('are answered at once, stored, and over in their own time', async () => {
    await using engine = await openEngine(SPEC);
    const gate = gated(engine.lockstep, (collection) => collection === 'system/a/account');
    const runs = openRunManager(gate.lockstep);
    const id = await runs.start({ kind: 'recon', mapping: 'a', overrides: {}, initiatedBy: 'ann' });
    expect(await engine.lockstep.repository.runs.read(id)).toMatchObject({ state: 'ACTIVE', mapping: 'a' });
    await gate.arrived(1);
    expect((await runs.read(id))!.record).toMatchObject({ state: 'ACTIVE', stage: 'ACTIVE_RECONCILING_SOURCE' });
    gate.open();
    const { record, progress } = await runs.wait(id);
    expect(record).toMatchObject({ id, state: 'SUCCESS', request: { initiatedBy: 'ann' } });
    expect(progress.counts.created).toBe(2);
    expect(await runs.read(id)).toMatchObject({ record: { state: 'SUCCESS' }, progress: { counts: { created: 2 } } });
    await runs.close();
  });

  it('go on one at a time for a mapping', async () => {
    await using engine = await openEngine(SPEC);
    const gate = gated(engine.lockstep, (collection) => collection === 'system/a/account');
    const runs = openRunManager(gate.lockstep);
    const starts = await Promise.allSettled(
      [1, 2, 3].map(() => runs.start({ kind: 'recon', mapping: 'a', overrides: {} })),
    );
    expect(starts.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect((starts[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'locked', status: 409 });
    gate.open();
    await runs.wait((starts[0] as PromiseFulfilledResult<string>).value);
    await runs.wait(await runs.start({ kind: 'recon', mapping: 'a', overrides: {} }));
    expect(await engine.lockstep.repository.runs.list({ limit: 10 })).toHaveLength(2);
    await runs.close();
  });

  it('wait for their turn when there are too many', async () => {
    await using engine = await openEngine(SPEC);
    const gate = gated(engine.lockstep, (collection) => collection.startsWith('system/'));
    const runs = openRunManager(gate.lockstep, { concurrency: 2 });
    const ids = [];
    for (const name of NAMES) ids.push(await runs.start({ kind: 'recon', mapping: name, overrides: {} }));
    await gate.arrived(2);
    expect(runs.activity()).toEqual({ running: 2, waiting: 1 });
    expect((await runs.read(ids[2]!))!.record.stage).toBe('ACTIVE_INITIALIZED');
    expect(gate.arrivals()).toBe(2);
    gate.open();
    for (const id of ids) expect((await runs.wait(id)).record.state).toBe('SUCCESS');
    expect(runs.activity()).toEqual({ running: 0, waiting: 0 });
    expect((await engine.objects('managed/user')).length).toBe(6);
    await runs.close();
  });

  it('are cancelled while they run and while they wait', async () => {
    await using engine = await openEngine(SPEC);
    const gate = gated(engine.lockstep, (collection) => collection === 'system/a/account');
    const runs = openRunManager(gate.lockstep, { concurrency: 1 });
    const running = await runs.start({ kind: 'recon', mapping: 'a', overrides: {} });
    const waiting = await runs.start({ kind: 'recon', mapping: 'b', overrides: {} });
    await gate.arrived(1);
    await runs.cancel(waiting);
    expect((await runs.wait(waiting)).record).toMatchObject({ state: 'CANCELED', stage: 'COMPLETED_CANCELED' });
    await runs.cancel(running);
    expect((await runs.read(running))!.record.stage).toMatch(/CANCEL/);
    expect((await runs.wait(running)).record.state).toBe('CANCELED');
    await runs.cancel(running);
    await expect(runs.cancel('none')).rejects.toMatchObject({ code: 'not-found' });
    expect(await engine.objects('managed/user')).toEqual([]);
    await runs.close();
  });

  it('that cannot begin end as failed', async () => {
    await using engine = await openEngine(SPEC);
    const broken = {
      ...engine.lockstep,
      objectSet: () => {
        throw new Error('no such place');
      },
    };
    const runs = openRunManager(broken);
    const id = await runs.start({ kind: 'recon', mapping: 'a', overrides: {} });
    expect((await runs.wait(id)).record).toMatchObject({ state: 'FAILED', progress: { error: 'no such place' } });
    expect(await engine.lockstep.repository.runs.read(id)).toMatchObject({
      state: 'FAILED',
      stage: 'COMPLETED_FAILED',
    });
    await runs.close();
  });

  it('take an unknown mapping and a bad query as mistakes of the caller', async () => {
    await using engine = await openEngine(SPEC);
    const runs = openRunManager(engine.lockstep);
    await expect(runs.start({ kind: 'recon', mapping: 'x', overrides: {} })).rejects.toThrow('No such mapping: x');
    const overrides = { sourceQuery: { _queryFilter: 'key ==' } };
    await expect(runs.start({ kind: 'recon', mapping: 'a', overrides })).rejects.toMatchObject({ code: 'bad-request' });
    expect(await engine.lockstep.repository.runs.list({ limit: 10 })).toEqual([]);
    await runs.close();
  });

  it('take mappings that are in no file', async () => {
    await using engine = await openEngine(SPEC);
    const runs = openRunManager(engine.lockstep);
    const inline = { ...engine.lockstep.mappingConfig('a'), name: 'inline' };
    const id = await runs.start({ kind: 'recon', mapping: inline, overrides: {} });
    expect((await runs.wait(id)).record).toMatchObject({ mapping: 'inline', state: 'SUCCESS' });
    await runs.close();
  });
});

describe('a process that stops', () => {
  it('leaves its runs at their checkpoint, and the next one takes them up', async () => {
    await using engine = await openEngine(SPEC);
    const gate = gated(engine.lockstep, (collection) => collection === 'system/a/account');
    const before = openRunManager(gate.lockstep, { concurrency: 1 });
    const running = await before.start({ kind: 'recon', mapping: 'a', overrides: { runTargetPhase: false } });
    const waiting = await before.start({ kind: 'recon', mapping: 'b', overrides: {} });
    await gate.arrived(1);
    await before.close();
    await expect(before.start({ kind: 'recon', mapping: 'c', overrides: {} })).rejects.toMatchObject({ status: 503 });
    const states = await engine.lockstep.repository.runs.list({ state: 'ACTIVE', limit: 10 });
    expect(states.map((record) => record.id).toSorted()).toEqual([running, waiting].toSorted());
    const after = openRunManager(engine.lockstep);
    expect((await after.resumeInterrupted()).toSorted()).toEqual([running, waiting].toSorted());
    for (const id of [running, waiting]) expect((await after.wait(id)).record.state).toBe('SUCCESS');
    expect(showObjects(await engine.objects('managed/user'))).toBe('new(key=a1) new(key=a2) new(key=b1) new(key=b2)');
    await after.close();
  });

  it('cancels them where nothing is resumed, and gives up what was left', async () => {
    await using engine = await openEngine({ ...SPEC, lockstep: { resume: { onCrash: 'fail' } } });
    const gate = gated(engine.lockstep, (collection) => collection === 'system/a/account');
    const runs = openRunManager(gate.lockstep);
    const id = await runs.start({ kind: 'recon', mapping: 'a', overrides: {} });
    await gate.arrived(1);
    await runs.close();
    const record = (await engine.lockstep.repository.runs.read(id))!;
    expect(record.state).toBe('CANCELED');
    const left = { ...record, id: engine.lockstep.newId(), state: 'ACTIVE', endedMs: null } as const;
    await engine.lockstep.repository.commit({ units: [], run: left });
    const after = openRunManager(engine.lockstep);
    expect(await after.resumeInterrupted()).toEqual([]);
    expect(await after.read(left.id)).toMatchObject({ record: { state: 'FAILED' } });
    await after.close();
  });

  it('stops an undo in the same way', async () => {
    await using engine = await openEngine(SPEC);
    const { result } = await engine.run('a');
    const left = openRunManager(engine.lockstep);
    const undo = await left.start({ kind: 'undo', runId: result.record.id });
    await left.close();
    const after = openRunManager(engine.lockstep);
    const resumed = await after.resumeInterrupted();
    for (const id of resumed) await after.wait(id);
    expect((await after.read(undo))!.record).toMatchObject({ kind: 'undo', state: 'SUCCESS' });
    expect(await engine.objects('managed/user')).toEqual([]);
    await expect(after.start({ kind: 'undo', runId: result.record.id })).rejects.toMatchObject({ status: 409 });
    await after.close();
  });
});
