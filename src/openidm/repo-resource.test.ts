import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { openSqliteRepositoryInThread } from '../repo/sqlite/sqlite-repository.ts';
import { SYSTEM_CALLER } from '../resource/context.ts';
import { openRepoTree, type RepoTree } from './testing/repo-tree.ts';

const STAGE = 'repo/synchronisation/pooledSyncStage';
const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-repo-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('repo', () => {
  let tree: RepoTree;

  beforeEach(async () => {
    tree = await openRepoTree();
  });

  it('keeps a document of any collection, with revisions that count', async () => {
    const token = { connectorData: { nativeType: 'integer', syncToken: 100 } };
    const made = await tree.create(STAGE, 'SYSTEMLDAPACCOUNT', { ...token, _id: 'other', _rev: '9' });
    expect(made).toEqual({ _id: 'SYSTEMLDAPACCOUNT', _rev: '0', ...token });
    expect(await tree.update(`${STAGE}/SYSTEMLDAPACCOUNT`, { n: 1 }, '0')).toEqual({
      _id: 'SYSTEMLDAPACCOUNT',
      _rev: '1',
      n: 1,
    });
    expect(await tree.read(`${STAGE}/SYSTEMLDAPACCOUNT`)).toMatchObject({ _rev: '1', n: 1 });
    expect(await tree.delete(`${STAGE}/SYSTEMLDAPACCOUNT`, '1')).toMatchObject({ n: 1 });
    await expect(tree.read(`${STAGE}/SYSTEMLDAPACCOUNT`)).rejects.toMatchObject({ status: 404 });
  });

  it('is empty where nothing was written, and asking makes nothing', async () => {
    for (const collection of [STAGE, 'repo/relationships', 'repo/cluster/states', 'repo/a/b/c'])
      expect(await tree.query(collection, 'true', { totals: 'EXACT' })).toEqual({
        objects: [],
        cookie: null,
        total: 0,
      });
    await expect(tree.read(`${STAGE}/X`)).rejects.toMatchObject({ status: 404 });
    await expect(tree.repository.objects.count(STAGE)).rejects.toThrow('not declared');
  });

  it('takes everything after a known collection as the id', async () => {
    await tree.create('repo/config/provisioner.openicf', 'ldap', { a: 1 });
    expect(await tree.read('repo/config/provisioner.openicf/ldap')).toMatchObject({ _id: 'provisioner.openicf/ldap' });
    await tree.create('repo/synchronisation/deadLetterQueue/ldap', null, { _id: 'to/ken==', token: 'to/ken==' });
    const all = { kind: 'id', queryId: 'query-all-ids', parameters: {} } as const;
    expect((await tree.query('repo/synchronisation/deadLetterQueue/ldap', all)).objects).toEqual([
      { _id: 'to/ken==', _rev: '0' },
    ]);
    await tree.create('repo/my/own', 'x', { a: 1 });
    expect(await tree.read('repo/my/own/x')).toEqual({ _id: 'x', _rev: '0', a: 1 });
    expect(await tree.create('repo/my/own', null, { a: 2 })).toMatchObject({ _rev: '0', a: 2 });
  });

  it.each([
    ['read', 'repo'],
    ['read', 'repo/managed/user'],
    ['read', 'repo/link'],
    ['read', 'repo/alone'],
    ['query', 'repo'],
    ['query', 'repo/managed'],
    ['query', 'repo/link/1'],
    ['query', 'repo/managed/planet'],
    ['read', 'repo/managed/__proto__/x'],
    ['read', 'repo/audit/recon/1'],
    ['query', 'repo/audit/recon'],
  ])('%s on %s is answered with 404', async (verb, place) => {
    const asked = verb === 'read' ? tree.read(place) : tree.query(place, 'true');
    await expect(asked).rejects.toMatchObject({ status: 404 });
  });

  it.each(['repo/a//b', 'repo/a/\u0000b', `repo/${'a/'.repeat(20)}b`, `repo/${'a'.repeat(300)}`])(
    '%j is refused as the name of a collection',
    async (place) => {
      await expect(tree.create(place, null, {})).rejects.toMatchObject({ status: 400 });
      await expect(tree.query(place, 'true')).rejects.toMatchObject({ status: 400 });
    },
  );

  it('refuses to create twice, to update or delete what is not there, and stale revisions', async () => {
    await tree.create(STAGE, 'A', {});
    await expect(tree.create(STAGE, 'A', {})).rejects.toMatchObject({ status: 412 });
    await expect(tree.update(`${STAGE}/B`, {})).rejects.toMatchObject({ status: 404 });
    await expect(tree.delete(`${STAGE}/B`, '0')).rejects.toMatchObject({ status: 404 });
    for (const rev of ['1', '00', 'x', '']) {
      await expect(tree.update(`${STAGE}/A`, {}, rev)).rejects.toMatchObject({ status: 412 });
      await expect(tree.delete(`${STAGE}/A`, rev)).rejects.toMatchObject({ status: 412 });
    }
    await expect(tree.create(STAGE, 'x'.repeat(5000), {})).rejects.toMatchObject({ status: 400 });
    await expect(tree.create(STAGE, null, { _id: 5 })).rejects.toMatchObject({ status: 400 });
  });

  it('deletes only with a revision, or when any is said to do', async () => {
    await tree.create(STAGE, 'A', {});
    await expect(tree.delete(`${STAGE}/A`, null)).rejects.toMatchObject({
      status: 409,
      message: 'Object passed into delete does not have revision it expects set.',
    });
    await tree.delete(`${STAGE}/A`, null, { _ifMatchAny: 'true' });
    expect((await tree.query(STAGE, 'true')).objects).toEqual([]);
  });

  it('lets the last writer win without a revision, and one of many with it', async () => {
    await tree.create(STAGE, 'A', {});
    await Promise.all(Array.from({ length: 8 }, (_, n) => tree.update(`${STAGE}/A`, { n })));
    expect(await tree.read(`${STAGE}/A`)).toMatchObject({ _rev: '8' });
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => tree.update(`${STAGE}/A`, { n }, '8')),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('does not patch, and knows no action but command', async () => {
    await tree.create(STAGE, 'A', {});
    const patch = { verb: 'patch' as const, path: `${STAGE}/A`, rev: null, operations: [] };
    await expect(tree.handle(patch)).rejects.toMatchObject({ status: 501 });
    const action = { verb: 'action', path: STAGE, action: 'explode', content: null } as const;
    await expect(tree.handle(action)).rejects.toMatchObject({ status: 400 });
  });

  it('shows managed objects as they are stored, found by filter, predefined query and native text', async () => {
    await tree.create('repo/managed/user', 'b', { userName: 'bjensen', accountStatus: 'active', n: 2 });
    await tree.create('repo/managed/user', 'j', { userName: 'jdoe', accountStatus: 'inactive', n: 1 });
    const find = async (queryId: string, parameters: Record<string, string>): Promise<readonly unknown[]> =>
      (await tree.query('repo/managed/user', { kind: 'id', queryId, parameters })).objects.map(({ _id }) => _id);
    expect(await find('for-userName', { uid: 'jdoe' })).toEqual(['j']);
    expect(await find('get-by-field-value', { field: 'userName', value: 'bjensen' })).toEqual(['b']);
    expect(await find('credential-query', { username: 'jdoe' })).toEqual([]);
    expect(await find('credential-query', { username: 'bjensen' })).toEqual(['b']);
    const expression = 'SELECT * FROM ${unquoted:_resource} WHERE userName = ${name}';
    expect(await find('_queryExpression', { expression, name: 'jdoe' })).toEqual(['j']);
    await expect(find('_queryExpression', { expression: 'DROP TABLE link' })).rejects.toMatchObject({ status: 501 });
    await expect(find('nothing', {})).rejects.toMatchObject({ status: 400 });
    await expect(find('for-userName', {})).rejects.toMatchObject({ status: 400 });
    const sortKeys = [{ pointer: ['n'], isDescending: false }];
    const page = await tree.query('repo/managed/user', 'true', { sortKeys, pageSize: 1 });
    expect(page.objects).toEqual([{ _id: 'j', _rev: '0', userName: 'jdoe', accountStatus: 'inactive', n: 1 }]);
    const next = await tree.query('repo/managed/user', 'true', { sortKeys, pageSize: 1, cookie: page.cookie });
    expect([next.objects[0]!['_id'], next.cookie]).toEqual(['b', null]);
    expect(await tree.repository.objects.findByValue('user', 'userName', ['jdoe'])).toHaveLength(1);
  });

  it('never shows private attributes to the outside, which cannot lose them either', async () => {
    const inside = tree.as({ caller: SYSTEM_CALLER });
    await tree.create('repo/managed/user', 'b', { secret: 's', n: 1 });
    expect(await tree.read('repo/managed/user/b')).toEqual({ _id: 'b', _rev: '0', n: 1 });
    expect(await tree.update('repo/managed/user/b', { n: 2 })).toEqual({ _id: 'b', _rev: '1', n: 2 });
    expect(await inside.read('repo/managed/user/b')).toMatchObject({ secret: 's', n: 2 });
    await expect(tree.query('repo/managed/user', 'secret sw "s"')).rejects.toMatchObject({ status: 403 });
    expect((await inside.query('repo/managed/user', 'secret sw "s"')).objects).toHaveLength(1);
    expect(await tree.delete('repo/managed/user/b', '1')).toEqual({ _id: 'b', _rev: '1', n: 2 });
  });

  it('hashes passwords of internal users, and keeps them to itself', async () => {
    const inside = tree.as({ caller: SYSTEM_CALLER });
    const made = await tree.create('repo/internal/user', 'anna', { password: 'Passw0rd', roles: 'auditor' });
    expect(made).toEqual({ _id: 'anna', _rev: '0', roles: 'auditor' });
    const stored = await inside.read('repo/internal/user/anna');
    expect(stored['password']).toMatch(/^\$scrypt\$/);
    await tree.update('repo/internal/user/anna', { roles: [] });
    expect(await inside.read('repo/internal/user/anna')).toEqual({ ...stored, _rev: '1', roles: [] });
    expect((await tree.query('repo/internal/user', 'true')).objects).toEqual([{ _id: 'anna', _rev: '1', roles: [] }]);
    await expect(tree.query('repo/internal/user', 'password pr')).rejects.toMatchObject({ status: 403 });
  });

  it('keeps the last internal user with the role openidm-admin, whichever way it would go', async () => {
    const user = 'repo/internal/user';
    await tree.create(user, 'admin', { password: 'Passw0rd', roles: ['openidm-admin'] });
    await tree.create(user, 'anna', { password: 'Passw0rd', roles: 'auditor' });
    const refusal = { status: 409, message: expect.stringMatching(/last internal user .* give another one that role/) };
    await expect(tree.delete(`${user}/admin`, '0')).rejects.toMatchObject(refusal);
    for (const roles of [[], ['openidm-authorized'], null])
      await expect(tree.update(`${user}/admin`, { roles })).rejects.toMatchObject(refusal);
    expect(await tree.update(`${user}/admin`, { roles: 'openidm-authorized, openidm-admin', n: 1 })).toMatchObject({
      n: 1,
    });
    await tree.update(`${user}/anna`, { roles: [{ _ref: 'internal/role/openidm-admin' }] });
    const both = await Promise.allSettled([tree.delete(`${user}/admin`, '1'), tree.delete(`${user}/anna`, '1')]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((await tree.query(user, 'true')).objects.map(({ _id }) => _id)).toEqual(['anna']);
  });

  it('writes nothing in a plan, and says what it would write', async () => {
    const plan = tree.as({ mode: 'plan' });
    await tree.create(STAGE, 'A', { n: 1 });
    expect(await plan.create(STAGE, 'B', { n: 2 })).toEqual({ _id: 'B', _rev: '0', n: 2 });
    expect(await plan.update(`${STAGE}/A`, { n: 3 })).toEqual({ _id: 'A', _rev: '1', n: 3 });
    expect(await plan.delete(`${STAGE}/A`, '0')).toEqual({ _id: 'A', _rev: '0', n: 1 });
    await expect(plan.create(STAGE, 'A', {})).rejects.toMatchObject({ status: 412 });
    expect((await tree.query(STAGE, 'true')).objects).toEqual([{ _id: 'A', _rev: '0', n: 1 }]);
  });

  it('hands repo/audit on', async () => {
    const audit = { read: async (_: unknown, id: string) => ({ id, rev: null, object: { _id: id } }) };
    const audited = await openRepoTree(undefined, { audit });
    expect(await audited.read('repo/audit/recon/1')).toEqual({ _id: 'recon/1' });
    await expect(audited.create('repo/audit/recon', '1', {})).rejects.toMatchObject({ status: 501 });
    await expect(audited.query('repo/audit/recon', 'true')).rejects.toMatchObject({ status: 501 });
  });

  it('knows its collections after a restart', async () => {
    const open = () => openSqliteRepositoryInThread({ file: path.join(directory, 'r.db'), clock: systemClock });
    const before = await openRepoTree(open());
    await before.create('repo/ui/notification', '1', { receiverId: 'a', createDate: '2014-01-01' });
    await before.create('repo/ui/notification', '2', { receiverId: 'a', createDate: '2014-01-02' });
    await before.repository.close();
    const after = await openRepoTree(open());
    const newest = { kind: 'id', queryId: 'get-notifications-for-user', parameters: { userId: 'a' } } as const;
    expect((await after.query('repo/ui/notification', newest)).objects.map(({ _id }) => _id)).toEqual(['2', '1']);
    await after.update('repo/ui/notification/1', { receiverId: 'b' }, '0');
    expect((await after.query('repo/ui/notification', newest)).objects).toHaveLength(1);
    await after.repository.close();
  });
});
