import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { Resource } from '../resource/resource.ts';
import { memoryCollection } from './testing/memory-collection.ts';
import { openServer, type TestServer } from './testing/open-server.ts';

const objects = new Map<string, StoredObject>();
let test: TestServer;

const broken: Resource = {
  read: async (_, id) => {
    if (id === 'thrown') throw new TypeError('secret inside');
    if (id === 'teapot') throw new Failure('script', 'I am a teapot', { status: 418, detail: { pot: true } });
    if (id === 'odd') throw new Failure('script', 'odd status', { status: 12 });
    throw new Failure('unreachable', 'the database is gone', { retryable: true });
  },
};

const updateOnly: Resource = {
  update: async ({ content }, id) => ({ id, rev: null, object: { ...content, _id: id } }),
};

const guarded: Resource = {
  create: () => Promise.reject(new Failure('invalid-data', 'Policy validation failed', { status: 403 })),
  update: () => Promise.reject(new Failure('not-found', 'not there')),
};

beforeAll(async () => {
  test = await openServer();
  test.router.mount('managed/user', memoryCollection(objects));
  test.router.mount('broken', broken);
  test.router.mount('single/thing', updateOnly);
  test.router.mount('guarded', guarded);
});
afterAll(() => test.server.stop());
beforeEach(() => {
  objects.clear();
  for (const [id, userName] of [
    ['a', 'alice'],
    ['b', 'bob'],
    ['c', 'carol'],
  ] as const)
    objects.set(id, {
      id,
      rev: '1',
      object: { _id: id, _rev: '1', userName, name: { first: userName }, photo: '<b>' },
    });
});

