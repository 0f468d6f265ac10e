import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { BASE, js, provisioner } from '../app/config/load-fixture.ts';
import { ADMIN, openConfigTree, type ConfigTree } from './testing/open-config-tree.ts';

const LDAP = provisioner('ldap', {
  configurationProperties: {
    host: 'localhost',
    baseContexts: ['dc=example,dc=com'],
    credentials: 'tOp-SeCrEt',
    principal: 'cn=&{ldap.user}',
  },
});
const FILES = {
  ...BASE,
  'conf/sync.json': { mappings: [{ name: 'm', source: 'system/ldap/account', target: 'managed/user' }] },
  'conf/provisioner.openicf-ldap.json': LDAP,
  'conf/endpoint-echo.json': { ...js('request'), context: 'endpoint/echo' },
};
const OPTIONS = { env: { 'ldap.user': 'admin' } };

const open = (files: Readonly<Record<string, unknown>> = FILES): Promise<ConfigTree> => openConfigTree(files, OPTIONS);

function stored(tree: ConfigTree, name: string): JsonObject {
  return JSON.parse(readFileSync(path.join(tree.project.directory, 'conf', name), 'utf8')) as JsonObject;
}

const names = (tree: ConfigTree): readonly string[] => readdirSync(path.join(tree.project.directory, 'conf')).sort();

describe('reading configurations', () => {
  it('lists every file with its factory', async () => {
    await using tree = await open();
    const { object } = await tree.read('config');
    expect(object).toEqual({
      _id: '',
      configurations: [
        { _id: 'endpoint/echo', pid: expect.stringMatching(/^endpoint\.[\da-f-]{36}$/), factoryPid: 'endpoint' },
        { _id: 'managed', pid: 'managed', factoryPid: null },
        expect.objectContaining({ _id: 'provisioner.openicf/ldap', factoryPid: 'provisioner.openicf' }),
        { _id: 'sync', pid: 'sync', factoryPid: null },
      ],
    });
  });

  it('gives the text of the file before substitution, secrets marked', async () => {
    await using tree = await open();
    const { object } = await tree.read('config/provisioner.openicf/ldap');
    expect(object).toMatchObject({
      _id: 'provisioner.openicf/ldap',
      configurationProperties: { host: 'localhost', credentials: { $secret: true }, principal: 'cn=&{ldap.user}' },
    });
    expect(JSON.stringify(object)).not.toContain('tOp-SeCrEt');
  });

  it.each(['config/nope', 'config/../../etc/passwd', 'config/sync/..', 'config/boot/boot.properties', 'config/a/b/c'])(
    '%s is not found',
    async (id) => {
      await using tree = await open();
      await expect(tree.read(id)).rejects.toMatchObject({ status: 404 });
    },
  );

  it('does not follow a link out of the project', async () => {
    await using outside = await open();
    await using tree = await open();
    writeFileSync(path.join(outside.project.directory, 'x.json'), '{"found": true}');
    symlinkSync(path.join(outside.project.directory, 'x.json'), path.join(tree.project.directory, 'conf/linked.json'));
    await expect(tree.read('config/linked')).rejects.toMatchObject({ code: 'denied', status: 403 });
  });

  it('a file that is no JSON is told with the place, and PUT mends it', async () => {
    await using tree = await open();
    tree.project.write('conf/ui-x.json', '{"a": [');
    await expect(tree.read('config/ui/x')).rejects.toMatchObject({
      status: 409,
      message: expect.stringMatching(/ui-x\.json.*line 1, column \d.*PUT/),
    });
    await tree.update('config/ui/x', { a: [] });
    expect(stored(tree, 'ui-x.json')).toEqual({ a: [] });
  });

  it('scripts are given the values in force, but not those of connectors', async () => {
    await using tree = await open({ ...FILES, 'conf/mine.json': { apiKey: 'k-&{ldap.user}' } });
    const inner = { ...ADMIN, caller: { ...ADMIN.caller, isExternal: false } };
    expect((await tree.read('config/mine', inner)).object).toEqual({ _id: 'mine', apiKey: 'k-admin' });
    expect((await tree.read('config/mine')).object).toEqual({ _id: 'mine', apiKey: { $secret: true } });
    expect(JSON.stringify((await tree.read('config/provisioner.openicf/ldap', inner)).object)).not.toContain('SeCrEt');
  });

  it('a query looks at what is shown, in pages', async () => {
    await using tree = await open();
    const ids = async (filter: string, more = {}) =>
      (await tree.query('config', filter, more)).objects.map((one) => one.id);
    expect(await ids('context sw "ENDPOINT/"')).toEqual(['endpoint/echo']);
    expect(await ids('/configurationProperties/credentials eq "tOp-SeCrEt"')).toEqual([]);
    const all = ['endpoint/echo', 'managed', 'provisioner.openicf/ldap', 'sync'];
    const first = await tree.query('config', 'true', { pageSize: 3, totals: 'EXACT' });
    expect(first).toMatchObject({ total: 4, cookie: '3' });
    expect(await ids('true', { pageSize: 3, cookie: first.cookie })).toEqual(all.slice(3));
    expect(await ids('true', { sortKeys: [{ pointer: ['_id'], isDescending: true }] })).toEqual(all.toReversed());
    await expect(tree.query('config', 'true', { cookie: 'x' })).rejects.toMatchObject({ status: 400 });
  });
});

