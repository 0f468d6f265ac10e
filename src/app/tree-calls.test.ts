import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Crypto } from '../crypto/crypto.ts';
import type { ScriptMode } from '../mapping/script-host.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ResourceRequest } from '../resource/request.ts';
import { answerOf, type Resource } from '../resource/resource.ts';
import { Router } from '../resource/router.ts';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { openMemoryRepository } from '../repo/memory/memory-repository.ts';
import { configOf, BASE } from './config/load-fixture.ts';
import { openLockstep } from './lockstep.ts';
import { overlayReads } from './overlay-reads.ts';
import { treeCalls } from './tree-calls.ts';

const CONTEXT: RequestContext = {
  caller: { id: 'ann', component: 'managed/user', roles: ['some-role'], isExternal: true },
  transactionId: 'tx',
  parentActionId: null,
  cause: 'rest',
  mode: 'live',
};

const crypto: Crypto = {
  encrypt: (value, key, cipher) => ({ $crypto: { type: 'x', value: { key, cipher, value } } }),
  decrypt: (value) => ({ decrypted: value }),
  isEncrypted: (value) => JSON.stringify(value).includes('"x"'),
  hash: (value, algorithm) => ({ hashed: value, algorithm }),
  isHashed: (value) => JSON.stringify(value).includes('hashed'),
  matches: (plain, hashed) => JSON.stringify(hashed) === JSON.stringify({ hashed: plain }),
};

/** A collection in memory that remembers what it was asked. */
function shelf(objects: Map<string, JsonObject>, asked: [ResourceRequest, RequestContext][]): Resource {
  const find = (id: string) => {
    const object = objects.get(id);
    if (object === undefined) throw new Failure('not-found', `Object ${id} not found`);
    return answerOf(id, object, '1');
  };
  const store = (id: string, object: JsonObject) => {
    objects.set(id, object);
    return Promise.resolve(find(id));
  };
  const note = (request: ResourceRequest, context: RequestContext) => void asked.push([request, context]);
  return {
    create: (request, _id, context) => (note(request, context), store(request.newId ?? 'made', request.content)),
    read: async (request, id, context) => (note(request, context), find(id)),
    update: (request, id, context) => (note(request, context), find(id), store(id, request.content)),
    delete: async (request, id, context) => {
      note(request, context);
      const found = find(id);
      objects.delete(id);
      return found;
    },
    patch: (request, id, context) => (note(request, context), store(id, { patched: request.operations })),
    query: async (request, _id, context) => {
      note(request, context);
      return { objects: [...objects.keys()].map(find), cookie: 'next', total: 7 };
    },
    action: async (request, _id, context) => (note(request, context), { done: request.content }),
  };
}

async function open(objects: Readonly<Record<string, JsonObject>> = { a: { n: 1, m: { k: 2 } } }) {
  const config = await configOf({ ...BASE, 'conf/boot/boot.properties': 'some.name=from boot' });
  const asked: [ResourceRequest, RequestContext][] = [];
  const held = new Map(Object.entries(objects));
  const router = new Router();
  router.mount('shelf', shelf(held, asked));
  const logged: string[] = [];
  const log = { write: (level: string, text: string) => void logged.push(`${level} ${text}`) };
  const handler = treeCalls({ router, crypto, lockstep: { config, log, newId: () => 'new' } }, CONTEXT);
  const call = async (name: string, args: readonly Json[], mode: ScriptMode = 'live'): Promise<Json> => {
    const answer = await handler({ name, args, mode }, new AbortController().signal);
    if (!answer.ok) throw new Error('refused');
    return answer.value;
  };
  return { call, asked, held, logged, config };
}

