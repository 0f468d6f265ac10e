import { describe, expect, it } from 'vitest';
import { openEngine, type Engine, type EngineSpec } from '../../test/scenarios/engine.ts';
import { objects } from '../../test/scenarios/notation.ts';
import type { JsonObject } from '../base/json.ts';
import { openRunTree } from './testing/run-tree.ts';

const PROVISIONER = 'conf/provisioner.openicf-dir.json';
const SPEC: EngineSpec = {
  mappings: [],
  memory: { hr: objects('uid=ann,ou=people/x(key=1,name=Ann) b(key=2,name=Bob,tags=x|y) c(key=3)') },
  csv: { people: objects('p1(key=1,name=Pia) p2(key=2,name=Paul) p3(key=3,name=Pia)') },
  files: {
    [PROVISIONER]: {
      name: 'dir',
      connectorRef: { connectorName: 'memory' },
      configurationProperties: {},
      objectTypes: {
        account: {
          nativeType: '__ACCOUNT__',
          properties: {
            uid: { type: 'string', nativeName: '__NAME__', required: true },
            __ENABLE__: { type: 'boolean', nativeName: '__ENABLE__', nativeType: 'boolean' },
            password: {
              type: 'string',
              nativeName: '__PASSWORD__',
              flags: ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'],
            },
          },
        },
      },
    },
    'conf/provisioner.openicf-off.json': { name: 'off', enabled: false, connectorRef: { connectorName: 'memory' } },
    'conf/provisioner.openicf-ad.json': {
      name: 'ad',
      connectorRef: {
        connectorName: 'Org.IdentityConnectors.ActiveDirectory.ActiveDirectoryConnector',
        bundleName: 'AD',
      },
      objectTypes: { account: { properties: {} } },
    },
  },
};

function refused(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'accepted',
    (error: { status: number; message: string }) => `${error.status} ${error.message}`,
  );
}

async function open(): Promise<{ engine: Engine; tree: ReturnType<typeof openRunTree> }> {
  const engine = await openEngine(SPEC);
  return { engine, tree: openRunTree(engine.lockstep) };
}

