import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFilter } from '../base/query-filter.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Query } from '../model/object-set.ts';
import { EXTERNAL, INTERNAL, js, openManaged, trace, type Managed } from './testing/open-managed.ts';

const filter = (text: string): Query => ({ kind: 'filter', filter: parseFilter(text) });

describe('objects of a type without anything special', () => {
  it('are created, read, replaced, patched, deleted, and give their revision each time', async () => {
    await using managed = await openManaged({});
    const created = await managed.create({ _id: 'bjensen', userName: 'bjensen', sn: 'Jensen' });
    expect(created).toEqual({ _id: 'bjensen', _rev: '0', userName: 'bjensen', sn: 'Jensen' });
    expect(await managed.update('bjensen', { userName: 'bjensen', sn: 'J' })).toMatchObject({ _rev: '1', sn: 'J' });
    const patched = await managed.patch('bjensen', [{ operation: 'add', field: '/mail', value: 'b@x.org' }]);
    expect(patched).toEqual({ _id: 'bjensen', _rev: '2', userName: 'bjensen', sn: 'J', mail: 'b@x.org' });
    expect(await managed.read('bjensen')).toEqual(patched);
    expect(await managed.remove('bjensen')).toEqual(patched);
    await expect(managed.read('bjensen')).rejects.toMatchObject({ code: 'not-found', status: 404 });
  });

  it('get an id if they have none, and are refused if they have a taken one', async () => {
    await using managed = await openManaged({});
    const { _id } = await managed.create({ a: 1 });
    expect(_id).toMatch(/^[0-9a-f-]{36}$/);
    await expect(managed.create({ _id: _id!, a: 2 })).rejects.toMatchObject({ code: 'exists', status: 412 });
    await expect(managed.create({ _id: 7 })).rejects.toMatchObject({ status: 400 });
    await expect(managed.create({ _id: 'x\ud800' })).rejects.toMatchObject({ status: 400 });
    await expect(managed.read('x\ud800')).rejects.toMatchObject({ status: 404 });
    expect(await managed.read(String(_id))).toMatchObject({ a: 1, _rev: '0' });
  });

  it('are not written over by whoever read an older revision', async () => {
    await using managed = await openManaged({});
    await managed.create({ _id: 'a', n: 1 });
    await managed.update('a', { n: 2 }, '0');
    await expect(managed.update('a', { n: 3 }, '0')).rejects.toMatchObject({ code: 'revision', status: 412 });
    await expect(managed.patch('a', [{ operation: 'replace', field: 'n', value: 3 }], '0')).rejects.toMatchObject({
      status: 412,
    });
    await expect(managed.remove('a', '0')).rejects.toMatchObject({ status: 412 });
    expect(await managed.read('a')).toMatchObject({ n: 2, _rev: '1' });
  });

  it('stay as they are when they are replaced by themselves', async () => {
    await using managed = await openManaged({ onUpdate: trace('onUpdate'), postUpdate: trace('postUpdate') });
    await managed.create({ _id: 'a', list: [1, { b: null }] });
    const before = managed.events.length;
    expect(await managed.update('a', { _id: 'a', _rev: '9', list: [1, { b: null }] })).toMatchObject({ _rev: '0' });
    expect(await managed.patch('a', [{ operation: 'remove', field: 'nothing' }])).toMatchObject({ _rev: '0' });
    expect([managed.events.length, managed.changes.length, managed.traced]).toEqual([before, 1, []]);
  });

  it('lose no update of many at once', async () => {
    await using managed = await openManaged({});
    await managed.create({ _id: 'a', n: 0 });
    const increment = [{ operation: 'increment', field: '/n', value: 1 }];
    await Promise.all(Array.from({ length: 12 }, () => managed.patch('a', increment)));
    expect(await managed.read('a')).toMatchObject({ n: 12, _rev: '12' });
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, (_, i) => managed.update('a', { winner: i }, '12')),
    );
    const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
    expect(won).toHaveLength(1);
    expect(await managed.read('a')).toEqual({ _id: 'a', _rev: '13', winner: won[0] });
  });

  it('are left alone by a plan, which answers what would be', async () => {
    await using managed = await openManaged({ onCreate: js('object.made = true'), postCreate: trace('postCreate') });
    const plan = { ...INTERNAL, mode: 'plan' } as const;
    expect(await managed.create({ _id: 'a' }, plan)).toMatchObject({ _id: 'a', made: true });
    expect([await managed.row('a'), managed.events, managed.traced]).toEqual([null, [], []]);
  });

  it('keep any JSON', async () => {
    await using managed = await openManaged({});
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.uuid(), async (raw, id) => {
        const { _id, _rev, ...object } = JSON.parse(JSON.stringify(raw));
        await managed.create({ ...object, _id: id });
        expect(await managed.read(id)).toEqual({ ...object, _id: id, _rev: '0' });
      }),
      { numRuns: 200 },
    );
  });
});