describe('openidm.* on the resource tree', () => {
  it('reads; what is not there is null; fields are picked', async () => {
    const { call } = await open();
    expect(await call('openidm.read', ['shelf/a'])).toEqual({ _id: 'a', n: 1, m: { k: 2 } });
    expect(await call('openidm.read', ['/shelf/a', null, ['m/k']])).toEqual({ _id: 'a', m: { k: 2 } });
    expect(await call('openidm.read', ['shelf/nope'])).toBeNull();
    expect(await call('openidm.read', ['nowhere/x'])).toBeNull();
    await expect(call('openidm.delete', ['shelf/nope', null])).rejects.toMatchObject({ status: 404 });
  });

  it('writes', async () => {
    const { call, held, asked } = await open();
    expect(await call('openidm.create', ['shelf', 'b', { x: 1 }, { p: 5, q: true }])).toEqual({ _id: 'b', x: 1 });
    expect(asked[0]![0]).toMatchObject({ verb: 'create', newId: 'b', parameters: { p: '5', q: 'true' } });
    await call('openidm.create', ['shelf', null, {}]);
    await call('openidm.update', ['shelf/a', '7', { n: 2 }]);
    expect(asked.at(-1)![0]).toMatchObject({ verb: 'update', rev: '7' });
    await call('openidm.patch', ['shelf/b', null, [{ operation: 'remove', field: '/x' }]]);
    await call('openidm.delete', ['shelf/made', null]);
    expect(Object.fromEntries(held)).toEqual({
      a: { n: 2 },
      b: { patched: [{ operation: 'remove', field: '/x' }] },
    });
  });

  it('asks for the same person, in the same transaction, from the inside', async () => {
    const { call, asked } = await open();
    await call('openidm.read', ['shelf/a']);
    expect(asked[0]![1]).toMatchObject({
      caller: { id: 'ann', roles: ['some-role'], isExternal: false },
      transactionId: 'tx',
      cause: 'script',
      mode: 'live',
    });
  });

  it('queries with exactly one query, and the members of the protocol', async () => {
    const { call, asked } = await open();
    const parameters = {
      _queryId: 'for-userName',
      uid: 'x',
      _pageSize: 3,
      _sortKeys: '-a/b,c',
      _totalPagedResultsPolicy: 'exact',
    };
    expect(await call('openidm.query', ['shelf', parameters, ['n']])).toEqual({
      result: [{ _id: 'a', n: 1 }],
      resultCount: 1,
      pagedResultsCookie: 'next',
      totalPagedResultsPolicy: 'EXACT',
      totalPagedResults: 7,
      remainingPagedResults: -1,
    });
    expect(asked[0]![0]).toMatchObject({
      query: { kind: 'id', queryId: 'for-userName', parameters: { uid: 'x' } },
      parameters: { uid: 'x' },
      pageSize: 3,
      sortKeys: [
        { pointer: ['a', 'b'], isDescending: true },
        { pointer: ['c'], isDescending: false },
      ],
      totals: 'EXACT',
    });
  });

  it.each<[Json, Json]>([
    [true, { kind: 'always', value: true }],
    [false, { kind: 'always', value: false }],
    ['true', { kind: 'always', value: true }],
  ])('takes the filter %j as its text', async (filter, expected) => {
    const { call, asked } = await open();
    await call('openidm.query', ['shelf', { _queryFilter: filter }]);
    expect(asked[0]![0]).toMatchObject({ query: { kind: 'filter', filter: expected } });
  });

  it.each<[string, readonly Json[]]>([
    ['openidm.read', []],
    ['openidm.read', [3]],
    ['openidm.read', ['shelf/a', { x: {} }]],
    ['openidm.read', ['shelf/a', { x: [1] }]],
    ['openidm.read', ['shelf/a', 'x']],
    ['openidm.read', ['shelf/a', null, { a: 1 }]],
    ['openidm.create', ['shelf', 'b', 'text']],
    ['openidm.create', ['shelf', {}, {}]],
    ['openidm.query', ['shelf']],
    ['openidm.query', ['shelf', {}]],
    ['openidm.query', ['shelf', { _queryId: 'a', _queryFilter: 'true' }]],
    ['openidm.query', ['shelf', { _queryFilter: 'a b c' }]],
    ['openidm.query', ['shelf', { _queryFilter: 'true', x: {} }]],
    ['openidm.query', ['shelf', { _queryFilter: 'true', _pageSize: -1 }]],
    ['openidm.query', ['shelf', { _queryFilter: 'true', _pageSize: 'x' }]],
    ['openidm.query', ['shelf', { _queryFilter: 'true', _totalPagedResultsPolicy: 'ALL' }]],
    ['openidm.action', ['shelf', '']],
    ['openidm.encrypt', ['x', 3, 'key']],
    ['identityServer.getProperty', [3]],
  ])('%s with %j is a bad request', async (name, args) => {
    const { call, asked } = await open();
    await expect(call(name, args)).rejects.toMatchObject({ status: 400 });
    expect(asked).toEqual([]);
  });

  it('the third of three arguments of an action is content and parameters', async () => {
    const { call, asked } = await open();
    expect(await call('openidm.action', ['shelf', 'go', { a: 1 }])).toEqual({ done: { a: 1 } });
    expect(asked[0]![0]).toMatchObject({ action: 'go', content: { a: 1 }, parameters: { a: '1' } });
    await call('openidm.action', ['shelf', 'go', { a: { b: 1 } }]);
    expect(asked[1]![0]).toMatchObject({ content: { a: { b: 1 } }, parameters: {} });
    await call('openidm.action', ['shelf', 'go', { a: 1 }, { p: 'q' }]);
    expect(asked[2]![0]).toMatchObject({ content: { a: 1 }, parameters: { p: 'q' } });
  });

  it('in a plan it answers what would be, and writes nothing', async () => {
    const { call, asked, held } = await open();
    expect(await call('openidm.create', ['shelf', null, { x: 1 }], 'plan')).toEqual({ _id: 'new', x: 1 });
    expect(await call('openidm.update', ['shelf/a', null, { x: 1 }], 'plan')).toEqual({ _id: 'a', x: 1 });
    const operations = [{ operation: 'replace', field: '/n', value: 9 }];
    expect(await call('openidm.patch', ['shelf/a', null, operations], 'plan')).toMatchObject({ n: 9 });
    expect(await call('openidm.delete', ['shelf/a', null], 'plan')).toMatchObject({ n: 1 });
    expect(await call('openidm.action', ['shelf', 'go', {}], 'plan')).toBeNull();
    await expect(call('openidm.delete', ['shelf/nope', null], 'plan')).rejects.toMatchObject({ status: 404 });
    expect(asked.map(([{ verb }, { mode }]) => [verb, mode])).toEqual(
      Array.from({ length: 3 }, () => ['read', 'plan']),
    );
    expect(Object.fromEntries(held)).toEqual({ a: { n: 1, m: { k: 2 } } });
  });
});

