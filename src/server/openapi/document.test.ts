import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { answerOf, type Resource } from '../../resource/resource.ts';
import { SESSION_COOKIE } from '../../security/session-cookie.ts';
import { answerFaults, resolved } from '../testing/answer-check.ts';
import { memoryCollection } from '../testing/memory-collection.ts';
import { openServer, type TestServer } from '../testing/open-server.ts';
import { findOperation, matchesTemplate } from './find-operation.ts';
import { describedPaths } from './described-paths.ts';
import { allDescriptors, isDescribed, openApiDocument } from './document.ts';
import { managedShape, type ManagedSchema } from './managed-schema.ts';

const MANAGED: readonly [ManagedSchema, ManagedSchema] = [
  {
    name: 'user',
    raw: {
      schema: {
        required: ['userName'],
        properties: {
          userName: { type: 'string', title: 'User name', policies: [{ policyId: 'unique' }] },
          password: { type: 'string', scope: 'private', encryption: { key: 'k' } },
          manager: { type: 'relationship', resourceCollection: [] },
          roles: { type: 'array', items: { type: ['string', 'relationship'] } },
          address: { type: 'object', properties: { city: { type: 'string' } } },
          odd: { type: 'virtual' },
        },
      },
    },
  },
  { name: 'role', raw: { properties: [{ name: 'title', type: 'string' }, { name: 'secret' }] } },
];

const run: JsonObject = {
  _id: 'r1',
  mapping: 'a_b',
  state: 'SUCCESS',
  stage: 'COMPLETED_SUCCESS',
  progress: { source: { existing: { processed: 1, total: '?' } }, links: { created: 0 } },
  situationSummary: { ABSENT: 1 },
  started: '2014-03-06T07:00:31.907Z',
  ended: '',
};

const recon: Resource = {
  read: async (_, id) => {
    if (id === '') return answerOf('', { reconciliations: [run] });
    if (id === 'r1') return answerOf('r1', run);
    throw new Failure('not-found', `Reconciliation with id ${id} not found.`);
  },
  action: async ({ action }, id) =>
    id === '' ? { _id: 'r2', state: 'ACTIVE' } : { _id: id, action, status: 'SUCCESS' },
  query: async () => ({ objects: [], cookie: null, total: -1 }),
};

let test: TestServer;
let document: JsonObject;

beforeAll(async () => {
  test = await openServer({ managedSchemas: () => MANAGED });
  test.router.mount('managed/user', memoryCollection());
  test.router.mount('managed/role', memoryCollection());
  test.router.mount('recon', recon);
  test.router.mount('unheard/of', memoryCollection());
  test.router.mount('info/ping', { read: async () => answerOf('', { state: 'ACTIVE_READY', shortDesc: 'ready' }) });
  document = (await test.send('GET', '/openapi.json')).body;
});
afterAll(() => test.server.stop());

