import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { runMapping } from '../../src/app/run-mapping.ts';
import { startRun } from '../../src/app/runs.ts';
import type { Lockstep } from '../../src/app/lockstep.ts';
import { BUILT_IN_QUERIES, filterOfNamedQuery } from '../../src/app/config/named-queries.ts';
import { openCrypto } from '../../src/crypto/open-crypto.ts';
import { compileManaged } from '../../src/managed/compile-managed.ts';
import { managedCollection } from '../../src/managed/managed-collection.ts';
import { openManagedScripts } from '../../src/managed/managed-scripts.ts';
import { openManagedType, uniqueValues } from '../../src/managed/managed-type.ts';
import type { HostAnswer, HostCall } from '../../src/mapping/script-host.ts';
import type { RunEntry } from '../../src/model/run.ts';
import type { ReconResult } from '../../src/recon/recon.ts';
import { js, openEngine, type Engine } from './engine.ts';

/** An engine whose `managed/user` has hooks, policies and marked properties. */
interface ManagedEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly lockstep: Lockstep;
  /** What scripts called, e.g. `openidm.action trace postCreate`. */
  readonly calls: readonly string[];
  run(): Promise<{ readonly result: ReconResult; readonly entries: readonly RunEntry[] }>;
  plan(): Promise<{ readonly result: ReconResult; readonly entries: readonly RunEntry[] }>;
  rows(): Promise<readonly JsonObject[]>;
}

const MAPPING: JsonObject = {
  name: 'hr_user',
  source: 'system/hr/account',
  target: 'managed/user',
  correlationQuery: js("({_queryFilter: 'userName eq \"' + source.key + '\"'})"),
  properties: [
    { source: 'key', target: 'userName' },
    { source: 'name', target: 'sn' },
    { source: 'note', target: 'password' },
    { source: 'dept', target: 'pin' },
  ],
  policies: [
    { situation: 'CONFIRMED', action: 'UPDATE' },
    { situation: 'FOUND', action: 'UPDATE' },
    { situation: 'ABSENT', action: 'CREATE' },
    { situation: 'UNASSIGNED', action: 'DELETE' },
    { situation: 'SOURCE_MISSING', action: 'DELETE' },
  ],
};

const CLOSED: JsonObject = {
  userName: { policies: [{ policyId: 'unique' }] },
  password: { encryption: { key: 'openidm-sym-default' }, scope: 'private' },
  pin: { secureHash: { algorithm: 'SHA-256' } },
};

async function openManagedEngine(
  type: JsonObject,
  accounts: readonly JsonObject[],
  users: readonly JsonObject[] = [],
): Promise<ManagedEngine> {
  const engine = await openEngine({
    mappings: [MAPPING],
    memory: { hr: accounts },
    managed: { user: users },
    files: { 'conf/managed.json': { objects: [{ name: 'user', ...type }] } },
  });
  const calls: string[] = [];
  const { lockstep, closeScripts } = await withManagedType(engine.lockstep, calls);
  const mapping = lockstep.mappingConfig('hr_user');
  return {
    engine,
    lockstep,
    calls,
    run: async () => {
      const result = await startRun(lockstep, mapping, { overrides: {} });
      return { result, entries: await lockstep.repository.runs.entries(result.record.id, { limit: 1000 }) };
    },
    plan: async () => {
      const entries: RunEntry[] = [];
      const onEntry = (entry: RunEntry) => void entries.push(entry);
      return { result: await runMapping(lockstep, mapping, { mode: 'plan', overrides: {}, onEntry }), entries };
    },
    rows: async () => {
      const { rows } = await lockstep.repository.objects.page('user', { limit: 1000 });
      return rows.map(({ id, rev, doc }) => ({ _id: id, _rev: String(rev), ...doc }));
    },
    [Symbol.asyncDispose]: async () => {
      await closeScripts();
      await engine[Symbol.asyncDispose]();
    },
  };
}

