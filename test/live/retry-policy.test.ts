import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { tempProject } from '../../src/app/config/temp-project.ts';
import { js, system } from '../implicit/sync-project.ts';
import { forgetDirectories } from './fake-directory.ts';
import { intoUsers, liveFiles, openLiveProject, type LiveProject } from './live-project.ts';

const QUEUE = 'repo/synchronisation/deadLetterQueue/hr';

/** A mapping that cannot do anything with the name `bad`. */
const picky = (): JsonObject =>
  intoUsers({
    properties: [
      { source: 'name', target: 'userName', transform: js("if (source === 'bad') throw 'bad is bad'; source") },
      { source: 'mail', target: 'mail' },
    ],
  });

async function started(
  syncFailureHandler: JsonObject | null,
  more: Partial<{ mappings: JsonObject[]; files: object }> = {},
) {
  const project = await openLiveProject({
    mappings: more.mappings ?? [picky()],
    hr: syncFailureHandler === null ? {} : { syncFailureHandler },
    files: { ...more.files },
  });
  await project.live();
  return project;
}

async function put(project: LiveProject, ...names: readonly string[]): Promise<void> {
  for (const name of names) await project.hr.put(name, { name, mail: `${name}@example.com` });
}

const names = async (project: LiveProject): Promise<readonly string[]> => Object.keys(await project.users());
const tokenOf = (stage: JsonObject): unknown => (stage['connectorData'] as JsonObject)['syncToken'];
const lines = ({ logged }: LiveProject): readonly string[] =>
  logged.filter((line) => /sync retries|dead letter|is ignored/.test(line));