describe('the OpenAPI document', () => {
  it('has what is mounted, and only that', () => {
    expect(document['openapi']).toBe('3.1.0');
    const paths = Object.keys(document['paths'] as JsonObject);
    for (const path of [
      '/health/live',
      '/health/ready',
      '/metrics',
      '/openapi.json',
      '/openidm/managed/user',
      '/openidm/managed/user/{id}',
      '/openidm/managed/role/{id}',
      '/openidm/recon/{id}',
      '/openidm/unheard/of/{id}',
      '/openidm/info/ping',
    ])
      expect(paths).toContain(path);
    expect(paths.filter((path) => /system|config|info.version/.test(path))).toEqual([]);
  });

  it('resolves every reference, and names every operation and path parameter once', () => {
    expect(() => resolved(document, document)).not.toThrow();
    const ids: string[] = [];
    for (const [path, item] of Object.entries(document['paths'] as JsonObject))
      for (const operation of Object.values(item as JsonObject) as JsonObject[]) {
        ids.push(operation['operationId'] as string);
        const parameters = (operation['parameters'] ?? []) as JsonObject[];
        const names = parameters.map((one) => `${String(one['in'])} ${String(one['name'])}`);
        expect(new Set(names).size).toBe(names.length);
        const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`);
        expect(names.filter((name) => name.startsWith('path '))).toEqual(variables);
        expect(Object.keys(operation['responses'] as JsonObject).length).toBeGreaterThan(0);
      }
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes every built-in path without a collision of names', () => {
    const prefixes = [
      'system',
      'recon',
      'sync',
      'audit',
      'config',
      'repo',
      'script',
      'endpoint',
      'policy',
      'info',
      'managed',
      'scheduler',
      'taskscanner',
      'workflow/processdefinition',
      'workflow/processinstance',
      'workflow/processinstance/history',
      'workflow/taskinstance',
      'workflow/taskinstance/history',
    ];
    const full = openApiDocument({ version: '1', url: '', prefixes, managed: [...MANAGED], extra: [] });
    expect(Object.keys(full['paths'] as JsonObject).length).toBeGreaterThan(30);
    expect(() => resolved(full, full)).not.toThrow();
    const ids = Object.values(full['paths'] as JsonObject).flatMap((item) =>
      (Object.values(item as JsonObject) as JsonObject[]).map((one) => one['operationId']),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const { paths } = full as { paths: Record<string, Record<string, JsonObject>> };
    const served: readonly (readonly [path: string, methods: readonly string[]])[] = [
      ['audit/{topic}/{id}', ['get', 'put']],
      ['config', ['get', 'post']],
      ['scheduler/job', ['get', 'post']],
      ['scheduler/job/{id}', ['get', 'put', 'delete']],
      ['scheduler/trigger/{id}', ['get']],
      ['taskscanner', ['get', 'post']],
      ['workflow/processinstance', ['get', 'post']],
      ['workflow/taskinstance/{id}', ['get', 'put', 'patch', 'post']],
    ];
    for (const [path, methods] of served) expect(Object.keys(paths[`/openidm/${path}`]!)).toEqual(methods);
    expect(paths['/openidm/recon']!['post']!['requestBody']).toEqual({
      required: false,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/RunOptions' } } },
    });
    const { securitySchemes } = full['components'] as { securitySchemes: JsonObject };
    expect(securitySchemes['session']).toMatchObject({ type: 'apiKey', in: 'cookie', name: SESSION_COOKIE });
  });

  it.each<[method: string, path: string, sent: Json | undefined, status: number]>([
    ['PUT', '/openidm/managed/user/a', { userName: 'a', password: { $crypto: {} }, manager: null }, 201],
    ['PUT', '/openidm/managed/user/a', { userName: 'b', address: { city: 'x' }, extra: 1 }, 200],
    ['GET', '/openidm/managed/user/a', undefined, 200],
    ['GET', '/openidm/managed/user/none', undefined, 404],
    ['POST', '/openidm/managed/user', { userName: 'c' }, 201],
    ['POST', '/openidm/managed/user?_action=nothing', undefined, 204],
    ['POST', '/openidm/managed/user/a?_action=echo', [1], 200],
    ['PATCH', '/openidm/managed/user/a', [{ operation: 'add', field: '/x', value: 1 }], 200],
    ['PATCH', '/openidm/managed/user/a', {}, 400],
    ['GET', '/openidm/managed/user?_queryFilter=true', undefined, 200],
    ['GET', '/openidm/managed/user?_queryFilter=nonsense', undefined, 400],
    ['DELETE', '/openidm/managed/user/a', undefined, 200],
    ['GET', '/openidm/recon', undefined, 200],
    ['GET', '/openidm/recon/r1', undefined, 200],
    ['GET', '/openidm/recon/r1?_fields=state', undefined, 200],
    ['GET', '/openidm/recon/r1/entries?_queryFilter=true', undefined, 200],
    ['GET', '/openidm/recon/none', undefined, 404],
    ['POST', '/openidm/recon?_action=recon&mapping=a_b', { sourceQuery: { _queryId: 'query-all-ids' } }, 200],
    ['POST', '/openidm/recon/r1?_action=cancel', undefined, 200],
    ['DELETE', '/openidm/unheard/of/x', undefined, 404],
    ['GET', '/openidm/info/ping', undefined, 200],
    ['GET', '/health/live', undefined, 200],
    ['GET', '/health/ready', undefined, 200],
    ['GET', '/openapi.json', undefined, 200],
  ])('%s %s is answered as described', async (method, url, sent, status) => {
    const { text, status: answered } = await test.send(method, url, sent === undefined ? {} : { body: sent });
    expect(answered).toBe(status);
    const body = text === '' ? undefined : (JSON.parse(text) as Json);
    expect(answerFaults(document, { method, path: url.split('?')[0]!, status, body })).toEqual([]);
  });

  it('would notice an answer that is not as described', () => {
    const wrong = { method: 'GET', path: '/openidm/recon/r1', status: 200, body: { ...run, state: 'DONE' } };
    expect(answerFaults(document, wrong)).not.toEqual([]);
    expect(answerFaults(document, { ...wrong, path: '/openidm/elsewhere' })).not.toEqual([]);
    expect(answerFaults(document, { ...wrong, status: 404, body: { code: 404 } })).not.toEqual([]);
  });
});

describe('the descriptions', () => {
  it.each([
    [{ sourceQuery: 'all' }, '/sourceQuery'],
    [{ runTargetPhase: 'yes' }, '/runTargetPhase'],
    [[], 'expected object'],
  ])('refuse the content %o of a run', async (body, message) => {
    const answer = await test.send('POST', '/openidm/recon?_action=recon&mapping=x', { body });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(message);
    expect(answer.body.detail).toMatchObject({ issues: [{ pointer: expect.any(String) }] });
  });

  it.each([
    ['recon', 'recon', true],
    ['recon', 'recon/a', false],
    ['recon/{id}', 'recon/a/b', true],
    ['recon/{id}', 'recon', false],
    ['recon/{id}/entries', 'recon/a/entries', true],
    ['recon/{id}/entries', 'recon/a/b', false],
  ])('%s stands for %s: %s', (template, path, isMatch) => {
    expect(matchesTemplate(template, path)).toBe(isMatch);
  });

  it.each([
    ['recon/x/entries', 'query', null, 'Query the entries of a run'],
    ['recon/x', 'action', 'CANCEL', 'Cancel a run'],
    ['repo/internal/user', 'query', null, 'Query: internal object'],
    ['repo/internal/user/x', 'read', null, 'Read an internal object'],
    ['system/hr/account/uid=a/b', 'read', null, 'Read a system object'],
  ] as const)('find the most exact one for %s', (path, verb, action, summary) => {
    expect(findOperation(describedPaths(), path, verb, action)?.summary).toBe(summary);
  });

  it('cover every prefix, if need be in general terms', () => {
    const prefixes = ['recon', 'managed/user', 'scheduler/job', 'x'];
    const all = allDescriptors({ prefixes, managed: MANAGED, extra: [] });
    expect(prefixes.filter((prefix) => !isDescribed(prefix, all))).toEqual([]);
    expect(isDescribed('x', describedPaths())).toBe(false);
  });

  it('understand both styles of managed types', () => {
    expect(managedShape(MANAGED[0]).jsonSchema['properties']).toEqual({
      _id: { type: 'string' },
      _rev: { type: 'string' },
      userName: { type: ['string', 'null'], title: 'User name' },
      password: { writeOnly: true },
      manager: { type: ['object', 'null'] },
      roles: { type: ['array', 'null'], items: { type: ['string', 'object', 'null'] } },
      address: { type: ['object', 'null'], properties: { city: { type: ['string', 'null'] } } },
      odd: {},
    });
    expect(managedShape(MANAGED[1]).jsonSchema['properties']).toMatchObject({
      title: { type: ['string', 'null'] },
      secret: {},
    });
  });
});