const PUBLIC_AND_PRIVATE = {
  schema: {
    properties: {
      userName: { type: 'string' },
      pin: { type: 'string', scope: 'private' },
      display: { isVirtual: true, onRetrieve: js("object.userName + '!'") },
      roles: { isVirtual: true, returnByDefault: true, onRetrieve: js("['r']") },
    },
  },
};

describe('what callers see', () => {
  it('private properties are for internal callers', async () => {
    await using managed = await openManaged(PUBLIC_AND_PRIVATE);
    const content = { _id: 'a', userName: 'u', pin: '1' };
    expect(await managed.create(content, EXTERNAL)).not.toHaveProperty('pin');
    expect(await managed.read('a', { context: EXTERNAL, fields: ['pin', 'userName'] })).not.toHaveProperty('pin');
    expect(await managed.read('a')).toMatchObject({ pin: '1' });
    expect((await managed.query({}, EXTERNAL)).objects[0]!.object).not.toHaveProperty('pin');
    expect(await managed.patch('a', [{ operation: 'add', field: 'x', value: 1 }], null, EXTERNAL)).not.toHaveProperty(
      'pin',
    );
    expect(await managed.remove('a', null, EXTERNAL)).not.toHaveProperty('pin');
  });

  it('private properties cannot be found out by asking or copying', async () => {
    await using managed = await openManaged(PUBLIC_AND_PRIVATE);
    await managed.create({ _id: 'a', userName: 'u', pin: '1' });
    const queries: readonly Query[] = [
      filter('pin sw "1"'),
      filter('userName eq "u" and !(/pin pr)'),
      { kind: 'id', queryId: 'get-by-field-value', parameters: { field: 'pin', value: '1' } },
    ];
    for (const query of queries)
      await expect(managed.query({ query }, EXTERNAL)).rejects.toMatchObject({ code: 'denied' });
    const sortKeys = [{ pointer: ['pin'], isDescending: false }];
    await expect(managed.query({ sortKeys }, EXTERNAL)).rejects.toMatchObject({ code: 'denied' });
    for (const operation of ['copy', 'move'])
      await expect(
        managed.patch('a', [{ operation, from: '/pin', field: '/sn' }], null, EXTERNAL),
      ).rejects.toMatchObject({ code: 'denied' });
    expect((await managed.query({ query: filter('pin sw "1"') })).objects).toHaveLength(1);
  });

  it('a PUT without a private property removes it', async () => {
    await using managed = await openManaged(PUBLIC_AND_PRIVATE);
    await managed.create({ _id: 'a', pin: '1' });
    await managed.update('a', { userName: 'u' }, null, EXTERNAL);
    expect((await managed.row('a'))!.doc).not.toHaveProperty('pin');
  });

  it('virtual properties are computed, stored, and shown when they are asked for', async () => {
    await using managed = await openManaged(PUBLIC_AND_PRIVATE);
    expect(await managed.create({ _id: 'a', userName: 'u' })).toEqual({
      _id: 'a',
      _rev: '0',
      userName: 'u',
      roles: ['r'],
    });
    expect((await managed.row('a'))!.doc).toMatchObject({ display: 'u!', roles: ['r'] });
    expect(await managed.read('a', { fields: ['display'] })).toMatchObject({ display: 'u!' });
    expect(await managed.read('a', { fields: ['*'] })).not.toHaveProperty('display');
  });
});

