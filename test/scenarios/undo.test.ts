import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { approve, findHeldRun, reject } from '../../src/app/held.ts';
import { undoIdOf } from '../../src/app/undo/undo-id.ts';
import { undoRun } from '../../src/app/undo/undo.ts';
import type { RunEntry } from '../../src/model/run.ts';
import type { ReconResult } from '../../src/recon/recon.ts';
import { BY_KEY, js, openEngine, type Engine } from './engine.ts';
import { objects, showEntry, showLinks, showObjects } from './notation.ts';

const BASE: JsonObject = {
  ...BY_KEY,
  policies: [
    { situation: 'SOURCE_MISSING', action: 'DELETE' },
    { situation: 'UNQUALIFIED', action: 'UNLINK' },
  ],
  validSource: js("source.status !== 'off'"),
};

/** One of each: create a, update b, link and update c, delete d's target, unlink e. */
const WORLD = {
  mappings: [BASE],
  memory: { hr: objects('a(key=1,name=Ann) b(key=2,name=Bob) c(key=3,name=Cid) e(key=5,status=off)') },
  managed: { user: objects('u(key=2,name=old) v(key=3) w(key=4,name=Dan) x(key=5,name=Eve)') },
  links: { m: 'b-u d-w e-x' },
};

async function undo(engine: Engine, runId: string): Promise<{ result: ReconResult; entries: readonly RunEntry[] }> {
  const result = await undoRun(engine.lockstep, runId, { mode: 'live' });
  return { result, entries: await engine.lockstep.repository.runs.entries(result.record.id, { limit: 1000 }) };
}

async function state(engine: Engine, target = 'managed/user'): Promise<string> {
  return `${showObjects(await engine.objects(target))} | ${showLinks(await engine.links('m'))}`;
}

async function writeUser(engine: Engine, id: string, object: JsonObject): Promise<void> {
  const users = engine.lockstep.objectSet('managed/user', engine.lockstep.repository);
  const [outcome] = await users.write([{ kind: 'update', id, rev: null, object, changed: Object.keys(object) }]);
  expect(outcome).toMatchObject({ ok: true });
}

describe('the undo of a run', () => {
  it('takes back creates, updates, links, unlinks and deletes', async () => {
    await using engine = await openEngine(WORLD);
    const before = await state(engine);
    const { result } = await engine.run('m');
    expect(await state(engine)).toBe(
      'new(key=1,name=Ann) u(key=2,name=Bob) v(key=3,name=Cid) x(key=5,name=Eve) | a-new b-u c-v',
    );
    const undone = await undo(engine, result.record.id);
    expect(await state(engine)).toBe(before);
    expect(undone.result.record).toMatchObject({
      kind: 'undo',
      state: 'SUCCESS',
      request: { undoes: result.record.id },
    });
    expect(undone.result.progress.counts).toMatchObject({ created: 1, deleted: 1, updated: 4, failed: 0, held: 0 });
    expect(undone.result.progress.warnings).toEqual([]);
    expect(undone.entries.every((entry) => entry.status === 'done')).toBe(true);
  });

  it('is planned with the same entries, and then nothing is written', async () => {
    await using engine = await openEngine(WORLD);
    const { result } = await engine.run('m');
    const after = await state(engine);
    const runs = await engine.lockstep.repository.runs.list({ limit: 100 });
    const planned: RunEntry[] = [];
    await undoRun(engine.lockstep, result.record.id, { mode: 'plan', onEntry: (entry) => planned.push(entry) });
    expect(await state(engine)).toBe(after);
    expect(await engine.lockstep.repository.runs.list({ limit: 100 })).toEqual(runs);
    const { entries } = await undo(engine, result.record.id);
    expect(planned.map(showEntry).toSorted()).toEqual(entries.map(showEntry).toSorted());
    expect(planned).toHaveLength(6);
  });

  it('leaves alone what was changed since, and takes back the rest', async () => {
    await using engine = await openEngine(WORLD);
    const { result } = await engine.run('m');
    await writeUser(engine, 'u', { key: '2', name: 'Robert' });
    const { entries, result: undone } = await undo(engine, result.record.id);
    expect(await state(engine)).toBe('u(key=2,name=Robert) v(key=3) w(key=4,name=Dan) x(key=5,name=Eve) | b-u d-w e-x');
    const refused = entries.filter((entry) => entry.status === 'skipped');
    expect(refused.map((entry) => [entry.targetId, entry.message])).toEqual([
      ['u', 'left alone: it has changed since (revision 2, not 1)'],
    ]);
    expect(undone.progress.counts.ignored).toBe(1);
  });

  it('leaves alone a created object that was changed since, and its link', async () => {
    await using engine = await openEngine({
      ...WORLD,
      managed: { user: [] },
      links: {},
      memory: { hr: objects('a(key=1)') },
    });
    const { result } = await engine.run('m');
    const [user] = await engine.objects('managed/user');
    await writeUser(engine, String(user!['_id']), { key: '1', phone: '5' });
    await undo(engine, result.record.id);
    expect(await state(engine)).toBe('new(key=1,phone=5) | a-new');
  });

  it('does not make an object anew whose id is taken again', async () => {
    await using engine = await openEngine(WORLD);
    const { result } = await engine.run('m');
    const users = engine.lockstep.objectSet('managed/user', engine.lockstep.repository);
    await users.write([{ kind: 'create', id: 'w', object: { key: 'other' } }]);
    const { entries } = await undo(engine, result.record.id);
    expect(entries.filter((entry) => entry.status === 'skipped').map((entry) => entry.message)).toEqual([
      'left alone: there is an object with this id again',
    ]);
    expect(await state(engine)).toBe('u(key=2,name=old) v(key=3) w(key=other) x(key=5,name=Eve) | b-u e-x');
  });

  it('happens once', async () => {
    await using engine = await openEngine(WORLD);
    const { result } = await engine.run('m');
    await undo(engine, result.record.id);
    const before = await state(engine);
    await expect(undo(engine, result.record.id)).rejects.toThrow(
      `run ${result.record.id} was undone already, by ${undoIdOf(result.record.id)}`,
    );
    await expect(undo(engine, undoIdOf(result.record.id))).rejects.toThrow('is an undo itself');
    await expect(undo(engine, 'nothing')).rejects.toThrow('Reconciliation with id nothing not found.');
    expect(await state(engine)).toBe(before);
  });

  it('turns down what the run still holds', async () => {
    await using engine = await openEngine({ ...WORLD, lockstep: { guard: { maxDeletes: 0, maxUnlinks: 10 } } });
    const { result } = await engine.run('m');
    expect(result.progress.counts.held).toBe(1);
    await undoRun(engine.lockstep, result.record.id, { mode: 'live', overrides: { guard: { isEnabled: false } } });
    expect(await engine.lockstep.repository.runs.countEntries(result.record.id, 'held')).toBe(0);
    expect(await state(engine)).toBe('u(key=2,name=old) v(key=3) w(key=4,name=Dan) x(key=5,name=Eve) | b-u d-w e-x');
  });
});