describe('the objects of a system', () => {
  it('are read by ids with commas and slashes', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    expect(await tree.read('system/hr/account/uid=ann,ou=people/x')).toMatchObject({
      _id: 'uid=ann,ou=people/x',
      name: 'Ann',
    });
    expect(await refused(tree.read('system/hr/account/zoe'))).toBe('404 Object zoe not found on system/hr/account');
    expect(await refused(tree.read('system/hr/account'))).toMatch(/^400 /);
    expect(await refused(tree.read('system/hr'))).toMatch(/^400 /);
    expect(await refused(tree.read('system/none/account/x'))).toMatch(/^404 .*not configured/);
    expect(await refused(tree.read('system/hr/none/x'))).toMatch(/^404 /);
    expect(await refused(tree.read('system/off/account/x'))).toMatch(/^503 .*disabled/);
    expect(await refused(tree.read('system/ad/account/x'))).toMatch(/^503 .*not available/);
  });

  it('are created, changed by what the body has, and deleted', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    const { object } = await tree.create('system/hr/account', null, { key: '9', name: 'Zoe', mail: 'z' });
    const path = `system/hr/account/${String(object['_id'])}`;
    expect(await tree.update(path, { name: 'Zoë', mail: null })).toMatchObject({ key: '9', name: 'Zoë' });
    expect(await tree.read(path)).not.toHaveProperty('mail');
    expect(await tree.patch(path, [{ operation: 'add', field: 'tags', value: ['a', 'b'] }])).toMatchObject({
      tags: ['a', 'b'],
    });
    expect(await tree.patch(path, [{ operation: 'remove', field: '/tags', value: 'a' }])).toMatchObject({
      tags: ['b'],
    });
    expect(await tree.remove(path)).toMatchObject({ key: '9', tags: ['b'] });
    expect(await refused(tree.read(path))).toMatch(/^404 /);
    expect(await refused(tree.remove(path))).toMatch(/^404 /);
    expect(tree.recorded.map(({ event }) => [event['operation'], event['status']])).toEqual([
      ['CREATE', 'SUCCESS'],
      ['UPDATE', 'SUCCESS'],
      ['PATCH', 'SUCCESS'],
      ['PATCH', 'SUCCESS'],
      ['DELETE', 'SUCCESS'],
      ['DELETE', 'FAILURE'],
    ]);
    expect(tree.recorded[0]).toMatchObject({ topic: 'activity', transactionId: 'tx-1', userId: 'openidm-admin' });
  });

  it('are not written by what changes nothing, by a stale revision, or by what the type does not have', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    expect(await refused(tree.read('system'))).toMatch(/^400 'system' holds no objects/);
    expect(await refused(tree.read('system/hr'))).toMatch(/^400 'system\/hr' holds no objects/);
    expect(await refused(tree.read('system/none'))).toMatch(/^404 /);
    const path = 'system/hr/account/b';
    const before = await tree.read(path);
    expect(await tree.update(path, { name: 'Bob', tags: ['x', 'y'] })).toEqual(before);
    expect(tree.recorded).toEqual([]);
    expect(await refused(tree.update(path, { name: 'B' }, '99'))).toMatch(/^412 /);
    expect(await refused(tree.remove(path, '99'))).toMatch(/^412 /);
    const people = 'system/people/account/p1';
    const unversioned = await tree.read(people);
    for (const rev of ['0', '1', 'abc']) {
      expect(await refused(tree.update(people, { name: 'B' }, rev))).toMatch(/^412 .*has no revisions/);
      expect(await refused(tree.update(people, { name: 'Pia' }, rev))).toMatch(/^412 /);
      expect(await refused(tree.remove(people, rev))).toMatch(/^412 /);
    }
    expect(await tree.read(people)).toEqual(unversioned);
    expect(await refused(tree.update(path, { unknown: 1 }))).toMatch(/^400 .*does not support attribute unknown/);
    expect(await refused(tree.update(path, { constructor: 1 }))).toMatch(
      /^400 .*does not support attribute constructor/,
    );
    expect(await refused(tree.patch(path, { not: 'a list' }))).toMatch(/^400 /);
    expect(await refused(tree.create('system/hr/account', 'b', { key: '1' }))).toMatch(/^412 /);
    expect(await refused(tree.create('system/people/account', 'p9', { uid: 'p8' }))).toMatch(/^400 Create with client/);
    expect(await refused(tree.create('system/people/account', 'p1', {}))).toMatch(/^412 /);
    const named = { _id: 'p8', uid: 'p9' };
    expect(await refused(tree.create('system/people/account', null, named))).toMatch(
      /^400 Create with client provided ID is not supported\./,
    );
    expect((await tree.create('system/people/account', null, { _id: 'p8', uid: 'p8' })).id).toBe('p8');
    expect((await tree.create('system/people/account', 'p9', { key: '9' })).id).toBe('p9');
    expect(await refused(tree.create('system/dir/account', null, {}))).toMatch(/^400 .*Required attribute 'uid'/);
    expect(await tree.read(path)).toEqual(before);
  });

  it('keep the id that is in the path, and get none that no URL can name', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    const path = 'system/people/account/p1';
    const before = await tree.read(path);
    expect(await refused(tree.update(path, { _id: 'p7', name: 'B' }))).toMatch(/^400 .*"_id" of the content, "p7"/);
    expect(await refused(tree.patch(path, [{ operation: 'replace', field: '_id', value: 'p7' }]))).toMatch(/^400 /);
    expect(await refused(tree.create('system/hr/account', 'z', { _id: 'y' }))).toMatch(/^400 /);
    expect(await tree.update(path, { _id: 'p1', name: 'Pia' })).toEqual(before);
    for (const id of ['.', '..', 'a/../b', '../a', 'a/.', 'a\0b', '\ud800']) {
      expect(await refused(tree.create('system/people/account', null, { uid: id }))).toMatch(/^400 /);
      expect(await refused(tree.create('system/people/account', id, {}))).toMatch(/^400 /);
      expect(await refused(tree.create('system/hr/account', null, { _id: id }))).toMatch(/^400 /);
      expect(await refused(tree.update(path, { uid: id }))).toMatch(/^400 /);
    }
    expect((await tree.query('system/people/account', null)).objects).toHaveLength(3);
    expect((await tree.query('system/hr/account', null)).objects).toHaveLength(3);
  });

  it('exist already, whatever else is wrong with a create', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    expect(await refused(tree.create('system/people/account', 'p1', { uid: 'p7' }))).toMatch(/^412 .*exists already/);
    expect(await refused(tree.create('system/hr/account', 'b', { nothing: 1 }))).toMatch(/^412 .*exists already/);
  });

  it('can be renamed by their naming attribute', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    expect(await tree.update('system/people/account/p1', { uid: 'p7' })).toMatchObject({ _id: 'p7', name: 'Pia' });
    expect(await refused(tree.read('system/people/account/p1'))).toMatch(/^404 /);
  });

  it('have attributes that begin with "_" where their type has them', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    await tree.create('system/dir/account', null, { uid: 'ann', __ENABLE__: true, _unknown: 1 });
    await tree.patch('system/dir/account/ann', [{ operation: 'replace', field: '/__ENABLE__', value: false }]);
    expect(await tree.read('system/dir/account/ann')).toMatchObject({ _id: 'ann', uid: 'ann', __ENABLE__: false });
    await tree.update('system/dir/account/ann', { __ENABLE__: true, _unknown: 2 });
    expect(await tree.read('system/dir/account/ann')).toMatchObject({ __ENABLE__: true });
  });

  it('keep their passwords out of answers and audit', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    const { object } = await tree.create('system/dir/account', null, { uid: 'ann', password: 'geheim-1' });
    await tree.patch('system/dir/account/ann', [{ operation: 'replace', field: 'password', value: 'geheim-2' }]);
    expect(object).not.toHaveProperty('password');
    expect(JSON.stringify(tree.recorded)).not.toContain('geheim');
    expect(tree.recorded.map(({ event }) => event['passwordChanged'])).toEqual([true, true]);
    expect(await refused(tree.query('system/dir/account', 'password eq "geheim-2"'))).toMatch(/^400 /);
  });

  it('are left alone in a plan', async () => {
    const { engine, tree: live } = await open();
    await using _ = engine;
    const tree = openRunTree(engine.lockstep, { mode: 'plan' });
    await tree.create('system/hr/account', null, { key: '9' });
    expect(await tree.update('system/hr/account/b', { name: 'X' })).toMatchObject({ name: 'X' });
    await tree.remove('system/hr/account/c');
    expect(tree.recorded).toEqual([]);
    expect((await live.query('system/hr/account', 'true')).objects.map(({ object }) => object['name'])).toEqual([
      'Ann',
      'Bob',
      undefined,
    ]);
  });
});

