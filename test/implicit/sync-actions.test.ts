import { describe, expect, it } from 'vitest';
import { idOf, js, openSyncProject, out, system, user } from './sync-project.ts';

const FILES = {
  'conf/managed.json': user(),
  'conf/provisioner.openicf-a.json': system('a'),
  'conf/provisioner.openicf-b.json': system('b'),
  'conf/sync.json': { mappings: [out('a', { enableSync: false }), out('b', { enableSync: false })] },
};
const MAPPING = 'managedUser_a';
const perform = (more: Record<string, string>): Record<string, string> => ({
  mapping: MAPPING,
  sourceId: 'u',
  ...more,
});

describe('sync?_action=performAction', () => {
  it('does what it is told to the one object, and answers {}', async () => {
    await using project = await openSyncProject(FILES);
    await project.create('managed/user', 'u', { userName: 'ann' });
    await project.create('managed/user', 'v', { userName: 'bob' });
    expect(await project.action('sync', 'performAction', perform({ action: 'CREATE' }))).toEqual({});
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'ann' }]);
    await project.patch('managed/user/u', [{ operation: 'replace', field: '/userName', value: 'anne' }]);
    expect(await project.action('sync', 'performAction', perform({ action: 'UPDATE' }))).toEqual({});
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'anne' }]);
    expect(await project.action('sync', 'performAction', perform({ action: 'DELETE' }))).toEqual({});
    expect([await project.held('a'), await project.query('repo/link', 'true')]).toEqual([{}, []]);
    expect(await project.query('audit/sync', 'true')).toEqual([]);
    expect(await project.action('sync', 'performAction', perform({ action: 'EXCEPTION' }))).toEqual({});
  });

  it('refuses another situation than the expected one, and what is not there', async () => {
    await using project = await openSyncProject(FILES);
    await project.create('managed/user', 'u', { userName: 'ann' });
    const failing = (more: Record<string, string>): Promise<unknown> =>
      project.action('sync', 'performAction', perform(more));
    await expect(failing({ action: 'CREATE', situation: 'CONFIRMED' })).rejects.toMatchObject({
      status: 409,
      message: 'Expected situation does not match. Expected: CONFIRMED, Found: ABSENT',
    });
    await expect(failing({ action: 'CREATE', sourceId: 'none' })).rejects.toMatchObject({
      status: 409,
      message: 'Source object none does not exist',
    });
    await expect(failing({ action: 'LINK', targetId: 'none' })).rejects.toMatchObject({
      message: 'Target object none does not exist',
    });
    await expect(failing({ action: 'DANCE' })).rejects.toMatchObject({ status: 400 });
    await expect(failing({ action: 'CREATE', mapping: 'none' })).rejects.toMatchObject({ status: 400 });
    expect(await project.held('a')).toEqual({});
  });

  it('links the target that is named, and works from the target side', async () => {
    const objects = { account: [{ _id: 't', name: 'somebody' }] };
    const a = { ...system('a'), configurationProperties: { objects } };
    await using project = await openSyncProject({ ...FILES, 'conf/provisioner.openicf-a.json': a });
    await project.create('managed/user', 'u', { userName: 'ann' });
    await project.action('sync', 'performAction', perform({ action: 'LINK', targetId: 't' }));
    expect(await project.query('repo/link', 'true')).toMatchObject([{ firstId: 'u', secondId: 't' }]);
    expect(await project.held('a')).toEqual({ t: { name: 'somebody' } });
    const target = { mapping: MAPPING, target: 'true', targetId: 't', situation: 'CONFIRMED', action: 'UNLINK' };
    expect(await project.action('sync', 'performAction', target)).toEqual({});
    expect(await project.query('repo/link', 'true')).toEqual([]);
    const gone = { mapping: MAPPING, target: 'true', targetId: 't', action: 'DELETE' };
    expect(await project.action('sync', 'performAction', gone)).toEqual({});
    expect(await project.held('a')).toEqual({});
  });

  it('is told in the audit of the run that left the decision to it', async () => {
    const policies = [{ situation: 'ABSENT', action: 'ASYNC' }];
    const mappings = [out('a', { enableSync: false, policies })];
    await using project = await openSyncProject({ ...FILES, 'conf/sync.json': { mappings } });
    await project.create('managed/user', 'u', { userName: 'ann' });
    const run = await project.action('recon', 'recon', { mapping: MAPPING, waitForCompletion: 'true' });
    const reconId = idOf(run);
    expect(await project.held('a')).toEqual({});
    await project.action('sync', 'performAction', perform({ action: 'CREATE', situation: 'ABSENT', reconId }));
    const entries = await project.query('audit/recon', `reconId eq "${reconId}" and entryType eq "entry"`);
    expect(entries.map((entry) => [entry['situation'], entry['action'], entry['status']])).toContainEqual([
      'ABSENT',
      'CREATE',
      'SUCCESS',
    ]);
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'ann' }]);
  });

  it('is called by scripts with its parameters in either place', async () => {
    await using project = await openSyncProject(FILES);
    await project.create('managed/user', 'u', { userName: 'ann' });
    const call = `openidm.action('sync', 'performAction', {}, ${JSON.stringify(perform({ action: 'CREATE' }))})`;
    expect(await project.action('script', 'eval', {}, js(call))).toEqual({});
    const older = `openidm.action('sync', 'performAction', ${JSON.stringify(perform({ action: 'DELETE' }))})`;
    expect(await project.action('script', 'eval', {}, js(older))).toEqual({});
    expect(await project.held('a')).toEqual({});
  });
});