describe('reading', () => {
  it('answers the object with its revision as ETag', async () => {
    const { status, headers, body } = await test.send('GET', '/openidm/managed/user/a');
    expect(status).toBe(200);
    expect(body).toMatchObject({ _id: 'a', _rev: '1', userName: 'alice' });
    expect(headers).toMatchObject({
      etag: '"1"',
      'cache-control': 'no-cache',
      'content-type': 'application/json;charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each(['1', '"1"', 'W/"1"'])('answers 304 without a body to If-None-Match: %s', async (rev) => {
    const { status, text } = await test.send('GET', '/openidm/managed/user/a', { headers: { 'if-none-match': rev } });
    expect([status, text]).toEqual([304, '']);
  });

  it('answers in full to another If-None-Match', async () => {
    expect((await test.send('GET', '/openidm/managed/user/a', { headers: { 'if-none-match': '"0"' } })).status).toBe(
      200,
    );
  });

  it('keeps _id and the listed fields', async () => {
    const { body } = await test.send('GET', '/openidm/managed/user/a?_FIELDS=name/first,/userName&_fields=');
    expect(body).toEqual({ _id: 'a', userName: 'alice', name: { first: 'alice' } });
  });

  it('prints prettily on demand', async () => {
    const { text } = await test.send('GET', '/openidm/managed/user/a?_fields=userName&_prettyPrint=true');
    expect(text).toBe('{\n  "_id": "a",\n  "userName": "alice"\n}');
  });

  it('gives a field raw, and inert to browsers, with _mimeType', async () => {
    const path = '/openidm/managed/user/a?_fields=photo&_mimeType=text/html';
    const { headers, text } = await test.send('GET', path);
    expect(text).toBe('<b>');
    expect(headers).toMatchObject({
      'content-type': 'text/html',
      'content-security-policy': "sandbox; default-src 'none'",
    });
  });

  it.each([
    ['/openidm/managed/user/a?_mimeType=text/plain', 400],
    ['/openidm/managed/user/a?_fields=a,b&_mimeType=text/plain', 400],
    ['/openidm/managed/user/a?_fields=photo&_mimeType=text/plain%0d%0aX:y', 400],
    ['/openidm/managed/user/a?_fields=nothing&_mimeType=text/plain', 404],
    ['/openidm/managed/user/a?_action=read', 400],
    ['/openidm/managed/user/a/', 200],
    ['/openidm/managed/user/%61', 200],
    ['/openidm/managed/user/z', 404],
    ['/openidm/managed', 404],
    ['/openidm', 404],
    ['/openidm/', 404],
    ['/openidm/nowhere/at/all', 404],
    ['/openidm//managed/user/a', 400],
    ['/openidm/managed/user/../user/a', 400],
    ['/openidm/managed/user/%2e%2E/user/a', 400],
    ['/openidm/managed/user/x%2F..%2Fa', 400],
    ['/openidm/managed/user/%zz', 400],
    ['/openidm/managed/user/%ff', 400],
    ['/openidm/managed/user/%00', 400],
    ['/openidm/managed/user/%ED%A0%80', 400],
    ['/openidm/managed/user/a?x=%', 400],
    ['/OpenIDM/managed/user/a', 404],
    ['/openidmx', 404],
    ['/%zz', 404],
    ['/', 404],
  ])('GET %s is answered with %i', async (path, status) => {
    const { status: got, body } = await test.send('GET', path);
    expect(got).toBe(status);
    expect(body.code ?? 200).toBe(status);
    expect(typeof body.reason).toBe(status === 200 ? 'undefined' : 'string');
  });

  it('decodes an id once, slashes and all', async () => {
    const id = 'uid=a/b,ou="x" ü%41+1,dc=example';
    objects.set(id, { id, rev: '1', object: { _id: id } });
    expect((await test.send('GET', `/openidm/managed/user/${encodeURIComponent(id)}`)).body).toEqual({ _id: id });
  });
});

describe('writing', () => {
  it('creates with the id of the URL, and says where', async () => {
    const answer = await test.send('PUT', '/openidm/managed/user/uid%3Dx%2Cdc%3Dy', {
      headers: { 'if-none-match': '*', host: 'id.example.com:8443' },
      body: { userName: 'x' },
    });
    expect([answer.status, answer.body['_id'], answer.headers.etag]).toEqual([201, 'uid=x,dc=y', '"0"']);
    expect(answer.headers.location).toBe('http://id.example.com:8443/openidm/managed/user/uid%3Dx%2Cdc%3Dy');
    expect(objects.get('uid=x,dc=y')?.object['userName']).toBe('x');
  });

  it('puts nothing of a forged Host header into Location', async () => {
    const sent = { headers: { host: 'evil"><script>' }, body: { _id: 'n' } };
    expect((await test.send('POST', '/openidm/managed/user', sent)).headers.location).toBe('/openidm/managed/user/n');
  });

  it.each(['', '?_action=create', '?_ACTION=Create'])('creates by POST%s', async (query) => {
    const { status, body } = await test.send('POST', `/openidm/managed/user${query}`, {
      body: { _id: 'p', userName: 'p' },
    });
    expect([status, body['_id']]).toEqual([201, 'p']);
  });

  it('creates or updates by PUT without conditions', async () => {
    expect((await test.send('PUT', '/openidm/managed/user/new', { body: { n: 1 } })).status).toBe(201);
    const second = await test.send('PUT', '/openidm/managed/user/new', { body: { n: 2 } });
    expect([second.status, second.body, second.headers.location]).toEqual([
      200,
      { n: 2, _id: 'new', _rev: '1' },
      undefined,
    ]);
  });

  it('updates what cannot be created', async () => {
    const answer = await test.send('PUT', '/openidm/single/thing', { body: { n: 2 } });
    expect([answer.status, answer.body]).toEqual([200, { n: 2, _id: '' }]);
  });

  it('tells why it could not create, if there was nothing to update either', async () => {
    const answer = await test.send('PUT', '/openidm/guarded/x', { body: { n: 1 } });
    expect([answer.status, answer.body.message]).toEqual([403, 'Policy validation failed']);
  });

  it.each([
    ['PUT', 'a', { 'if-none-match': '*' }, 412],
    ['PUT', 'a', { 'if-none-match': '"1"' }, 400],
    ['PUT', 'a', { 'if-match': '*', 'if-none-match': '*' }, 412],
    ['PUT', 'a', { 'if-match': '"1"' }, 200],
    ['PUT', 'a', { 'if-match': '1' }, 200],
    ['PUT', 'a', { 'if-match': '*' }, 200],
    ['PUT', 'a', { 'if-match': '"9"' }, 412],
    ['PUT', 'zz', { 'if-match': '*' }, 404],
    ['DELETE', 'a', { 'if-match': '1' }, 200],
    ['DELETE', 'a', { 'if-match': '2' }, 412],
    ['DELETE', 'a', { 'if-none-match': '*' }, 412],
    ['DELETE', 'zz', {}, 404],
    ['POST', 'a?_action=echo', { 'if-match': '1' }, 412],
    ['POST', 'a?_action=echo', { 'if-none-match': '*' }, 412],
    ['GET', 'a', { 'if-match': '1' }, 412],
    ['PATCH', 'a', { 'if-none-match': '*' }, 412],
  ])('%s %s with %o is answered with %i', async (method, rest, headers, status) => {
    const before = JSON.stringify([...objects.values()]);
    const body = method === 'PATCH' ? [] : { n: 1 };
    const path = `/openidm/managed/user/${rest}`;
    expect((await test.send(method, path, { headers, ...(method === 'GET' ? {} : { body }) })).status).toBe(status);
    expect(JSON.stringify([...objects.values()]) === before).toBe(status >= 400);
  });

  it('answers a delete with what was deleted', async () => {
    const { status, body } = await test.send('DELETE', '/openidm/managed/user/a');
    expect([status, body.userName, objects.has('a')]).toEqual([200, 'alice', false]);
  });

  it.each([
    ['PATCH', {}],
    ['POST', { 'x-http-method-override': 'patch' }],
  ])('patches by %s %o', async (method, headers) => {
    const body = [{ operation: 'replace', field: '/userName', value: 'ally' }];
    const answer = await test.send(method, '/openidm/managed/user/a', { headers, body });
    expect([answer.status, answer.body.userName, answer.body['_rev']]).toEqual([200, 'ally', '2']);
  });

  it.each([
    ['PUT', '', undefined, 'did not contain any JSON content'],
    ['PUT', '', '[]', 'not a JSON object'],
    ['PUT', '', '"x"', 'not a JSON object'],
    ['POST', '', 'null', 'not a JSON object'],
    ['PATCH', '', '{}', 'not a valid JSON patch'],
    ['PATCH', '', undefined, 'did not contain any JSON content'],
    ['PUT', '', '{"a":', 'not valid JSON'],
    ['PUT', '', '{"a":1}x', 'not valid JSON at position 7'],
    ['PUT', '', '{"a":1,"a":2}', 'the key "a" is there twice'],
    ['PUT', '', '{"a":1,"\\u0061":2}', 'the key "a" is there twice'],
    ['PUT', '', '{"x":[{"__proto__":{"admin":true}}]}', '__proto__'],
    ['PUT', '', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, 'levels deep'],
    ['PUT', '', '{"a":1e999}', 'too large'],
    ['PUT', '', '{"a":"\\ud800"}', 'surrogate'],
  ])('refuses %s %s%s', async (method, rest, text, message) => {
    const body = text === undefined ? undefined : Buffer.from(text);
    const answer = await test.send(method, `/openidm/managed/user/a${rest}`, {
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    });
    expect([answer.status, answer.body.reason]).toEqual([400, 'Bad Request']);
    expect(answer.body.message).toContain(message);
    expect(objects.get('a')?.rev).toBe('1');
  });

  it.each([
    ['application/json', 200],
    ['application/json; charset=UTF-8', 200],
    ['application/vnd.x+json', 200],
    ['application/x-www-form-urlencoded', 200],
    ['text/plain', 200],
    ['application/json; charset=nonsense', 415],
  ])('reads JSON that comes as %s: %i', async (type, status) => {
    const sent = { headers: { 'content-type': type }, body: Buffer.from(' {"n":1}') };
    expect((await test.send('PUT', '/openidm/managed/user/a', sent)).status).toBe(status);
  });

  it.each(['application/xml', 'text/html', 'multipart/form-data; boundary=x'])(
    'refuses %s with 415, whatever the body looks like',
    async (type) => {
      const sent = { headers: { 'content-type': type }, body: Buffer.from('{"n":1}') };
      const { status, body } = await test.send('PUT', '/openidm/managed/user/a', sent);
      expect([status, body.reason]).toEqual([415, 'Unsupported Media Type']);
    },
  );

  it('refuses what is no JSON under a foreign content type with 415', async () => {
    const sent = { headers: { 'content-type': 'application/xml' }, body: Buffer.from('<a/>') };
    expect((await test.send('PUT', '/openidm/managed/user/a', sent)).status).toBe(415);
  });

  it('refuses bytes that are no UTF-8', async () => {
    const sent = { headers: { 'content-type': 'application/json' }, body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]) };
    expect((await test.send('PUT', '/openidm/managed/user/a', sent)).status).toBe(400);
  });
});