describe('writing configurations', () => {
  it('a mark that is sent back keeps the secret; the rest is replaced and in force at once', async () => {
    await using tree = await open();
    const { object, rev } = await tree.read('config/provisioner.openicf/ldap');
    const properties = object['configurationProperties'] as JsonObject;
    const next = { ...object, configurationProperties: { ...properties, host: 'other' } };
    const written = await tree.update('config/provisioner.openicf/ldap', next, rev);
    expect(written.rev).not.toBe(rev);
    expect(stored(tree, 'provisioner.openicf-ldap.json')['configurationProperties']).toEqual({
      host: 'other',
      baseContexts: ['dc=example,dc=com'],
      credentials: 'tOp-SeCrEt',
      principal: 'cn=&{ldap.user}',
    });
    expect(tree.lockstep.config.connectors[0]!.configurationProperties).toMatchObject({
      host: 'other',
      principal: 'cn=admin',
    });
    expect(tree.recorded).toMatchObject([
      { operation: 'UPDATE', objectId: 'config/provisioner.openicf/ldap', changedFields: ['configurationProperties'] },
    ]);
    expect(JSON.stringify(tree.recorded)).not.toContain('tOp-SeCrEt');
  });

  it('a patch changes one place; a copy cannot bring a secret to light', async () => {
    await using tree = await open();
    const id = 'config/provisioner.openicf/ldap';
    const field = '/configurationProperties/host';
    await tree.patch(id, [{ operation: 'replace', field, value: 'patched' }]);
    expect(stored(tree, 'provisioner.openicf-ldap.json')['configurationProperties']).toMatchObject({
      host: 'patched',
      credentials: 'tOp-SeCrEt',
    });
    const from = '/configurationProperties/credentials';
    await expect(tree.patch(id, [{ operation: 'copy', from, field }])).rejects.toMatchObject({ status: 400 });
    await expect(tree.patch(id, [{ operation: 'transform', value: {} }])).rejects.toMatchObject({
      status: 501,
      message: expect.stringMatching(/transform/),
    });
  });

  it('a project that would have errors is refused with all of them, and nothing is written', async () => {
    await using tree = await open();
    const before = names(tree).map((name) => [name, readFileSync(path.join(tree.project.directory, 'conf', name))]);
    const bad = { mappings: [{ name: 'm', source: 'nowhere/x', target: 'managed/nope' }, { target: 3 }] };
    await expect(tree.update('config/sync', bad)).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/conf\/sync\.json/),
      detail: {
        diagnostics: expect.arrayContaining([
          expect.objectContaining({ file: 'conf/sync.json', pointer: '/mappings/0/target', line: expect.any(Number) }),
          expect.objectContaining({ file: 'conf/sync.json', pointer: '/mappings/1/target' }),
        ]),
      },
    });
    expect(names(tree).map((name) => [name, readFileSync(path.join(tree.project.directory, 'conf', name))])).toEqual(
      before,
    );
    expect(tree.recorded).toEqual([]);
  });

  it('what another file needs cannot be taken away', async () => {
    await using tree = await open();
    await expect(tree.remove('config/managed')).rejects.toMatchObject({
      status: 400,
      detail: { diagnostics: expect.arrayContaining([expect.objectContaining({ file: 'conf/sync.json' })]) },
    });
    expect(names(tree)).toContain('managed.json');
  });

  it('audit files elsewhere are refused', async () => {
    await using tree = await open();
    const audit = (location: string): JsonObject => ({ logTo: [{ logType: 'csv', location }] });
    for (const location of ['../audit', '/var/log', '&{launcher.working.location}/..'])
      await expect(tree.create('config', 'audit', audit(location))).rejects.toMatchObject({
        status: 400,
        detail: { diagnostics: [expect.objectContaining({ file: 'conf/audit.json', pointer: '/logTo/0/location' })] },
      });
    expect(names(tree)).not.toContain('audit.json');
    await tree.create('config', 'audit', audit('&{launcher.working.location}/audit'));
    await expect(tree.update('config/audit', audit('/var/log'))).rejects.toMatchObject({ status: 400 });
    expect(stored(tree, 'audit.json')).toEqual(audit('&{launcher.working.location}/audit'));
  });

  it('a script that does not compile is refused', async () => {
    await using tree = await open();
    const mapping = { name: 'm', source: 'system/ldap/account', target: 'managed/user', onCreate: js('var = ;') };
    await expect(tree.update('config/sync', { mappings: [mapping] })).rejects.toMatchObject({ status: 400 });
  });

  it.each([
    [{}, '/type'],
    [js('var = ;'), '/source'],
    [{ type: 'text/javascript', file: 'nope.js' }, '/file'],
    [{ ...js('1'), context: 'util/x' }, '/context'],
  ])('the endpoint %j is refused', async (content, pointer) => {
    await using tree = await open();
    await expect(tree.create('config', 'endpoint/x', content as JsonObject)).rejects.toMatchObject({
      status: 400,
      detail: { diagnostics: expect.arrayContaining([expect.objectContaining({ pointer })]) },
    });
    expect(names(tree)).not.toContain('endpoint-x.json');
  });

  it('whatever is sent is taken or refused, never an error of ours', { timeout: 60_000 }, async () => {
    await using tree = await open();
    const id = fc.oneof(
      fc.constantFrom('sync', 'managed', 'lockstep', 'audit', 'authentication', 'access', 'script', 'router', 'policy'),
      fc.constantFrom('provisioner.openicf/x', 'endpoint/x', 'schedule/x', 'repo.jdbc', 'a/b', '__proto__'),
      fc.string(),
    );
    const key = fc.constantFrom(
      'mappings',
      'objects',
      'name',
      'type',
      'source',
      'file',
      '$secret',
      '__proto__',
      'rules',
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<Json[]>(null, true, 0, -1.5, '', 'x', '&{ldap.user}', 'system/ldap/account', '../x'),
        fc.array(tie('json'), { maxLength: 2 }),
        fc.dictionary(key, tie('json'), { maxKeys: 3 }),
      ),
    }));
    const content = fc.dictionary(key, json as fc.Arbitrary<Json>, { maxKeys: 3 });
    const write = (where: string, what: JsonObject): Promise<unknown> =>
      tree.create('config', where, what).catch(() => tree.update(`config/${where}`, what));
    const verdict = fc.asyncProperty(id, content, async (where, what) => {
      const status = await write(where, what).then(
        () => 200,
        (thrown: unknown) => (thrown instanceof Failure ? thrown.status : 500),
      );
      expect([200, 400, 404, 412]).toContain(status);
    });
    await fc.assert(verdict, { numRuns: 150 });
    expect(readdirSync(tree.project.directory).sort()).toEqual(['conf']);
  });

  it('errors that other files have already do not stop a file from being mended', async () => {
    await using tree = await open();
    tree.project.write('conf/managed.json', '{"objects": 1}');
    tree.project.write('conf/lockstep.json', '{"batchSize": "many"}');
    await tree.update('config/lockstep', { batchSize: 7 });
    expect(tree.lockstep.config.lockstep.batchSize).not.toBe(7);
    await tree.update('config/managed', { objects: [{ name: 'user' }] });
    expect(tree.lockstep.config.lockstep.batchSize).toBe(7);
  });

  it('creates, and refuses to create twice', async () => {
    await using tree = await open();
    const created = await tree.create('config/endpoint', 'hello', js('"hi"'));
    expect(created).toMatchObject({ id: 'endpoint/hello', object: { _id: 'endpoint/hello', source: '"hi"' } });
    expect(await tree.read('endpoint/hello')).toMatchObject({ object: { result: 'hi' } });
    await expect(tree.create('config', 'endpoint/hello', js('1'))).rejects.toMatchObject({ status: 412 });
    await expect(tree.create('config', 'Sync', {})).rejects.toMatchObject({ status: 412 });
    expect(statSync(path.join(tree.project.directory, 'conf/endpoint-hello.json')).mode & 0o777).toBe(0o600);
  });

  it.each(['../x', 'a/../../x', 'x\0', 'a/b/c', 'C:\\x', '/etc/x', 'nul'])('cannot create %j', async (id) => {
    await using tree = await open();
    const before = names(tree);
    await expect(tree.create('config', id, {})).rejects.toMatchObject({ status: 400 });
    expect(names(tree)).toEqual(before);
    expect(existsSync(path.join(tree.project.directory, '..', 'x.json'))).toBe(false);
  });

  it('does not write through a link', async () => {
    await using tree = await open();
    const outside = path.join(tree.project.directory, 'elsewhere.json');
    writeFileSync(outside, '{"a": 1}');
    symlinkSync(outside, path.join(tree.project.directory, 'conf/linked.json'));
    expect((await tree.read('config/linked')).object).toEqual({ _id: 'linked', a: 1 });
    await expect(tree.update('config/linked', { a: 2 })).rejects.toMatchObject({ status: 403 });
    await expect(tree.remove('config/linked')).rejects.toMatchObject({ status: 403 });
    expect(readFileSync(outside, 'utf8')).toBe('{"a": 1}');
  });

  it('keeps the mode of the file and leaves nothing beside it', async () => {
    await using tree = await open();
    const file = path.join(tree.project.directory, 'conf/sync.json');
    chmodSync(file, 0o640);
    const before = names(tree);
    await tree.update('config/sync', { mappings: [] });
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(names(tree)).toEqual(before);
  });

  it('deletes, and answers what was deleted', async () => {
    await using tree = await open();
    expect((await tree.remove('config/endpoint/echo')).object).toMatchObject({ context: 'endpoint/echo' });
    expect(names(tree)).not.toContain('endpoint-echo.json');
    await expect(tree.read('endpoint/echo')).rejects.toMatchObject({ status: 404 });
    await expect(tree.remove('config/endpoint/echo')).rejects.toMatchObject({ status: 404 });
  });

  it('of many writers with the same revision one wins', async () => {
    await using tree = await open({ ...FILES, 'conf/mine.json': { n: 0 } });
    const { rev } = await tree.read('config/mine');
    const results = await Promise.allSettled([1, 2, 3, 4].map((n) => tree.update('config/mine', { n }, rev)));
    expect(results.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    expect(stored(tree, 'mine.json')).toEqual({ n: 1 });
    const next = await tree.read('config/mine');
    tree.project.write('conf/mine.json', { n: 'by hand' });
    await expect(tree.update('config/mine', { n: 9 }, next.rev)).rejects.toMatchObject({ status: 412 });
  });

  it('writers that change different members one after the other lose nothing', async () => {
    await using tree = await open({ ...FILES, 'conf/mine.json': {} });
    const fields = Array.from({ length: 8 }, (_, i) => `f${i}`);
    await Promise.all(fields.map((field) => tree.patch('config/mine', [{ operation: 'add', field, value: field }])));
    expect(Object.keys(stored(tree, 'mine.json')).sort()).toEqual(fields);
  });

  it('equal content is no write', async () => {
    await using tree = await open();
    const { object, rev } = await tree.read('config/sync');
    expect((await tree.update('config/sync', object)).rev).toBe(rev);
    expect(tree.recorded).toEqual([]);
  });

  it('a plan answers and writes nothing', async () => {
    await using tree = await open();
    const plan = { ...ADMIN, mode: 'plan' } as const;
    const content = { mappings: [] };
    const request = { verb: 'update', path: 'config/sync', parameters: {}, fields: null, content, rev: null } as const;
    expect((await tree.router.object(request, plan)).object).toEqual({ _id: 'sync', mappings: [] });
    expect(stored(tree, 'sync.json')['mappings']).toHaveLength(1);
  });
});