describe('sync?_action=getLinkedResources', () => {
  it('tells every link of an object, with what is there', async () => {
    await using project = await openSyncProject({ ...FILES, 'conf/sync.json': { mappings: [out('a'), out('b')] } });
    await project.create('managed/user', 'u', { userName: 'ann' });
    const [a, b] = [Object.keys(await project.held('a'))[0], Object.keys(await project.held('b'))[0]];
    await project.remove(`system/b/account/${b}`);
    expect(await project.action('sync', 'getLinkedResources', { resourceName: 'managed/user/u' })).toEqual([
      {
        resourceName: `system/a/account/${a}`,
        content: expect.objectContaining({ _id: a, name: 'ann' }),
        linkQualifier: 'default',
        linkType: 'managedUser_a',
        mappings: [{ name: 'managedUser_a', type: 'source' }],
      },
      expect.objectContaining({ content: null, error: expect.objectContaining({ code: 404 }) }),
    ]);
    await expect(project.action('sync', 'getLinkedResources', {})).rejects.toMatchObject({ status: 400 });
  });
});

describe('sync?_action=notify…', () => {
  const open = () => openSyncProject({ ...FILES, 'conf/sync.json': { mappings: [out('a'), out('b')] } });
  const at = { resourceContainer: 'managed/user', resourceId: 'x' };

  it('pushes what it is told, whether or not it is there', async () => {
    await using project = await open();
    const created = { oldValue: null, newValue: { _id: 'x', userName: 'ann' } };
    expect(await project.action('sync', 'notifyCreate', at, created)).toMatchObject([
      { result: 'SUCCESSFUL', mapping: 'managedUser_a', situation: 'ABSENT', sourceId: 'x' },
      { result: 'SUCCESSFUL', mapping: 'managedUser_b', situation: 'ABSENT', sourceId: 'x' },
    ]);
    const same = { oldValue: created.newValue, newValue: created.newValue };
    expect(await project.action('sync', 'notifyUpdate', at, same)).toEqual([]);
    const gone = { oldValue: created.newValue, newValue: null };
    expect(await project.action('sync', 'notifyDelete', at, gone)).toMatchObject([
      { situation: 'SOURCE_MISSING', action: 'DELETE' },
      { situation: 'SOURCE_MISSING', action: 'DELETE' },
    ]);
    expect([await project.held('a'), await project.held('b')]).toEqual([{}, {}]);
    const nowhere = { ...at, resourceContainer: 'managed/none' };
    expect(await project.action('sync', 'notifyCreate', nowhere, created)).toEqual([]);
    expect(await project.action('sync', 'notifyUpdate', nowhere, {})).toEqual([]);
  });

  it('ends with 409 and the results so far', async () => {
    const policies = [{ situation: 'ABSENT', action: 'EXCEPTION' }];
    const mappings = [out('b'), out('a', { policies }), { ...out('b'), name: 'again', links: 'managedUser_b' }];
    await using project = await openSyncProject({ ...FILES, 'conf/sync.json': { mappings } });
    const told = project.action('sync', 'notifyCreate', at, {
      oldValue: null,
      newValue: { _id: 'x', userName: 'ann' },
    });
    await expect(told).rejects.toMatchObject({
      status: 409,
      detail: [
        { result: 'SUCCESSFUL', mapping: 'managedUser_b' },
        { result: 'FAILED', cause: { code: 409, message: 'Situation ABSENT marked as EXCEPTION' } },
        { result: 'SKIPPED', mapping: 'again' },
      ],
    });
  });
});