describe('actions', () => {
  it('answers 204 when there is nothing to tell', async () => {
    const { status, text, headers } = await test.send('POST', '/openidm/managed/user/a?_action=nothing');
    expect([status, text, headers['content-type']]).toEqual([204, '', undefined]);
  });

  it('takes a request without a body, with the content type of JSON', async () => {
    const { status, body } = await test.send('POST', '/openidm/managed/user?_action=echo&ids=a%2Cb+c', {
      headers: { 'content-type': 'application/json' },
    });
    expect([status, body]).toEqual([200, { id: '', parameters: { ids: 'a,b c' }, content: null }]);
  });

  it('passes the parameters of a query on', async () => {
    const { body } = await test.send('POST', '/openidm/managed/user?_action=echo&_queryid=for-userName&uid=x', {
      body: [1],
    });
    expect(body).toEqual({ id: '', parameters: { uid: 'x', _queryId: 'for-userName' }, content: [1] });
  });

  it.each(['?_action=', '?_action=a&_action=b', '?_action=echo&x=1&x=2'])('refuses %s', async (query) => {
    expect((await test.send('POST', `/openidm/managed/user${query}`, { body: {} })).status).toBe(400);
  });
});

describe('querying', () => {
  it('answers with the whole envelope', async () => {
    const { status, text } = await test.send(
      'GET',
      '/openidm/managed/user?_queryFilter=userName+sw+%22b%22&_fields=userName',
    );
    expect(status).toBe(200);
    expect(text).toBe(
      '{"result":[{"_id":"b","userName":"bob"}],"resultCount":1,"pagedResultsCookie":null,' +
        '"totalPagedResultsPolicy":"NONE","totalPagedResults":-1,"remainingPagedResults":-1}',
    );
  });

  it('goes through pages by cookie, and counts when asked', async () => {
    const url = '/openidm/managed/user?_queryId=query-all&_pageSize=2&_totalPagedResultsPolicy=exact';
    const first = (await test.send('GET', url)).body;
    expect(first).toMatchObject({
      resultCount: 2,
      pagedResultsCookie: '2',
      totalPagedResultsPolicy: 'EXACT',
      totalPagedResults: 3,
      remainingPagedResults: 1,
    });
    const second = (await test.send('GET', `${url}&_pagedResultsCookie=${String(first.pagedResultsCookie)}`)).body;
    expect(second).toMatchObject({ resultCount: 1, pagedResultsCookie: null, remainingPagedResults: -1 });
  });

  it.each([
    ['_queryId=a&_queryFilter=true', 'The parameters _queryId and _queryFilter are mutually exclusive'],
    ['_queryId=a&_queryExpression=x', 'The parameters _queryId and _queryExpression are mutually exclusive'],
    ['_queryfilter=true&_QUERYEXPRESSION=x', 'The parameters _queryFilter and _queryExpression are mutually exclusive'],
    ['_queryFilter=true&_queryFilter=true', "Multiple values provided for parameter '_queryFilter'"],
    ['_queryFilter=true&_pageSize=x', "The value 'x' for parameter '_pageSize' could not be parsed"],
    ['_queryFilter=true&_pageSize=-1', "The value '-1' for parameter '_pageSize'"],
    ['_queryFilter=true&_pageSize=99999999999', "parameter '_pageSize'"],
    ['_queryFilter=true&_pagedResultsOffset=1.5', "parameter '_pagedResultsOffset'"],
    ['_queryFilter=true&_totalPagedResultsPolicy=some', "parameter '_totalPagedResultsPolicy'"],
    ['_queryFilter=true&_sortKeys=a,', "parameter '_sortKeys'"],
    [
      '_queryFilter=true&_pagedResultsOffset=1&_pagedResultsCookie=2',
      'The parameters _pagedResultsOffset and _pagedResultsCookie are mutually exclusive',
    ],
    [
      '_queryFilter=a+b+c',
      "The value 'a b c' for parameter '_queryFilter' could not be parsed as a valid query filter",
    ],
    ['_queryFilter=', "The value '' for parameter '_queryFilter' could not be parsed as a valid query filter"],
  ])('refuses %s', async (query, message) => {
    const { status, body } = await test.send('GET', `/openidm/managed/user?${query}`);
    expect(status).toBe(400);
    expect(body.message).toContain(message);
  });
});

