import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { BASE, js } from '../app/config/load-fixture.ts';
import { ADMIN, openConfigTree, type ConfigTree } from './testing/open-config-tree.ts';

/** As scripts for OpenIDM are written: one function with a switch over the method. */
const SWITCH = `
(function () {
  if (request.method === 'create') {
    return { method: 'create', name: request.resourceName, id: request.newResourceId, content: request.content,
             parameters: request.additionalParameters, user: context.security.authenticationId };
  } else if (request.method === 'read') {
    return { _id: 'r', method: 'read', path: request.resourcePath, parameters: request.params };
  } else if (request.method === 'update') {
    return { _id: 'u', method: 'update', content: request.content, revision: request.revision };
  } else if (request.method === 'patch') {
    return { _id: 'p', patch: request.patchOperations, revision: request.revision };
  } else if (request.method === 'query') {
    return [{ _id: 'q', filter: request.queryFilter, queryId: request.queryId, sort: request.sortKeys,
              size: request.pageSize, parameters: request.additionalParameters }];
  } else if (request.method === 'delete') {
    return { _id: 'd', revision: request.revision };
  } else if (request.method === 'action') {
    return { action: request.action, content: request.content };
  } else {
    throw { code: 500, message: 'Unknown request type ' + request.method };
  }
})();`;

const FILES = {
  ...BASE,
  'conf/endpoint-all.json': { type: 'text/javascript', file: 'all.js', context: 'endpoint/all/*' },
  'script/all.js': SWITCH,
  'conf/endpoint-plain.json': { ...js('({greeting: greeting, path: request.resourcePath})'), greeting: 'hello' },
  'conf/endpoint-exact.json': { ...js('({exact: true})'), context: 'endpoint/exact' },
  'conf/endpoint-deeper.json': { ...js('({deeper: request.resourcePath})'), context: 'endpoint/plain/below/*' },
  'conf/endpoint-context.json': js('context'),
  'conf/endpoint-paged.json': js('({result: [{_id: "1"}], pagedResultsCookie: "c", totalPagedResults: 9})'),
  'conf/endpoint-odd.json': js('3'),
  'conf/endpoint-none.json': js('null'),
  'conf/endpoint-thrown.json': js('throw {code: 403, message: "no", detail: {a: 1}}'),
  'conf/endpoint-broken.json': js('request.nope.x'),
  'conf/endpoint-lost.json': { type: 'text/javascript', file: 'lost.js' },
  'conf/endpoint-linkedView.json': { type: 'text/javascript', file: 'linkedView.js' },
  'conf/endpoint-groovy.json': { type: 'groovy', source: '1' },
  'conf/endpoint-elsewhere.json': { ...js('1'), context: 'util/reset' },
  'conf/endpoint-empty.json': { type: 'text/javascript' },
};

let tree: ConfigTree;
beforeAll(async () => {
  tree = await openConfigTree(FILES);
});
afterAll(async () => {
  await tree[Symbol.asyncDispose]();
});

const read = async (path: string): Promise<JsonObject> => (await tree.read(path)).object;

