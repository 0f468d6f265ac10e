import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { PROJECT_FILES } from './project-files.ts';
import { serveProject, type ServedProject } from './served-project.ts';

/** The commands of the reference documents, as printed there but for ids that a run makes up. */

const CREDENTIALS = `--cacert self-signed.crt \\
 --header "X-OpenIDM-Username: openidm-admin" \\
 --header "X-OpenIDM-Password: openidm-admin" \\`;
const JSON_TYPE = '--header "Content-Type: application/json" \\';
const AT = 'https://localhost:8443/openidm';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let project: ServedProject;
let reconId = '';

const get = async (path: string): Promise<JsonObject> => {
  const answer = await project.curl(`$ curl \\\n ${CREDENTIALS}\n --request GET \\\n "${AT}/${path}"`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as JsonObject;
};
const post = (path: string, data = ''): ReturnType<ServedProject['curl']> =>
  project.curl(`$ curl \\\n ${CREDENTIALS}\n ${JSON_TYPE}\n --request POST \\\n ${data}"${AT}/${path}"`);
const rows = (answer: JsonObject, name = 'result'): readonly JsonObject[] => answer[name] as unknown as JsonObject[];

beforeAll(async () => {
  project = await serveProject(PROJECT_FILES);
}, 60_000);
afterAll(() => project[Symbol.asyncDispose]());

describe('reconciliation over REST', () => {
  it('is triggered, and answers its id at once', async () => {
    const { status, body } = await post('recon?_action=recon&mapping=systemLdapAccounts_managedUser');
    expect(status).toBe(200);
    expect(body).toMatchObject({ _id: expect.stringMatching(UUID), state: 'ACTIVE' });
    await expect
      .poll(async () => (await get(`recon/${(body as JsonObject)['_id'] as string}`))['state'], { timeout: 30_000 })
      .toBe('SUCCESS');
  });

  it('waits for the end when asked to', async () => {
    const { body } = await post('recon?_action=recon&mapping=systemXmlfileAccounts_managedUser&waitForCompletion=true');
    expect(body).toMatchObject({ _id: expect.stringMatching(UUID), state: 'SUCCESS' });
    reconId = (body as JsonObject)['_id'] as string;
    const stored = await project.lockstep.repository.objects.readMany('user', ['bjensen', 'scarter']);
    expect(stored.map(({ doc }) => doc['sn']).toSorted()).toEqual(['Carter', 'Jensen']);
  });

  it('gives the details of a run', async () => {
    expect(await get(`recon/${reconId}`)).toMatchObject({
      ended: expect.stringMatching(TIME),
      _id: reconId,
      mapping: 'systemXmlfileAccounts_managedUser',
      state: 'SUCCESS',
      stage: 'COMPLETED_SUCCESS',
      stageDescription: 'reconciliation completed.',
      progress: {
        links: { created: 2, existing: { total: '0', processed: 0 } },
        target: { created: 2, existing: { total: '1', processed: expect.any(Number) } },
        source: { existing: { total: '2', processed: 2 } },
      },
      situationSummary: {
        UNASSIGNED: 1,
        TARGET_IGNORED: 0,
        SOURCE_IGNORED: 0,
        MISSING: 0,
        FOUND: 0,
        AMBIGUOUS: 0,
        UNQUALIFIED: 0,
        CONFIRMED: 0,
        SOURCE_MISSING: 0,
        ABSENT: 2,
      },
      started: expect.stringMatching(TIME),
    });
  });

  it('cancels a run', async () => {
    const { status, body } = await post(`recon/${reconId}?_action=cancel`);
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'SUCCESS', action: 'cancel', _id: reconId });
  });

  it('lists the runs', async () => {
    const listed = rows(await get('recon'), 'reconciliations');
    expect(listed.map((run) => run['mapping'])).toEqual([
      'systemXmlfileAccounts_managedUser',
      'systemLdapAccounts_managedUser',
    ]);
  });

  it('takes a source query in the body', async () => {
    const data = `--data '{"sourceQuery": {"_queryId" : "query-all-ids"}}' \\\n `;
    const { status, body } = await post(
      'recon?_action=recon&mapping=managedUser_systemLdapAccounts&waitForCompletion=true',
      data,
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'SUCCESS' });
    expect(project.read('data/ldap.csv')).toContain('uid=bjensen,ou=People,dc=example,dc=com');
  });

  it('reconciles one object by its id', async () => {
    const { status, body } = await post(
      'recon?_action=reconById&mapping=managedUser_systemLdapAccounts&ids=bjensen&waitForCompletion=true',
    );
    expect(status).toBe(200);
    const run = await get(`recon/${(body as JsonObject)['_id'] as string}`);
    expect(run['situationSummary']).toMatchObject({ CONFIRMED: 1, ABSENT: 0 });
  });

  it('refuses what is not there in the words of the product', async () => {
    expect(await post('recon?_action=recon&mapping=nothing')).toMatchObject({
      status: 409,
      body: { code: 409, reason: 'Conflict', message: 'No such mapping: nothing' },
    });
    expect((await post('recon?_action=reconByQuery&mapping=managedUser_systemLdapAccounts')).status).toBe(400);
    const { status, body } = await post('recon?_action=reconById&mapping=managedUser_systemLdapAccounts');
    expect(status).toBe(400);
    expect(body).toMatchObject({ message: expect.stringContaining("requires a parameter 'ids'") });
    const unknown = await project.curl(`curl ${CREDENTIALS} "${AT}/recon/0890ad62-4738-4a3f-8b8e-f3c83bbf212e"`);
    expect(unknown.body).toMatchObject({
      code: 404,
      message: 'Reconciliation with id 0890ad62-4738-4a3f-8b8e-f3c83bbf212e not found.',
    });
  });
});