describe('methods and versions', () => {
  it.each(['HEAD', 'TRACE', 'OPTIONS', 'PROPFIND'])('%s is not allowed', async (method) => {
    const { status, body } = await test.send(method, '/openidm/managed/user/a');
    expect([status, body?.code]).toEqual([405, method === 'HEAD' ? undefined : 405]);
  });

  it.each([
    ['resource=1.0', 200],
    ['protocol=2.1,resource=1.0', 200],
    ['1.0', 200],
    ['nonsense', 200],
    ['protocol=3.0', 400],
    ['protocol=2.2', 400],
    ['resource=1.1', 400],
    ['resource=2.0', 400],
    ['resource="2"', 400],
    ['resource=99.0', 400],
  ])('Accept-API-Version: %s gives %i', async (version, status) => {
    const headers = { 'accept-api-version': version };
    expect((await test.send('GET', '/openidm/managed/user/a', { headers })).status).toBe(status);
  });

  it('answers 501 for a verb that a resource does not have', async () => {
    expect((await test.send('DELETE', '/openidm/broken/a')).status).toBe(501);
  });
});

describe('failures', () => {
  it.each(['/openidm', '/openidm/', '/openidm/?_queryFilter=true'])('%s is no resource, and says so', async (url) => {
    const { status, body } = await test.send('GET', url);
    expect([status, body.code, body.reason]).toEqual([404, 404, 'Not Found']);
    expect(body.message).toMatch(/^Resource '' not found: name one below it, such as \w/);
  });

  it.each(['/openidm/nothing', '/openidm/nothing/a', '/openidm/nothing?_queryFilter=true'])(
    '%s is not found by its name',
    async (url) => {
      const { status, body } = await test.send('GET', url);
      const path = url.replace('/openidm/', '').replace(/\?.*/, '');
      expect([status, body.message]).toEqual([404, `Resource '${path}' not found`]);
    },
  );

  it('are indented when asked for', async () => {
    const { text, body } = await test.send('GET', '/openidm/managed/user/none?_prettyPrint=true');
    expect(text).toBe(JSON.stringify(body, null, 2));
    expect((await test.send('GET', '/openidm/managed/user/none')).text).not.toContain('\n');
    const early = await test.send('GET', '/openidm/managed/user?_queryFilter=%22&_prettyPrint=true');
    expect([early.status, early.text]).toEqual([400, JSON.stringify(early.body, null, 2)]);
  });

  it('never shows what went wrong inside, but logs it under a reference', async () => {
    const { status, text, body } = await test.send('GET', '/openidm/broken/thrown');
    expect([status, body.code, body.reason]).toEqual([500, 500, 'Internal Server Error']);
    expect(text).not.toMatch(/secret|TypeError|\.ts/);
    const reference = /reference ([\w-]+)/.exec(String(body.message))![1]!;
    const entry = test.logged.find(({ message }) => message.includes(reference));
    expect(entry).toMatchObject({ level: 'error', message: expect.stringContaining('secret inside') });
  });

  it('passes the status and detail that a script threw', async () => {
    const { status, body } = await test.send('GET', '/openidm/broken/teapot');
    expect([status, body]).toEqual([
      418,
      { code: 418, reason: "I'm a Teapot", message: 'I am a teapot', detail: { pot: true } },
    ]);
  });

  it('turns a status that is no error into 500', async () => {
    const { status, body } = await test.send('GET', '/openidm/broken/odd');
    expect([status, body.code]).toEqual([500, 500]);
  });

  it('says when to try again', async () => {
    const { status, headers } = await test.send('GET', '/openidm/broken/x');
    expect([status, headers['retry-after']]).toEqual([503, '1']);
  });
});