/** What the project's own wiring does, with a look at what scripts call. */
async function withManagedType(
  lockstep: Lockstep,
  calls: string[],
): Promise<{ readonly lockstep: Lockstep; readonly closeScripts: () => Promise<void> }> {
  const config = lockstep.config.managed[0]!;
  const compiled = compileManaged(config, () => null);
  const scripts = openManagedScripts(compiled, {
    host: lockstep.scripts,
    limits: lockstep.config.lockstep.scripts,
    resolveModule: () => null,
    answer: () => async (call) => told(call, calls),
  });
  const crypto = await openCrypto({ keyStoreFile: null, env: {} });
  const unique = uniqueValues(compiled);
  const { newId, clock, log } = lockstep;
  const objectSet: Lockstep['objectSet'] = (collection, repository) => {
    if (collection !== 'managed/user') return lockstep.objectSet(collection, repository);
    return managedCollection({
      type: 'user',
      repository,
      searchable: ['userName'],
      resolve: (queryId, parameters) => filterOfNamedQuery(BUILT_IN_QUERIES[queryId]!, parameters),
      newId,
      managed: openManagedType({
        compiled,
        repository,
        crypto,
        scripts,
        unique,
        newId,
        clock,
        log,
        activity: null,
      }),
    });
  };
  return { lockstep: { ...lockstep, objectSet }, closeScripts: () => scripts.close() };
}

async function told({ name, args }: HostCall, calls: string[]): Promise<HostAnswer> {
  calls.push([name, ...args.filter((one) => typeof one === 'string')].join(' '));
  return { ok: true, value: null };
}

const account = (id: string, more: JsonObject = {}): JsonObject => ({
  _id: id,
  key: id,
  name: id.toUpperCase(),
  ...more,
});