describe('a request', () => {
  it('that makes no sense is refused as such, whatever it is', async () => {
    await using managed = await openManaged({
      schema: {
        properties: {
          s: { type: 'string', minLength: 2, maxLength: 5, pattern: '^a', policies: [{ policyId: 'unique' }] },
          e: { encryption: { key: 'openidm-sym-default' } },
          h: { secureHash: { algorithm: 'SHA-256' } },
        },
      },
    });
    await managed.create({ _id: 'a', s: 'abc', e: 1, h: 'x', list: [1] });
    const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
    const closed = fc.record({
      $crypto: fc.oneof(
        json,
        fc.record({ type: fc.constantFrom('x-simple-encryption', 'salted-hash', 'x'), value: json }),
      ),
    });
    const value = fc.oneof(json, closed) as fc.Arbitrary<Json>;
    const field = fc.constantFrom(
      's',
      '/e',
      '/h',
      '/h/$crypto/value',
      '/list/-',
      '/list/0',
      '/_id',
      '/_rev',
      '',
      '/',
      '/__proto__/x',
      '/new/deep',
    );
    const operation = fc.oneof(
      json,
      fc.record(
        {
          operation: fc.constantFrom('add', 'remove', 'replace', 'increment', 'copy', 'move', 'transform', 'x'),
          field,
          value,
          from: field,
        },
        { requiredKeys: ['operation', 'field'] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 4 }), fc.dictionary(field, value), async (patch, content) => {
        const results = await Promise.allSettled([
          managed.patch('a', patch as Json, null, EXTERNAL),
          managed.create(content, EXTERNAL),
          managed.update('a', { ...content, s: 'abc' }, null, EXTERNAL),
        ]);
        const statuses = results.map((result) => (result.status === 'rejected' ? Number(result.reason.status) : 200));
        expect(statuses.filter((status) => !(status < 500))).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(await managed.read('a')).toMatchObject({ _id: 'a' });
  });
});

describe('hooks', () => {
  const ALL = {
    ...Object.fromEntries(
      ['onCreate', 'onUpdate', 'onDelete', 'onRead', 'onRetrieve', 'onQueryResult', 'onValidate', 'onStore'].map(
        (name) => [name, trace(name, 'object.n')],
      ),
    ),
    ...Object.fromEntries(
      ['postCreate', 'postUpdate', 'postDelete'].map((name) => [
        name,
        trace(name, '[oldObject ? oldObject.n : null, newObject ? newObject.n : null]'),
      ]),
    ),
    schema: {
      properties: {
        v: { isVirtual: true, onRetrieve: js("openidm.action('trace', 'v.onRetrieve', {}); 'v'") },
        n: {
          onValidate: trace('n.onValidate', '[property, propertyName]'),
          onStore: js("openidm.action('trace', 'n.onStore', {seen: property}); property + 1"),
          onRetrieve: js("openidm.action('trace', 'n.onRetrieve', {seen: property}); property"),
        },
      },
    },
  };

  it('run in the order of the specification', async () => {
    await using managed = await openManaged(ALL);
    const take = () => managed.traced.splice(0).map(([name]) => name);
    await managed.create({ _id: 'a', n: 1 });
    const writing = ['v.onRetrieve', 'n.onValidate', 'onValidate', 'n.onStore', 'onStore'];
    const answering = ['v.onRetrieve', 'n.onRetrieve', 'onRetrieve'];
    expect(take()).toEqual(['onCreate', ...writing, 'postCreate', ...answering]);
    await managed.update('a', { n: 5 });
    expect(take()).toEqual(['onUpdate', ...writing, 'postUpdate', ...answering]);
    await managed.patch('a', [{ operation: 'replace', field: 'n', value: 9 }]);
    expect(take()).toEqual(['onUpdate', ...writing, 'postUpdate', ...answering]);
    await managed.read('a');
    expect(take()).toEqual([...answering, 'onRead']);
    await managed.query({});
    expect(take()).toEqual(['onQueryResult']);
    await managed.query({ parameters: { executeOnRetrieve: 'true' } });
    expect(take()).toEqual([...answering, 'onQueryResult']);
    await managed.remove('a');
    expect(take()).toEqual(['onDelete', 'postDelete']);
  });

  it('see what the specification says', async () => {
    await using managed = await openManaged(ALL);
    await managed.create({ _id: 'a', n: 1 });
    await managed.update('a', { n: 5 });
    const seen = new Map(managed.traced.map(([name, what]) => [name, what]));
    expect(seen.get('onUpdate')).toBe(5);
    expect(seen.get('n.onValidate')).toEqual([5, 'n']);
    expect(seen.get('onStore')).toBe(6);
    expect(seen.get('postUpdate')).toEqual([2, 6]);
  });

  it('change the object by changing it, but not its id', async () => {
    await using managed = await openManaged({
      onCreate: js("object.status = 'new'; object._id = 'other'; delete object.gone;"),
      onUpdate: js(
        'object.was = oldObject.status; newObject.also = [request.method, resourceName.leaf(), resourceName.parent().toString()];',
      ),
      onRetrieve: js('object.seen = context.security.authenticationId'),
    });
    expect(await managed.create({ _id: 'a', gone: 1 })).toMatchObject({
      _id: 'a',
      status: 'new',
      seen: 'openidm-admin',
    });
    expect((await managed.row('a'))!.doc).toEqual({ status: 'new' });
    await managed.update('a', { status: 'x' });
    expect((await managed.row('a'))!.doc).toEqual({ status: 'x', was: 'new', also: ['update', 'a', 'managed/user'] });
  });

  it.each([
    [
      'onCreate',
      js("throw {code: 418, message: 'tea', detail: {pot: 1}}"),
      { status: 418, message: 'tea', detail: { pot: 1 } },
    ],
    ['onCreate', js("throw 'no'"), { status: 500, message: 'no' }],
    ['onCreate', js('nothing.here'), { status: 500, message: expect.stringContaining('managed/user: onCreate') }],
    ['onValidate', js("throw 'no'"), { status: 403, message: 'no' }],
    ['onValidate', js("throw {code: 400, message: 'bad'}"), { status: 400, message: 'bad' }],
    ['onStore', js("throw {code: 200, message: 'odd'}"), { status: 500, message: 'odd' }],
  ])('that throw in %s refuse the object: %j', async (hook, script, expected) => {
    await using managed = await openManaged({ [hook]: script });
    await expect(managed.create({ _id: 'a' })).rejects.toMatchObject(expected);
    expect([await managed.row('a'), managed.events]).toEqual([null, []]);
  });

  it('after the write are told to the caller when they throw; the object is stored', async () => {
    await using managed = await openManaged({ postCreate: js("throw {code: 409, message: 'late'}") });
    await expect(managed.create({ _id: 'a' })).rejects.toMatchObject({ status: 409, message: 'late' });
    expect(await managed.row('a')).not.toBeNull();
  });

  it('may write other objects of their own type, and fail with them', async () => {
    await using managed: Managed = await openManaged(
      {
        onCreate: js("if (object.userName === 'bad') throw {code: 400, message: 'too bad'}"),
        postCreate: js("if (object.child) openidm.create('managed/user', null, {userName: object.child})"),
        schema: { properties: { userName: { policies: [{ policyId: 'unique' }] } } },
      },
      { onCall: async ({ args }) => managed.create(args[2] as JsonObject) },
    );
    await managed.create({ _id: 'a', userName: 'a', child: 'b' });
    expect((await managed.query({})).objects.map(({ object }) => object['userName'])).toEqual(['a', 'b']);
    await expect(managed.create({ userName: 'c', child: 'bad' })).rejects.toMatchObject({
      status: 400,
      message: 'too bad',
    });
    await expect(managed.create({ userName: 'd', child: 'd' })).rejects.toMatchObject({ status: 403 });
  });

  it('before a delete can keep the object', async () => {
    await using managed = await openManaged({ onDelete: js("if (object.keep) throw {code: 403, message: 'kept'}") });
    await managed.create({ _id: 'a', keep: true });
    await expect(managed.remove('a')).rejects.toMatchObject({ status: 403, message: 'kept' });
    expect(await managed.row('a')).not.toBeNull();
  });

  it('of a property that hang or burst fail the request, not the server', async () => {
    await using managed = await openManaged({ onValidate: js('while (object.hang) {}') });
    await expect(managed.create({ _id: 'a', hang: true })).rejects.toMatchObject({ status: 500 });
    expect(await managed.create({ _id: 'b' })).toMatchObject({ _id: 'b' });
  });
});

describe('actions', () => {
  it('patch changes the one object that a query finds', async () => {
    await using managed = await openManaged({});
    await managed.create({ _id: 'a', userName: 'jdoe', givenName: 'John' });
    await managed.create({ _id: 'b', userName: 'other', givenName: 'John' });
    const operations = [{ operation: 'replace', field: '/givenName', value: 'Jon' }];
    const query = { _queryId: 'for-userName', uid: 'jdoe' };
    expect(await managed.action('', 'patch', operations, query)).toMatchObject({ _id: 'a', givenName: 'Jon' });
    expect(await managed.action('b', 'patch', operations)).toMatchObject({ _id: 'b', givenName: 'Jon' });
    await expect(managed.action('', 'patch', operations, { ...query, uid: 'x' })).rejects.toMatchObject({
      status: 404,
      message: 'Query returned no results',
    });
    await expect(managed.action('', 'patch', operations, { _queryFilter: 'true' })).rejects.toMatchObject({
      status: 500,
      message: 'Query result must yield one matching object',
    });
  });

  it('triggerSyncCheck writes what would be computed otherwise now', async () => {
    await using managed = await openManaged({
      schema: {
        properties: { display: { isVirtual: true, returnByDefault: true, onRetrieve: js("object.sn + '!'") } },
      },
    });
    await managed.create({ _id: 'a', sn: 'x' });
    await managed.repository.commit({
      units: [{ object: { kind: 'update', type: 'user', id: 'a', rev: 0, doc: { sn: 'y', display: 'x!' } } }],
    });
    expect(await managed.action('a', 'triggerSyncCheck')).toMatchObject({ display: 'y!', _rev: '2' });
    expect(await managed.action('a', 'triggerSyncCheck')).toMatchObject({ _rev: '2' });
    expect(managed.changes.map((change) => change.kind)).toEqual(['create', 'update']);
    expect(await managed.action('', 'triggerSyncCheck', null, { _queryFilter: 'true' })).toEqual({
      status: 'OK',
      countTriggered: 1,
    });
  });

  it('of the configuration see the object and the members of the body', async () => {
    await using managed = await openManaged({
      actions: {
        hello: js("openidm.action('trace', 'hello', {seen: [object.userName, greeting, typeof missing]}); 'hi'"),
      },
    });
    await managed.create({ _id: 'a', userName: 'u' });
    expect(await managed.action('a', 'hello', { greeting: 'good day', object: 'forged' })).toMatchObject({ _id: 'a' });
    expect(managed.traced).toEqual([['hello', ['u', 'good day', 'undefined']]]);
  });

  it('that nobody knows are refused', async () => {
    await using managed = await openManaged({ actions: { hello: js('1') } });
    await managed.create({ _id: 'a' });
    for (const [id, action] of [
      ['a', 'nope'],
      ['a', 'toString'],
      ['', 'hello'],
    ] as const)
      await expect(managed.action(id, action)).rejects.toMatchObject({
        status: 400,
        message: `Action ${action} is not supported.`,
      });
  });
});