describe('a query over a system', () => {
  const names = (list: readonly { readonly object: JsonObject }[]): unknown[] =>
    list.map(({ object }) => object['_id']);

  it('gives ids only for query-all-ids, whole objects for a filter', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    const all = await tree.query('system/people/account', null);
    expect(all).toMatchObject({ cookie: null, total: 3 });
    expect(all.objects.map(({ object }) => Object.keys(object))).toEqual([['_id'], ['_id'], ['_id']]);
    const pias = await tree.query('system/people/account', 'name eq "Pia"');
    expect(names(pias.objects)).toEqual(['p1', 'p3']);
    expect(pias.objects[0]!.object).toMatchObject({ key: '1', name: 'Pia' });
    expect((await tree.query('system/people/account', 'false')).objects).toEqual([]);
    expect(await refused(tree.query('system/people/account', 'none eq "x"'))).toMatch(/^400 /);
    for (const queryId of ['query-all', '_queryExpression', 'for-userName'])
      expect(
        await refused(tree.query('system/hr/account', null, { query: { kind: 'id', queryId, parameters: {} } })),
      ).toMatch(/^400 /);
    expect(await refused(tree.query('system/hr/account/b', 'true'))).toMatch(/^400 /);
  });

  it('comes in pages that lose and double nothing', async () => {
    const many = Array.from({ length: 57 }, (_, i) => `o${i}(key=${i % 2},name=n${i})`).join(' ');
    await using engine = await openEngine({ ...SPEC, memory: { hr: objects(many) }, csv: { people: objects(many) } });
    const tree = openRunTree(engine.lockstep);
    for (const path of ['system/hr/account', 'system/people/account'])
      for (const filter of ['true', 'key eq "1"']) {
        const seen: unknown[] = [];
        let cookie: string | null = null;
        do {
          const page = await tree.query(path, filter, { pageSize: 5, cookie, totals: 'EXACT' });
          expect(page.total).toBe(filter === 'true' ? 57 : 28);
          seen.push(...names(page.objects));
          ({ cookie } = page);
        } while (cookie !== null);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.length).toBe(filter === 'true' ? 57 : 28);
      }
    const first = await tree.query('system/hr/account', 'true', { pageSize: 5 });
    const forged = { pageSize: 5, cookie: first.cookie };
    expect(await refused(tree.query('system/hr/account', 'key eq "1"', forged))).toMatch(/^400 /);
    expect(await refused(tree.query('system/hr/account', 'true', { pageSize: 5, cookie: 'x' }))).toMatch(/^400 /);
    expect(await refused(tree.query('system/hr/account', 'true', { ...forged, offset: 2 }))).toMatch(/^400 /);
    const skipped = await tree.query('system/hr/account', 'true', { pageSize: 5, offset: 7 });
    expect(names(skipped.objects)[0]).toBe('o7');
  });

  it('is sorted, pages and all', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    const sortKeys = [
      { pointer: ['name'], isDescending: false },
      { pointer: ['key'], isDescending: true },
    ];
    const all = await tree.query('system/people/account', 'true', { sortKeys });
    expect(names(all.objects)).toEqual(['p2', 'p3', 'p1']);
    const first = await tree.query('system/people/account', 'true', { sortKeys, pageSize: 2 });
    expect(names(first.objects)).toEqual(['p2', 'p3']);
    const second = await tree.query('system/people/account', 'true', { sortKeys, pageSize: 2, cookie: first.cookie });
    expect(names(second.objects)).toEqual(['p1']);
    expect(second.cookie).toBeNull();
    const missing = await tree.query('system/hr/account', 'true', { sortKeys: [sortKeys[0]!] });
    expect(names(missing.objects)[0]).toBe('c');
  });
});