describe('custom endpoints', () => {
  it('each verb reaches the script with what belongs to it', async () => {
    expect((await tree.create('endpoint/all', 'x', { a: 1 })).object).toEqual({
      method: 'create',
      name: '',
      id: 'x',
      content: { a: 1 },
      parameters: {},
      user: 'openidm-admin',
    });
    expect(await read('endpoint/all/managed/user/bjensen')).toEqual({
      _id: 'r',
      method: 'read',
      path: 'managed/user/bjensen',
      parameters: {},
    });
    expect(await tree.update('endpoint/all/x', { a: 2 }, 'r1')).toMatchObject({
      id: 'u',
      object: { content: { a: 2 }, revision: 'r1' },
    });
    const operations = [{ operation: 'remove', field: '/a' }];
    expect((await tree.patch('endpoint/all/x', operations)).object).toMatchObject({ patch: operations });
    expect((await tree.remove('endpoint/all/x', '7')).object).toEqual({ _id: 'd', revision: '7' });
    expect(await tree.action('endpoint/all', 'go', [1])).toEqual({ action: 'go', content: [1] });
  });

  it('a query sees filter, sort keys and page size; its list is the result', async () => {
    const sortKeys = [{ pointer: ['a', 'b'], isDescending: true }];
    const page = await tree.query('endpoint/all', 'a eq "x"', { sortKeys, pageSize: 5, parameters: { p: '1' } });
    expect(page.objects).toMatchObject([
      {
        id: 'q',
        object: { filter: '/a eq "x"', queryId: null, sort: ['-/a/b'], size: 5, parameters: { p: '1' } },
      },
    ]);
    expect(await tree.query('endpoint/paged', 'true')).toEqual({
      objects: [{ id: '1', rev: null, object: { _id: '1' } }],
      cookie: 'c',
      total: 9,
    });
    expect((await tree.query('endpoint/none', 'true')).objects).toEqual([]);
    await expect(tree.query('endpoint/odd', 'true')).rejects.toMatchObject({
      status: 500,
      message: expect.stringContaining('endpoint/odd'),
    });
  });

  it('the longest context answers; without a star only the place itself', async () => {
    expect(await read('endpoint/plain')).toEqual({ greeting: 'hello', path: '' });
    expect(await read('endpoint/plain/a/b')).toEqual({ greeting: 'hello', path: 'a/b' });
    expect(await read('endpoint/plain/below/x')).toEqual({ deeper: 'x' });
    expect(await read('endpoint/exact')).toEqual({ exact: true });
    await expect(read('endpoint/exact/below')).rejects.toMatchObject({ status: 404 });
    await expect(read('endpoint/plainer')).rejects.toMatchObject({ status: 404 });
    await expect(read('endpoint')).rejects.toMatchObject({ status: 404 });
  });

  it('a put on the endpoint itself is an update, though it is tried as a create first', async () => {
    await expect(tree.create('endpoint', 'all', { a: 1 })).rejects.toMatchObject({ code: 'exists' });
    expect((await tree.update('endpoint/all', { a: 1 })).object).toMatchObject({ method: 'update' });
  });

  it('what is no object becomes one', async () => {
    expect(await read('endpoint/odd')).toEqual({ result: 3 });
    expect(await read('endpoint/none')).toEqual({});
    expect(await tree.action('endpoint/none', 'go')).toBeUndefined();
  });

  it('what a script throws is the answer', async () => {
    await expect(read('endpoint/thrown')).rejects.toMatchObject({ status: 403, message: 'no', detail: { a: 1 } });
    await expect(read('endpoint/broken')).rejects.toMatchObject({
      status: 500,
      detail: { script: 'endpoint "broken"' },
    });
    await expect(read('endpoint/lost')).rejects.toMatchObject({
      status: 500,
      message: expect.stringMatching(/lost\.js/),
    });
  });

  it('what OpenIDM ships and what is no JavaScript is not implemented', async () => {
    await expect(read('endpoint/linkedView/managed/user/x')).rejects.toMatchObject({
      status: 501,
      message: expect.stringMatching(/linkedView\.js, which OpenIDM ships, is not available/),
    });
    await expect(read('endpoint/groovy')).rejects.toMatchObject({ status: 501 });
  });

  it('faulty endpoints are told in the log and are not there', async () => {
    await expect(read('endpoint/elsewhere')).rejects.toMatchObject({ status: 404 });
    await expect(read('endpoint/empty')).rejects.toMatchObject({ status: 404 });
    expect(tree.logged.filter((line) => line.includes('conf/endpoint-'))).toEqual([
      expect.stringContaining('endpoint-elsewhere.json /context'),
      expect.stringContaining('endpoint-empty.json'),
    ]);
  });

  it('the context tells who asks, from where, and not with which password', async () => {
    const headers = { host: 'h', authorization: 'Basic x', 'x-openidm-password': 'pw', cookie: 'c' };
    const http = { method: 'GET', path: '/openidm/x', clientIp: '10.0.0.1', headers, parameters: { a: 'b' } };
    const { object } = await tree.read('endpoint/context', { ...ADMIN, http });
    expect(object).toMatchObject({
      security: {
        authenticationId: 'openidm-admin',
        authorization: { id: 'openidm-admin', component: 'internal/user', roles: ['openidm-admin'] },
      },
      http: { method: 'GET', path: '/openidm/x', headers: { host: 'h' }, parameters: { a: 'b' } },
      client: { remoteAddress: '10.0.0.1' },
      caller: { external: true },
      transactionId: { id: 'tx-1' },
      parent: { security: { authenticationId: 'openidm-admin' }, parent: { name: 'http', parent: { name: 'root' } } },
    });
    expect(JSON.stringify(object)).not.toMatch(/Basic x|"pw"|"c"/);
  });
});