describe('a run onto a managed type', () => {
  it('with hooks stores what the hooks make of the objects, and tells it in the entries', async () => {
    await using world = await openManagedEngine(
      {
        onCreate: js("object.status = 'new'"),
        onUpdate: js("object.status = 'was ' + oldObject.status"),
        onStore: js('object.stored = true'),
        postCreate: js("openidm.action('trace', 'postCreate ' + newObject.userName, {})"),
        postUpdate: js("openidm.action('trace', 'postUpdate ' + oldObject.sn, {})"),
      },
      [account('ann'), account('bob')],
      [{ _id: 'u1', userName: 'bob', sn: 'old', status: 'old' }],
    );
    const { result, entries } = await world.run();
    expect(result.record.state).toBe('SUCCESS');
    expect(await world.rows()).toMatchObject([
      { _id: 'u1', _rev: '1', userName: 'bob', sn: 'BOB', status: 'was old', stored: true },
      { _rev: '0', userName: 'ann', sn: 'ANN', status: 'new', stored: true },
    ]);
    expect(entries.find((entry) => entry.targetId === 'u1')).toMatchObject({
      before: { sn: 'old', status: 'old' },
      after: [
        { operation: 'replace', field: '/sn', value: 'BOB' },
        { operation: 'replace', field: '/status', value: 'was old' },
        { operation: 'add', field: '/stored', value: true },
      ],
    });
    expect(world.calls.toSorted()).toEqual([
      'openidm.action trace postCreate ann',
      'openidm.action trace postUpdate old',
    ]);
    const again = await world.run();
    expect(again.entries).toEqual([]);
    expect(world.calls).toHaveLength(2);
  });

  it('fails the objects that hooks and policies refuse, with their words, and only those', async () => {
    await using world = await openManagedEngine(
      {
        onValidate: js("if (object.sn === 'BOB') throw {code: 403, message: 'no bobs'}"),
        schema: { properties: { sn: { minLength: 3 } } },
      },
      [account('ann'), account('bob'), account('cy'), account('dora')],
    );
    const { entries } = await world.run();
    expect(
      entries.filter((entry) => entry.status === 'failed').map((entry) => [entry.sourceId, entry.message]),
    ).toEqual([
      ['bob', 'no bobs'],
      ['cy', 'Policy validation failed: sn (MIN_LENGTH)'],
    ]);
    expect(entries.find((entry) => entry.sourceId === 'cy')!.detail).toMatchObject({ result: false });
    expect((await world.rows()).map((row) => row['userName'])).toEqual(['ann', 'dora']);
    expect(await world.engine.links('hr_user')).toHaveLength(2);
  });

  it('keeps marked properties closed everywhere, and does not take them for changed', async () => {
    const secrets = { note: 'Secr3t-word', dept: '9821' };
    await using world = await openManagedEngine({ schema: { properties: CLOSED } }, [account('ann', secrets)]);
    const first = await world.run();
    const [row] = await world.rows();
    expect(row).toMatchObject({
      password: { $crypto: { type: 'x-simple-encryption' } },
      pin: { $crypto: { type: 'salted-hash' } },
    });
    const second = await world.run();
    expect(second.entries).toEqual([]);
    expect(await world.rows()).toEqual([row]);
    const stored = JSON.stringify([first.entries, row]);
    expect(stored).not.toMatch(/Secr3t-word|"9821"/);
  });

  it('updates a marked property that did change, without showing either value', async () => {
    await using world = await openManagedEngine(
      { schema: { properties: CLOSED } },
      [account('ann', { note: 'new-word', dept: '22' })],
      [{ _id: 'u1', userName: 'ann', sn: 'ANN', password: 'old-word', pin: '11' }],
    );
    const { entries } = await world.run();
    expect(entries).toMatchObject([{ status: 'done', changeClass: 'update' }]);
    expect(JSON.stringify(entries)).not.toContain('new-word');
    expect(await world.rows()).toMatchObject([{ _rev: '1', password: { $crypto: {} }, pin: { $crypto: {} } }]);
  });

  it('does not give one name to two objects, whatever the mapping says', async () => {
    const mapping = { ...MAPPING };
    delete mapping['correlationQuery'];
    await using world = await openManagedEngine({ schema: { properties: CLOSED } }, [
      account('ann'),
      account('bob', { key: 'ann', name: 'Other' }),
    ]);
    await world.run();
    expect(await world.rows()).toHaveLength(1);
  });

  it('asks onDelete before anything is deleted, and tells postDelete', async () => {
    await using world = await openManagedEngine(
      {
        onDelete: js("if (object.userName === 'keep') throw {code: 403, message: 'kept'}"),
        postDelete: js("openidm.action('trace', 'postDelete ' + oldObject.userName, {})"),
        schema: { properties: CLOSED },
      },
      [account('ann')],
      [
        { _id: 'u1', userName: 'keep' },
        { _id: 'u2', userName: 'gone', password: 'Secr3t-word' },
      ],
    );
    const planned = await world.plan();
    const outcome = (entries: readonly RunEntry[]) =>
      entries.filter((entry) => entry.changeClass === 'delete').map((entry) => [entry.targetId, entry.status]);
    const expected = [
      ['u1', 'failed'],
      ['u2', 'done'],
    ];
    expect(outcome(planned.entries)).toEqual(expected);
    expect([(await world.rows()).length, world.calls]).toEqual([2, []]);
    const { entries } = await world.run();
    expect(outcome(entries)).toEqual(expected);
    expect((await world.rows()).map((row) => row['userName'])).toEqual(['keep', 'ann']);
    expect(world.calls).toEqual(['openidm.action trace postDelete gone']);
    expect(JSON.stringify(entries)).not.toContain('Secr3t-word');
  });

  it('plans what it would do, hooks included, and writes nothing', async () => {
    await using world = await openManagedEngine(
      {
        onCreate: js("if (object.userName === 'bob') throw {code: 400, message: 'no'}"),
        postCreate: js("openidm.action('trace', 'postCreate', {})"),
      },
      [account('ann'), account('bob')],
    );
    const { entries } = await world.plan();
    expect(entries.map((entry) => [entry.sourceId, entry.status, entry.message])).toEqual([
      ['ann', 'done', null],
      ['bob', 'failed', 'no'],
    ]);
    expect([await world.rows(), world.calls]).toEqual([[], []]);
  });

  it('tells a hook after the write that throws in the entry, which counts as failed; the object stays', async () => {
    await using world = await openManagedEngine({ postCreate: js("throw {code: 500, message: 'late'}") }, [
      account('ann'),
    ]);
    const { result, entries } = await world.run();
    expect(entries).toMatchObject([{ sourceId: 'ann', status: 'failed', message: 'late' }]);
    expect(result.record.progress).toMatchObject({ counts: { created: 0, failed: 1 } });
    expect(await world.rows()).toHaveLength(1);
  });
});