describe('the guard of an undo', () => {
  it('holds its deletes until they are approved', async () => {
    const lockstep = { guard: { maxDeletes: 1 } };
    const memory = { hr: objects('a(key=1) b(key=2) c(key=3)') };
    await using engine = await openEngine({ mappings: [BASE], memory, lockstep });
    const { result } = await engine.run('m');
    const undone = await undo(engine, result.record.id);
    expect(undone.result.progress.counts).toMatchObject({ held: 3, deleted: 0 });
    expect((await engine.objects('managed/user')).length).toBe(3);
    const carried = await approve(engine.lockstep, await findHeldRun(engine.lockstep, undone.result.record.id), null);
    expect(carried.map((one) => one.status)).toEqual(['done', 'done', 'done']);
    expect(await state(engine)).toBe(' | ');
  });
});

describe('an undo that was held', () => {
  const held = (count: number, hr: string) => ({
    mappings: [BASE],
    memory: { hr: objects(hr) },
    lockstep: { guard: { maxDeletes: count } },
  });
  const UNGUARDED = { mode: 'live', overrides: { guard: { isEnabled: false } } } as const;

  it('takes back after all what was turned down, and then no more', async () => {
    await using engine = await openEngine(held(0, 'a(key=1) b(key=2) c(key=3)'));
    const { result } = await engine.run('m');
    const { id } = result.record;
    const first = await undo(engine, id);
    await expect(undo(engine, id)).rejects.toThrow('which holds 3 changes: approve them, or reject them to undo again');
    await reject(engine.lockstep, await findHeldRun(engine.lockstep, first.result.record.id), 'no');
    const planned: RunEntry[] = [];
    await undoRun(engine.lockstep, id, { mode: 'plan', onEntry: (entry) => planned.push(entry) });
    expect(planned.map((entry) => entry.changeClass)).toEqual(['delete', 'delete', 'delete']);
    const second = await undoRun(engine.lockstep, id, UNGUARDED);
    expect(second.record).toMatchObject({ id: first.result.record.id, state: 'SUCCESS' });
    expect(second.progress.counts).toMatchObject({ deleted: 3, ignored: 3, held: 0 });
    expect(second.progress.warnings).toEqual([]);
    expect(await state(engine)).toBe(' | ');
    await expect(undoRun(engine.lockstep, id, UNGUARDED)).rejects.toThrow('was undone already');
  });

  it('is superseded by a newer run, which found the objects in place, and can be asked for again', async () => {
    await using engine = await openEngine(held(0, 'a(key=1) b(key=2)'));
    const { result } = await engine.run('m');
    const undone = await undo(engine, result.record.id);
    const newer = await engine.run('m');
    await expect(findHeldRun(engine.lockstep, undone.result.record.id)).rejects.toThrow('holds nothing');
    const { runs } = engine.lockstep.repository;
    const rejected = await runs.entries(undone.result.record.id, { status: 'rejected', limit: 10 });
    const message = `superseded by run ${newer.result.record.id}`;
    expect(rejected.map((entry) => entry.message)).toEqual([message, message]);
    expect(await state(engine)).toBe('new(key=1) new(key=2) | a-new b-new');
    await undoRun(engine.lockstep, result.record.id, UNGUARDED);
    expect(await state(engine)).toBe(' | ');
  });

  it('tells once what it leaves alone, however often it is asked for', async () => {
    await using engine = await openEngine(held(0, 'a(key=1) b(key=2)'));
    const { result } = await engine.run('m');
    const [user] = await engine.objects('managed/user');
    await writeUser(engine, String(user!['_id']), { key: '9' });
    const first = await undo(engine, result.record.id);
    await reject(engine.lockstep, await findHeldRun(engine.lockstep, first.result.record.id), 'no');
    await undoRun(engine.lockstep, result.record.id, UNGUARDED);
    const { runs } = engine.lockstep.repository;
    const entries = await runs.entries(first.result.record.id, { limit: 10 });
    expect(entries.map(({ changeClass, status }) => `${changeClass} ${status}`).toSorted()).toEqual([
      'delete done',
      'delete rejected',
      'none skipped',
    ]);
    expect(await state(engine)).toMatch(/^new\(key=9\) \|/);
  });
});