describe('private data', () => {
  it('is changed by a patch with a query, and the object without it is answered', async () => {
    const created = await project.curl(
      `curl ${CREDENTIALS} ${JSON_TYPE} --request PUT --data '{"userName":"jsmith","givenName":"John","sn":"Smith","password":"Secret-1","securityAnswer":"Some security answer"}' "${AT}/managed/user/jsmith"`,
    );
    expect(created.status).toBe(201);
    const { status, body } = await post(
      'managed/user?_action=patch&_queryId=for-userName&uid=jsmith',
      `--data '[\n{\n"operation":"replace",\n"field":"/givenName",\n"value":"Jon"\n}\n]' \\\n `,
    );
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toMatchObject({ _id: 'jsmith', givenName: 'Jon', sn: 'Smith' });
    expect(body).not.toHaveProperty('password');
    const [stored] = await project.lockstep.repository.objects.readMany('user', ['jsmith']);
    expect(stored!.doc).toMatchObject({ givenName: 'Jon', password: { $crypto: { type: 'x-simple-encryption' } } });
    expect(project.lockstep.crypto.decrypt(stored!.doc['password']!)).toBe('Secret-1');
  });
});

describe('the reconciliation audit', () => {
  it('has the entries of a run', async () => {
    const { entries } = (await get('audit/recon')) as unknown as { entries: JsonObject[] };
    const mine = entries.filter((entry) => entry['reconId'] === reconId);
    expect(mine.find((entry) => entry['sourceObjectId'] === 'system/xmlfile/account/scarter')).toEqual({
      mapping: 'systemXmlfileAccounts_managedUser',
      targetObjectId: 'managed/user/scarter',
      sourceObjectId: 'system/xmlfile/account/scarter',
      situation: 'ABSENT',
      reconciling: 'source',
      ambiguousTargetObjectIds: '',
      action: 'CREATE',
      actionId: reconId,
      exception: '',
      _id: expect.any(String),
      entryType: 'entry',
      timestamp: expect.stringMatching(TIME),
      reconId,
      rootActionId: reconId,
      status: 'SUCCESS',
      message: null,
      messageDetail: null,
    });
    expect(mine.find((entry) => entry['entryType'] === 'start')).toEqual({
      mapping: 'systemXmlfileAccounts_managedUser',
      exception: '',
      _id: expect.any(String),
      entryType: 'start',
      timestamp: expect.stringMatching(TIME),
      reconId,
      rootActionId: reconId,
      status: 'SUCCESS',
      message: 'Reconciliation initiated by openidm-admin',
      messageDetail: null,
    });
    expect(mine.find((entry) => entry['entryType'] === 'summary')).toMatchObject({
      message:
        'SOURCE_IGNORED: 0 MISSING: 0 FOUND: 0 AMBIGUOUS: 0 UNQUALIFIED: 0 CONFIRMED: 0 SOURCE_MISSING: 0 ABSENT: 2 TARGET_IGNORED: 0 UNASSIGNED: 1 FOUND_ALREADY_LINKED: 0 ',
      messageDetail: { stage: 'COMPLETED_SUCCESS', state: 'SUCCESS', mapping: 'systemXmlfileAccounts_managedUser' },
    });
  });

  it('is queried by run', async () => {
    const answer = await get(`audit/recon?_queryId=audit-by-recon-id&reconId=${reconId}`);
    expect(answer).toMatchObject({ resultCount: 5, pagedResultsCookie: null, remainingPagedResults: -1 });
    const entry = rows(answer).find((one) => one['entryType'] === 'entry');
    expect(await get(`audit/recon/${entry!['_id'] as string}`)).toMatchObject({ ...entry! });
  });

  it('is queried by run and situation', async () => {
    const answer = await get(`audit/recon?_queryId=audit-by-recon-id-situation&situation=ABSENT&reconId=${reconId}`);
    expect(
      rows(answer)
        .map((entry) => entry['targetObjectId'])
        .toSorted(),
    ).toEqual(['managed/user/bjensen', 'managed/user/scarter']);
  });

  it('shows every member when it is not formatted', async () => {
    const answer = await get(`audit/recon?_queryId=audit-by-recon-id&reconId=${reconId}&formatted=false`);
    const start = rows(answer).find((entry) => entry['entryType'] === 'start')!;
    expect(start).toMatchObject({ situation: null, sourceObjectId: null, targetObjectId: null });
  });
});

