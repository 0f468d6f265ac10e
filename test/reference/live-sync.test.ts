import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { system } from '../implicit/sync-project.ts';
import { fakeDirectory, forgetDirectories } from '../live/fake-directory.ts';
import { serveProject, type ServedProject } from './served-project.ts';

/** The commands of the reference documents about liveSync, as printed there. */

const properties = [
  { source: 'uid', target: 'userName' },
  { source: 'mail', target: 'mail', condition: { type: 'text/javascript', source: 'bad' } },
];
const mapping = (withFault: boolean): JsonObject => ({
  name: 'systemLdapAccounts_managedUser',
  source: 'system/ldap/account',
  target: 'managed/user',
  properties: withFault ? properties : properties.slice(0, 1),
});
const files = {
  'conf/managed.json': { objects: [{ name: 'user', schema: { properties: { userName: { type: 'string' } } } }] },
  'conf/provisioner.openicf-ldap.json': {
    ...system('ldap', ['uid', 'mail', 'name', 'note']),
    connectorRef: { connectorName: 'fake-directory' },
    syncFailureHandler: { maxRetries: 4, postRetryAction: 'dead-letter-queue' },
  },
  'conf/sync.json': { mappings: [mapping(true)] },
};

const JDOE = 'uid=jdoe,ou=people,dc=example,dc=com';
const COMMAND = (path: string): string => `$ curl \\
--cacert self-signed.crt \\
--header "X-OpenIDM-Username: openidm-admin" \\
--header "X-OpenIDM-Password: openidm-admin" \\
--header "Content-Type: application/json" \\
--request POST \\
"https://localhost:8443/openidm/${path}"`;
const GET = (path: string): string => COMMAND(path).replace('--request POST', '--request GET');

let project: ServedProject;

beforeAll(async () => {
  forgetDirectories();
  project = await serveProject(files);
  project.lockstep.connector('ldap');
}, 60_000);
afterAll(() => project[Symbol.asyncDispose]());

describe('liveSync over REST', () => {
  it('is called on the resource, and answers the token', async () => {
    const { status, body } = await project.curl(COMMAND('system/ldap/account?_action=liveSync'));
    expect(status).toBe(200);
    expect(body).toEqual({
      _id: 'SYSTEMLDAPACCOUNT',
      _rev: '0',
      connectorData: { syncToken: 0, nativeType: 'integer' },
    });
  });

  it('is called on the system endpoint with a source', async () => {
    await fakeDirectory('ldap').put('uid=plain', { uid: 'plain' }, 'account');
    const { status, body } = await project.curl(COMMAND('system?_action=liveSync&source=system/ldap/account'));
    expect(status).toBe(200);
    expect(body).toMatchObject({ _id: 'SYSTEMLDAPACCOUNT', connectorData: { nativeType: 'integer', syncToken: 0 } });
  });

  it('answers what failed when it is asked for details', async () => {
    const bare = await project.curl(COMMAND('system/ldap/account?_action=liveSync'));
    expect(bare.body).toMatchObject({ lastException: { throwable: expect.stringContaining('bad is not defined') } });
    expect((bare.body as JsonObject)['lastException']).not.toHaveProperty('syncDelta');
    const detailed = await project.curl(COMMAND('system/ldap/account?_action=liveSync&detailedFailure=true'));
    expect(detailed.body).toMatchObject({ lastException: { syncDelta: expect.stringContaining('uid=plain') } });
  });

  it('keeps what it gave up as a dead letter', async () => {
    for (let i = 0; i < 2; i++) await project.curl(COMMAND('system/ldap/account?_action=liveSync'));
    await fakeDirectory('ldap').put(JDOE, { uid: 'jdoe' }, 'account');
    for (let i = 0; i < 5; i++) await project.curl(COMMAND('system/ldap/account?_action=liveSync'));
    const listed = await project.curl(GET('repo/synchronisation/deadLetterQueue/ldap?_queryId=query-all-ids'));
    expect(listed.body).toMatchObject({
      result: [
        { _id: '1', _rev: '0' },
        { _id: '2', _rev: '0' },
      ],
    });
    const { body } = await project.curl(GET('repo/synchronisation/deadLetterQueue/ldap/2'));
    expect(body).toEqual({
      _id: '2',
      _rev: '0',
      objectType: 'account',
      systemIdentifier: 'ldap',
      failureCause: expect.stringContaining('bad is not defined'),
      token: 2,
      failedRecord: expect.any(String),
      uid: JDOE,
    });
    expect(project.logged).toContain(`info: ${JDOE} saved to dead letter queue`);
    expect(project.logged.some((line) => line.includes('sync retries = 1/4, retrying'))).toBe(true);
    expect(project.logged.some((line) => line.includes('sync retries = 4/4, retries exhausted'))).toBe(true);
  });

  it('begins anew after the token was deleted with its revision', async () => {
    const headers = '-H "X-OpenIDM-Username: openidm-admin" -H "X-OpenIDM-Password: openidm-admin"';
    const stage = 'http://localhost:8080/openidm/repo/synchronisation/pooledSyncStage';
    const listed = await project.curl(`$ curl -X GET ${headers} "${stage}?_queryFilter=true&_fields=_id"`);
    expect(listed.body).toMatchObject({ result: [{ _id: 'SYSTEMLDAPACCOUNT' }], resultCount: 1 });
    const { body } = await project.curl(`$ curl -X GET ${headers} ${stage}/SYSTEMLDAPACCOUNT`);
    const rev = String((body as JsonObject)['_rev']);
    const deleted = await project.curl(`$ curl -X DELETE ${headers} -H "If-Match: ${rev}" ${stage}/SYSTEMLDAPACCOUNT`);
    expect(deleted.status).toBe(200);
    const again = await project.curl(COMMAND('system/ldap/account?_action=liveSync'));
    expect(again.body).toEqual({
      _id: 'SYSTEMLDAPACCOUNT',
      _rev: '0',
      connectorData: { nativeType: 'integer', syncToken: 2 },
    });
  });

  it('replays dead letters when their cause is gone', async () => {
    const answer = await project.curl(COMMAND('system/ldap?_action=replayDeadLetters&id=2'));
    expect(answer.body).toMatchObject({
      replayed: [],
      failed: [{ _id: '2', message: expect.stringContaining('bad') }],
    });
  });

  it('tells an unknown system, a missing source and a system without changes apart', async () => {
    expect((await project.curl(COMMAND('system/none/account?_action=liveSync'))).status).toBe(404);
    expect((await project.curl(COMMAND('system?_action=liveSync'))).status).toBe(400);
    expect((await project.curl(COMMAND('system?_action=liveSync&source=managed/user'))).status).toBe(400);
  });
});