describe('the undo of a run over an external target', () => {
  const mapping = { ...BASE, target: 'system/dir/account' };
  const spec = { ...WORLD, mappings: [mapping], memory: { ...WORLD.memory, dir: WORLD.managed.user }, managed: {} };

  it('restores objects, ids and links', async () => {
    await using engine = await openEngine(spec);
    const before = await state(engine, 'system/dir/account');
    const { result } = await engine.run('m');
    expect(await state(engine, 'system/dir/account')).not.toBe(before);
    const undone = await undo(engine, result.record.id);
    expect(undone.entries.map((entry) => entry.message).filter((message) => message !== null)).toEqual([]);
    expect(await state(engine, 'system/dir/account')).toBe(before);
  });

  it('compares with what the run wrote', async () => {
    await using engine = await openEngine(spec);
    const { result } = await engine.run('m');
    const target = engine.lockstep.objectSet('system/dir/account', engine.lockstep.repository);
    await target.write([{ kind: 'update', id: 'u', rev: null, object: { key: '2', name: 'X' }, changed: ['name'] }]);
    await target.write([
      { kind: 'update', id: 'v', rev: null, object: { key: '3', name: 'Cid', mail: 'c' }, changed: ['mail'] },
    ]);
    await undo(engine, result.record.id);
    expect(await state(engine, 'system/dir/account')).toBe(
      'u(key=2,name=X) v(key=3,mail=c) w(key=4,name=Dan) x(key=5,name=Eve) | b-u d-w e-x',
    );
  });

  it('works on a CSV file, byte by byte', async () => {
    const columns = [...(BASE['properties'] as JsonObject[]), { source: '_id', target: 'uid' }];
    await using engine = await openEngine({
      mappings: [{ ...mapping, properties: columns }],
      memory: WORLD.memory,
      csv: { dir: objects('u(key=2,name=old) v(key=3) w(key=4,name=Dan) x(key=5,name=Eve)') },
      links: { m: 'd-w e-x' },
    });
    const before = await state(engine, 'system/dir/account');
    const { result } = await engine.run('m');
    expect(result.progress.counts.failed).toBe(0);
    await undo(engine, result.record.id);
    expect(await state(engine, 'system/dir/account')).toBe(before);
  });
});

describe('an undo that was interrupted', () => {
  it('goes on with what is left', async () => {
    await using engine = await openEngine(WORLD);
    const before = await state(engine);
    const { result } = await engine.run('m');
    const abort = new AbortController();
    const first = await undoRun(engine.lockstep, result.record.id, {
      mode: 'live',
      signal: abort.signal,
      onEntry: () => abort.abort(),
    });
    expect(first.record.state).toBe('CANCELED');
    expect(await state(engine)).not.toBe(before);
    const second = await undo(engine, result.record.id);
    expect(second.result.record).toMatchObject({ id: first.record.id, state: 'SUCCESS' });
    expect(await state(engine)).toBe(before);
  });
});