describe('the activity and synchronization audit', () => {
  it('lists and reads activity, with encrypted values encrypted', async () => {
    const { entries } = (await get('audit/activity')) as unknown as { entries: JsonObject[] };
    const create = entries.find(
      (entry) => entry['objectId'] === 'managed/user/jsmith' && entry['action'] === 'CREATE',
    )!;
    expect(create).toMatchObject({
      before: null,
      requester: 'openidm-admin',
      parentActionId: expect.any(String),
      activityId: expect.any(String),
      timestamp: expect.stringMatching(TIME),
      message: 'create',
      rootActionId: expect.any(String),
      passwordChanged: true,
      changedFields: ['/password'],
      status: 'SUCCESS',
      after: { securityAnswer: { $crypto: { type: 'x-simple-encryption', value: { key: 'openidm-sym-default' } } } },
    });
    expect(JSON.stringify(entries)).not.toContain('Secret-1');
    expect(await get(`audit/activity/${create['_id'] as string}`)).toMatchObject({ objectId: 'managed/user/jsmith' });
    const same = await get(
      `audit/activity?_queryId=audit-by-activity-parent-action&parentActionId=${create['parentActionId'] as string}`,
    );
    expect(rows(same).map((entry) => entry['_id'])).toContain(create['_id']);
  });

  it('lists synchronization', async () => {
    const entries = (await get('audit/sync'))['entries'] as JsonObject[];
    expect(entries).toContainEqual(
      expect.objectContaining({
        mapping: 'managedUser_systemLdapAccounts',
        situation: 'ABSENT',
        action: 'CREATE',
        status: 'SUCCESS',
        sourceObjectId: 'managed/user/jsmith',
      }),
    );
    const [entry] = entries;
    expect(await get(`audit/sync/${String(entry!['_id'])}`)).toMatchObject({ _id: entry!['_id'] });
  });
});

describe('the repository', () => {
  it('has no synchronization tokens and dead letters yet', async () => {
    const tokens = await project.curl(
      `$ curl -X GET -H "X-OpenIDM-Username: openidm-admin" -H "X-OpenIDM-Password: openidm-admin" -H "Accept-API-Version: resource=1.0" -H "Content-Type: application/json" "http://localhost:8080/openidm/repo/synchronisation/pooledSyncStage?_queryFilter=true&_fields=_id"`,
    );
    expect(tokens).toMatchObject({ status: 200, body: { result: [], resultCount: 0 } });
    expect(await get('repo/synchronisation/deadLetterQueue/ldap?_queryId=query-all-ids')).toMatchObject({ result: [] });
  });

  it('resets a token with the revision that was read', async () => {
    await project.lockstep.router.handle(
      {
        verb: 'create',
        path: 'repo/synchronisation/pooledSyncStage',
        newId: 'SYSTEMLDAPACCOUNT',
        content: { connectorData: { nativeType: 'integer', syncToken: 100 } },
        parameters: {},
        fields: null,
      },
      {
        caller: { id: 'test', component: 'internal/user', roles: ['openidm-admin'], isExternal: false },
        transactionId: 't',
        parentActionId: null,
        cause: 'script',
        mode: 'live',
      },
    );
    const path = 'http://localhost:8080/openidm/repo/synchronisation/pooledSyncStage';
    const headers =
      '-H "X-OpenIDM-Username: openidm-admin" -H "X-OpenIDM-Password: openidm-admin" -H "Accept-API-Version: resource=1.0"';
    const listed = await project.curl(`$ curl -X GET ${headers} "${path}?_queryFilter=true&_fields=_id"`);
    expect(listed.body).toEqual({
      result: [{ _id: 'SYSTEMLDAPACCOUNT' }],
      resultCount: 1,
      pagedResultsCookie: null,
      totalPagedResultsPolicy: 'NONE',
      totalPagedResults: -1,
      remainingPagedResults: -1,
    });
    const { body } = await project.curl(`$ curl -X GET ${headers} ${path}/SYSTEMLDAPACCOUNT`);
    expect(body).toEqual({
      _rev: expect.any(String),
      _id: 'SYSTEMLDAPACCOUNT',
      connectorData: { nativeType: 'integer', syncToken: 100 },
    });
    const rev = (body as JsonObject)['_rev'] as string;
    expect((await project.curl(`$ curl -X DELETE ${headers} -H "If-Match: 77" ${path}/SYSTEMLDAPACCOUNT`)).status).toBe(
      412,
    );
    expect((await project.curl(`$ curl -X DELETE ${headers} ${path}/SYSTEMLDAPACCOUNT`)).status).toBe(409);
    expect(
      (await project.curl(`$ curl -X DELETE ${headers} -H "If-Match: ${rev}" ${path}/SYSTEMLDAPACCOUNT`)).status,
    ).toBe(200);
    expect((await project.curl(`$ curl -X GET ${headers} ${path}/SYSTEMLDAPACCOUNT`)).status).toBe(404);
  });
});

it('nobody is let in without credentials, or with others', async () => {
  const bare = await project.curl(`curl "${AT}/managed/user?_queryFilter=true"`);
  expect(bare).toMatchObject({ status: 401, body: { code: 401, reason: 'Unauthorized' } });
});