describe('a change that fails', () => {
  it('is tried for ever by default, and holds up what comes after it', async () => {
    await using project = await started(null);
    await put(project, 'a', 'bad', 'c');
    for (let i = 0; i < 3; i++) {
      const stage = await project.live();
      expect(tokenOf(stage)).toBe(1);
      expect(stage['lastException']).toEqual({ throwable: expect.stringContaining('bad is bad') });
      expect(await names(project)).toEqual(['a']);
    }
    await project.hr.put('bad', { name: 'good' });
    // Its first change is told as it was: the system has it in its log.
    expect(tokenOf(await project.live())).toBe(1);
  });

  it('is told with details to who asks for them', async () => {
    await using project = await started(null);
    await put(project, 'bad');
    const stage = await project.live('system/hr/account', { detailedFailure: 'true' });
    const told = stage['lastException'] as JsonObject;
    expect(JSON.parse(String(told['syncDelta']))).toMatchObject({ kind: 'create', id: 'bad', object: { name: 'bad' } });
  });

  it('goes through when its cause is gone; then nothing is left of the exception', async () => {
    await using project = await started(null);
    project.hr.hidesObjects = true;
    await put(project, 'bad', 'c');
    expect(await project.live()).toHaveProperty('lastException');
    await project.hr.put('bad', { name: 'good' });
    const stage = await project.live();
    expect(stage).not.toHaveProperty('lastException');
    expect(tokenOf(stage)).toBe(3);
    expect((await names(project)).toSorted()).toEqual(['c', 'good']);
  });

  it('is ignored at once with maxRetries 0, and holds up nothing', async () => {
    await using project = await started({ maxRetries: 0, postRetryAction: 'logged-ignore' });
    await put(project, 'a', 'bad', 'c');
    const stage = await project.live();
    expect(tokenOf(stage)).toBe(3);
    expect(stage).not.toHaveProperty('lastException');
    expect(await names(project)).toEqual(['a', 'c']);
    expect(lines(project)).toEqual([
      expect.stringContaining('hr:bad sync retries = 0/0, retries exhausted'),
      expect.stringMatching(/^warn: .*system\/hr\/account\/bad is ignored: .*bad is bad/),
    ]);
  });

  it('is tried again as often as configured, by calls; then it goes to the dead letters', async () => {
    await using project = await started({ maxRetries: 4, postRetryAction: 'dead-letter-queue' });
    await put(project, 'a', 'bad', 'c');
    for (let i = 0; i < 4; i++) {
      expect(tokenOf(await project.live())).toBe(1);
      expect(await names(project)).toEqual(['a']);
    }
    expect(tokenOf(await project.live())).toBe(3);
    expect(await names(project)).toEqual(['a', 'c']);
    expect(
      lines(project).map((line) =>
        line
          .replace(/: .*?sync/, ': sync')
          .split(':')
          .slice(0, 2)
          .join(':'),
      ),
    ).toEqual([
      'info: sync retries = 0/4, retrying',
      'info: sync retries = 1/4, retrying',
      'info: sync retries = 2/4, retrying',
      'info: sync retries = 3/4, retrying',
      'warn: sync retries = 4/4, retries exhausted',
      'info: bad saved to dead letter queue',
    ]);
    expect(await project.read(`${QUEUE}/2`)).toMatchObject({
      _id: '2',
      _rev: '0',
      token: 2,
      systemIdentifier: 'hr',
      objectType: 'account',
      uid: 'bad',
      failureCause: expect.stringContaining('bad is bad'),
      failedRecord: expect.stringContaining('"id":"bad"'),
    });
  });

  it('keeps its number of attempts in the repository', async () => {
    forgetDirectories();
    const given = {
      mappings: [picky()],
      hr: { syncFailureHandler: { maxRetries: 1, postRetryAction: 'logged-ignore' } },
    };
    using directory = tempProject(liveFiles(given));
    const open = () =>
      openLiveProject(given, {
        dataDirectory: `${directory.directory}/data`,
        project: { ...directory, [Symbol.dispose]: () => {} },
      });
    {
      const project = await open();
      await project.live();
      await put(project, 'bad');
      await project.live();
      await project[Symbol.asyncDispose]();
    }
    const project = await open();
    expect(tokenOf(await project.live())).toBe(1);
    expect(lines(project)).toContainEqual(expect.stringContaining('1/1, retries exhausted'));
    await project[Symbol.asyncDispose]();
  });

  it('gets a letter of its own, also where tokens are equal', async () => {
    await using project = await started({ maxRetries: 0, postRetryAction: 'dead-letter-queue' });
    await project.create(QUEUE, '1', { token: 1, uid: 'earlier' });
    await put(project, 'bad');
    await project.live();
    const letters = await project.query(QUEUE, 'true');
    expect(letters.map(({ uid }) => uid)).toEqual(['earlier', 'bad']);
    expect(new Set(letters.map(({ _id }) => _id)).size).toBe(2);
  });

  it('is replayed as the object is now', async () => {
    await using project = await started({ maxRetries: 0, postRetryAction: 'dead-letter-queue' });
    await put(project, 'bad', 'bad2');
    await project.hr.put('bad', { name: 'bad', mail: 'again' });
    await project.live();
    expect(await project.action('system/hr', 'replayDeadLetters')).toMatchObject({ replayed: [], failed: [{}, {}] });
    await project.hr.put('bad', { name: 'good', mail: 'now' });
    const answer = await project.action('system/hr', 'replayDeadLetters', { id: '1' });
    expect(answer).toEqual({ replayed: ['1'], failed: [] });
    expect(await project.users()).toMatchObject({ good: { mail: 'now' } });
    expect((await project.query(QUEUE, 'true')).map(({ _id }) => _id)).toEqual(['3']);
    await expect(project.action('system/hr', 'replayDeadLetters', { id: '99' })).rejects.toMatchObject({ status: 404 });
  });

  it('is handed to a script, which may use the handlers in both forms', async () => {
    const source = `
      if (syncFailure.uid === 'bad1') failureHandlers.deadLetterQueue.invoke(syncFailure, failureCause);
      else if (syncFailure.uid === 'bad2') failureHandlers.deadLetterQueue.invoke(context, syncFailure, failureCause);
      else failureHandlers.loggedIgnore.invoke(syncFailure, failureCause);
      openidm.create('managed/user', null, {userName: 'told ' + syncFailure.uid, token: syncFailure.token,
        system: syncFailure.systemIdentifier, type: syncFailure.objectType, cause: failureCause.message});`;
    const properties = [
      { source: 'name', target: 'userName', transform: js("if (source !== 'c') throw 'no'; source") },
    ];
    await using project = await started(
      { maxRetries: 0, postRetryAction: { script: { type: 'text/javascript', source } } },
      { mappings: [intoUsers({ properties })] },
    );
    await put(project, 'bad1', 'bad2', 'bad3', 'c');
    const stage = await project.live();
    expect(stage).not.toHaveProperty('lastException');
    expect(tokenOf(stage)).toBe(4);
    const users = await project.users();
    expect(Object.keys(users).toSorted()).toEqual(['c', 'told bad1', 'told bad2', 'told bad3']);
    expect(users['told bad1']).toMatchObject({
      token: 1,
      system: 'hr',
      type: 'account',
      cause: expect.stringContaining('no'),
    });
    const letters = await project.query(QUEUE, 'true');
    expect(letters.map(({ _id, uid }) => [_id, uid])).toEqual([
      ['1', 'bad1'],
      ['2', 'bad2'],
    ]);
    expect(project.logged.some((line) => line.includes('system/hr/account/bad3 is ignored'))).toBe(true);
  });

  it('stops the call when its script fails', async () => {
    const script = { type: 'text/javascript', file: 'script/onFailure.js' };
    await using project = await started(
      { maxRetries: 0, postRetryAction: { script } },
      { files: { 'script/onFailure.js': "throw 'the script ' + syncFailure.uid;" } },
    );
    await put(project, 'a', 'bad', 'c');
    const stage = await project.live();
    expect(tokenOf(stage)).toBe(1);
    expect(stage['lastException']).toEqual({ throwable: expect.stringContaining('the script bad') });
  });

  it('does not repeat what was handled behind it before it was known to fail', async () => {
    const out = {
      name: 'hr_ldap',
      source: 'system/hr/account',
      target: 'system/ldap/account',
      properties: [{ source: 'name', target: 'name' }],
      policies: [{ situation: 'ABSENT', action: 'CREATE' }],
      onCreate: js("if (source.name === 'bad') throw 'refused'"),
    };
    const files = { 'conf/provisioner.openicf-ldap.json': system('ldap') };
    await using project = await started({ maxRetries: -1 }, { mappings: [intoUsers(), out], files });
    await put(project, 'a', 'bad', 'c');
    for (let i = 0; i < 3; i++) expect(tokenOf(await project.live())).toBe(1);
    expect(Object.keys(await project.held('ldap'))).toHaveLength(1);
    const { rows } = await project.lockstep.repository.audit.page('sync', { limit: 100 });
    const of = (id: string) => rows.filter(({ event }) => event['sourceObjectId'] === `system/hr/account/${id}`);
    expect(of('a')).toHaveLength(2);
    expect(of('c').length).toBeLessThanOrEqual(2);
  });
});