describe('actions on systems', () => {
  it('test tells about each system', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    const all = (await tree.action('system', 'test')) as JsonObject[];
    expect(all.map(({ name, ok, enabled }) => `${String(name)} ${String(ok)} ${String(enabled)}`).toSorted()).toEqual([
      'ad false true',
      'dir true true',
      'hr true true',
      'off false false',
      'people true true',
    ]);
    expect(await tree.action('system', 'test', {}, { id: 'ad' })).toEqual({
      name: 'ad',
      enabled: true,
      config: 'config/provisioner.openicf/ad',
      connectorRef: {
        bundleName: 'AD',
        connectorName: 'Org.IdentityConnectors.ActiveDirectory.ActiveDirectoryConnector',
      },
      displayName: 'ActiveDirectory Connector',
      objectTypes: ['__ALL__', 'account'],
      ok: false,
      error: expect.stringContaining('not available') as string,
    });
    expect(await tree.action('system/people', 'test')).toMatchObject({ name: 'people', ok: true });
    expect(await refused(tree.action('system/none', 'test'))).toMatch(/^404 /);
    expect(await refused(tree.action('system', 'explode'))).toMatch(/^400 Unknown action/);
    expect(await refused(tree.action('system/hr/account', 'liveSync'))).toMatch(/^501 /);
    expect(await refused(tree.action('system/none/account', 'liveSync'))).toMatch(/^404 /);
  });

  it('a configuration is made and tested step by step', async () => {
    const { engine, tree } = await open();
    await using _ = engine;
    const { connectorRef } = (await tree.action('system', 'availableConnectors')) as { connectorRef: JsonObject[] };
    const csv = connectorRef.find((one) => String(one['connectorName']).includes('CSV'))!;
    expect(csv).toMatchObject({ systemType: 'provisioner.openicf' });
    const core = (await tree.action('system', 'createConfiguration', {}, { connectorRef: csv })) as JsonObject;
    expect(core).toMatchObject({ operationTimeout: { CREATE: -1 }, configurationProperties: { csvFile: null } });
    expect(core['configurationProperties']).toMatchObject({
      headerUid: 'uid',
      quoteCharacter: '"',
      syncFileRetentionCount: 3,
    });
    const filled = {
      ...core,
      name: 'people2',
      configurationProperties: {
        ...(core['configurationProperties'] as JsonObject),
        csvFile: '&{launcher.project.location}/data/people.csv',
        headerUid: 'uid',
      },
    };
    const full = (await tree.action('system', 'createConfiguration', {}, filled)) as JsonObject;
    expect(full).toMatchObject({
      objectTypes: {
        account: {
          nativeType: '__ACCOUNT__',
          properties: { uid: { nativeName: '__NAME__', required: true }, name: { nativeName: 'name' } },
        },
      },
      operationOptions: {},
    });
    const properties = Object.entries(filled.configurationProperties).filter(([, value]) => value !== null);
    const testable = { ...full, configurationProperties: Object.fromEntries(properties) };
    expect(await tree.action('system', 'testConfig', {}, testable)).toEqual({ name: 'people2', ok: true });
    const broken = { ...testable, configurationProperties: { csvFile: 'data/none.csv', headerUid: 'uid' } };
    expect(await tree.action('system', 'testConfig', {}, broken)).toMatchObject({ name: 'people2', ok: false });
    const outside = { ...testable, configurationProperties: { csvFile: '../../../etc/passwd', headerUid: 'uid' } };
    expect(await refused(tree.action('system', 'testConfig', {}, outside))).toMatch(/^400 .*project directory/);
    expect(await refused(tree.action('system', 'createFullConfig', {}, outside))).toMatch(/^400 .*project directory/);
    expect(await refused(tree.action('system', 'testConfig', {}, { ...testable, id: 'x' }))).toMatch(/^400 /);
    for (const body of [null, [], 'x', {}, { name: 'x' }, { name: 'x', connectorRef: {} }])
      for (const action of ['testConfig', 'createCoreConfig', 'createFullConfig'])
        expect(await refused(tree.action('system', action, {}, body as never))).toMatch(/^400 /);
    const mistyped = { ...testable, enabled: 'yes', connectorRef: 7, objectTypes: [] };
    expect(await refused(tree.action('system', 'testConfig', {}, mistyped))).toMatch(
      /^400 not a connector configuration: .*\/connectorRef: expected an object, found a number/,
    );
  });
});