describe('reads of a plan', () => {
  it('see what the plan would have written, and the tree for everything else', async () => {
    const config = await configOf(BASE);
    const lockstep = await openLockstep({ config, dataDirectory: null, log: silentLog });
    const planned = openMemoryRepository(systemClock);
    await planned.objects.declareTypes([{ name: 'user', searchable: [] }]);
    await planned.commit({ units: [{ object: { kind: 'create', type: 'user', id: 'x/y', doc: { a: 1, b: 2 } } }] });
    const router = new Router();
    router.mount('shelf', shelf(new Map([['s', { n: 1 }]]), []));
    const overlay = overlayReads(lockstep, planned);
    const handler = treeCalls({ router, crypto, lockstep, overlay }, CONTEXT);
    const call = async (name: string, args: readonly Json[]): Promise<Json> => {
      const answer = await handler({ name, args, mode: 'plan' }, new AbortController().signal);
      return answer.ok ? answer.value : null;
    };
    expect(await call('openidm.read', ['managed/user/x/y', null, ['b']])).toEqual({ _id: 'x/y', b: 2 });
    expect(await call('openidm.read', ['managed/user/nope'])).toBeNull();
    expect(await call('openidm.query', ['managed/user', { _queryFilter: 'a eq 1' }])).toMatchObject({
      result: [{ _id: 'x/y' }],
    });
    expect(await call('openidm.read', ['shelf/s'])).toEqual({ _id: 's', n: 1 });
    await lockstep.close();
  });
});

describe('what touches no resource', () => {
  it('encrypts, hashes and compares', async () => {
    const { call } = await open();
    const envelope = { $crypto: { type: 'x', value: { key: 'alias', cipher: null, value: 's' } } };
    expect(await call('openidm.encrypt', ['s', null, 'alias'])).toEqual(envelope);
    expect(await call('openidm.decrypt', [JSON.stringify(envelope)])).toEqual({ decrypted: envelope });
    expect(await call('openidm.isEncrypted', [envelope])).toBe(true);
    expect(await call('openidm.hash', ['s', null])).toEqual({ hashed: 's', algorithm: 'SHA-256' });
    expect(await call('openidm.isHashed', [{ hashed: 1 }])).toBe(true);
    expect(await call('openidm.matches', ['s', { hashed: 's' }])).toBe(true);
    expect(await call('openidm.matches', ['t', { hashed: 's' }])).toBe(false);
  });

  it('logs, and knows the places and the properties, but not the settings of the server itself', async () => {
    const { call, logged, config } = await open();
    await call('logger.warn', ['careful']);
    expect(logged).toEqual(['warn script: careful']);
    expect(await call('identityServer.getProjectLocation', [])).toBe(config.directory);
    expect(await call('identityServer.getProperty', ['some.name'])).toBe('from boot');
    expect(await call('identityServer.getProperty', ['no.such', 'fallback'])).toBe('fallback');
    expect(await call('identityServer.getProperty', ['PATH'])).toBe(process.env['PATH']);
    process.env['LOCKSTEP_TEST_SETTING'] = 'x';
    expect(await call('identityServer.getProperty', ['LOCKSTEP_TEST_SETTING', 'none'])).toBe('none');
    expect(await call('identityServer.getProperty', ['lockstep.test.setting', 'none'])).toBe('none');
    await expect(call('openidm.other', [])).rejects.toMatchObject({ status: 501 });
  });
});
