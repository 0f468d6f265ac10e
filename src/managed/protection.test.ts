import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../base/json.ts';
import { EXTERNAL, js, openManaged, trace, type Managed } from './testing/open-managed.ts';

const CLOSED = {
  schema: {
    properties: {
      password: { type: 'string', scope: 'private', encryption: { key: 'openidm-sym-default' } },
      answer: { encryption: { key: 'openidm-sym-default' } },
      pin: { secureHash: { algorithm: 'SHA-256' } },
    },
  },
};
const SECRETS = { password: 'Secr3t-word', answer: ['blue', 7], pin: '9821' };
const envelope = {
  $crypto: { type: 'x-simple-encryption', value: expect.objectContaining({ key: 'openidm-sym-default' }) },
};
const hash = { $crypto: { type: 'salted-hash', value: expect.objectContaining({ algorithm: 'SHA-256' }) } };

function plainIn(value: unknown): readonly string[] {
  const text = JSON.stringify(value);
  return ['Secr3t-word', 'blue', '9821'].filter((secret) => text.includes(secret));
}

describe('marked properties', () => {
  it('lie closed in the repository and in the audit, and are answered closed', async () => {
    await using managed = await openManaged(CLOSED);
    const created = await managed.create({ _id: 'a', sn: 'x', ...SECRETS }, EXTERNAL);
    expect(created).toEqual({ _id: 'a', _rev: '0', sn: 'x', answer: envelope, pin: hash });
    expect(await managed.read('a')).toMatchObject({ password: envelope });
    expect(plainIn(await managed.row('a'))).toEqual([]);
    await managed.patch('a', [{ operation: 'replace', field: '/password', value: 'Secr3t-word2' }]);
    await managed.remove('a');
    expect(managed.events).toHaveLength(3);
    const stored = managed.changes.map(({ before, after }) => [before, after]);
    expect(plainIn([managed.events, stored])).toEqual([]);
    expect(managed.events[1]!.event).toMatchObject({
      operation: 'PATCH',
      passwordChanged: true,
      changedFields: ['/password'],
    });
  });

  it('have the cipher that the configuration names, and once it names another, the next write brings it', async () => {
    const named = (cipher: string | null) => ({
      schema: {
        properties: {
          password: { encryption: { key: 'openidm-sym-default', ...(cipher === null ? {} : { cipher }) } },
        },
      },
    });
    const cipherOf = async (managed: Managed): Promise<unknown> =>
      /AES\/\w+/.exec(JSON.stringify((await managed.row('a'))!.doc))![0];
    await using plain = await openManaged(named(null));
    await plain.create({ _id: 'a', password: 'x' });
    expect(await cipherOf(plain)).toBe('AES/GCM');
    await using cbc = await openManaged(named('AES/CBC/PKCS5Padding'));
    await cbc.create({ _id: 'a', password: 'x' });
    expect(await cipherOf(cbc)).toBe('AES/CBC');
    expect(await cbc.update('a', { password: 'x' })).toMatchObject({ _rev: '0' });
    expect(plain.type.protection.isOutdated((await cbc.row('a'))!.doc)).toBe(false);
    expect(cbc.type.protection.isOutdated((await plain.row('a'))!.doc)).toBe(true);
  });

  it('that are sent as they are stored make no difference', async () => {
    await using managed = await openManaged(CLOSED);
    await managed.create({ _id: 'a', ...SECRETS });
    const stored = (await managed.row('a'))!.doc;
    expect(await managed.update('a', { ...SECRETS })).toMatchObject({ _rev: '0' });
    expect(await managed.update('a', { ...stored })).toMatchObject({ _rev: '0' });
    expect(await managed.patch('a', [{ operation: 'replace', field: 'pin', value: '9821' }])).toMatchObject({
      _rev: '0',
    });
    expect(await managed.update('a', { ...SECRETS, sn: 'new' })).toMatchObject({ _rev: '1' });
    const after = (await managed.row('a'))!.doc;
    expect({ ...after, sn: undefined }).toEqual({ ...stored, sn: undefined });
    expect(await managed.update('a', { ...SECRETS, sn: 'new', pin: '1111' })).toMatchObject({ _rev: '2' });
    expect((await managed.row('a'))!.doc['pin']).not.toEqual(stored['pin']);
  });

  it('are open to hooks, closed for onStore and afterwards', async () => {
    await using managed = await openManaged({
      ...CLOSED,
      onUpdate: trace('onUpdate', '[oldObject.password, object.password]'),
      onStore: trace('onStore', 'openidm.isEncrypted(object.password)'),
      postUpdate: trace('postUpdate', '[oldObject.password, openidm.isEncrypted(newObject.password)]'),
      onDelete: trace('onDelete', 'object.password'),
      onRetrieve: trace('onRetrieve', 'openidm.isEncrypted(object.password)'),
    });
    await managed.create({ _id: 'a', password: 'one' });
    managed.traced.length = 0;
    await managed.update('a', { password: 'two' });
    await managed.remove('a');
    expect(managed.traced).toEqual([
      ['onUpdate', ['one', 'two']],
      ['onStore', true],
      ['postUpdate', ['one', true]],
      ['onRetrieve', true],
      ['onDelete', 'two'],
    ]);
  });

  it('that lie in plain text from before are closed by the next update, even one that changes nothing', async () => {
    await using managed = await openManaged(CLOSED);
    await managed.repository.commit({
      units: [{ object: { kind: 'create', type: 'user', id: 'a', doc: { ...SECRETS } } }],
    });
    expect(await managed.update('a', { ...SECRETS })).toMatchObject({ _rev: '1', pin: hash });
    expect(plainIn(await managed.row('a'))).toEqual([]);
    expect(await managed.update('a', { ...SECRETS })).toMatchObject({ _rev: '1' });
  });

  it('are checked by policies as their owner typed them', async () => {
    const password = {
      ...CLOSED.schema.properties.password,
      policies: [{ policyId: 'minimum-length', params: { minLength: 8 } }],
    };
    await using managed = await openManaged({ schema: { properties: { ...CLOSED.schema.properties, password } } });
    await managed.create({ _id: 'a', password: 'long enough' });
    await expect(
      managed.patch('a', [{ operation: 'replace', field: 'password', value: 'short' }]),
    ).rejects.toMatchObject({
      status: 403,
      message: 'Failed policy validation',
    });
    expect(await managed.patch('a', [{ operation: 'add', field: 'sn', value: 'x' }])).toMatchObject({ sn: 'x' });
  });

  it('cannot be laid open: an envelope is taken from a caller only where it lies already', async () => {
    await using managed = await openManaged(CLOSED);
    await managed.create({ _id: 'a', ...SECRETS });
    await managed.create({ _id: 'b', ...SECRETS, pin: '1111' });
    const { doc } = (await managed.row('a'))!;
    const { answer, pin, password } = doc;
    const other = (await managed.row('b'))!.doc['pin']!;
    expect(await managed.update('a', doc, null, EXTERNAL)).toMatchObject({ _rev: '0' });
    const foreign: JsonObject[] = [
      { description: answer! },
      { nested: [{ deep: answer! }] },
      { pin: other },
      { password: answer! },
      { answer: password! },
      { $crypto: (answer as JsonObject)['$crypto']! },
    ];
    for (const part of foreign) {
      const refusal = { status: 400, message: expect.stringContaining('"$crypto"') };
      await expect(managed.update('a', { ...doc, ...part }, null, EXTERNAL)).rejects.toMatchObject(refusal);
      await expect(managed.create({ _id: 'c', ...part }, EXTERNAL)).rejects.toMatchObject(refusal);
      const [[field, value]] = Object.entries(part) as [[string, Json]];
      const operations = [{ operation: 'replace', field, value }];
      await expect(managed.patch('a', operations, null, EXTERNAL)).rejects.toMatchObject(refusal);
    }
    await expect(managed.create({ _id: 'c', pin: pin! }, EXTERNAL)).rejects.toMatchObject({ status: 400 });
    expect((await managed.row('a'))!.doc).toEqual(doc);
    await managed.update('a', { description: answer! });
    expect(plainIn([await managed.read('a'), await managed.row('a')])).toEqual([]);
    await managed.update('a', { ...SECRETS });
    await expect(
      managed.patch('a', [{ operation: 'copy', from: '/answer', field: '/sn' }], null, EXTERNAL),
    ).rejects.toMatchObject({ code: 'denied' });
  });

  it('with an envelope that nobody can open are the sender’s fault', async () => {
    await using managed = await openManaged(CLOSED);
    for (const value of [{}, { key: 'unknown', cipher: 'AES/GCM/NoPadding', iv: 'AAAA', data: 'AAAA' }, null, 7])
      await expect(
        managed.create({ password: { $crypto: { type: 'x-simple-encryption', value } } }),
      ).rejects.toMatchObject({ status: 400 });
  });

  it('whose key is gone, or that hold nonsense, do not make their object unchangeable; mappings do not get them', async () => {
    await using managed = await openManaged(CLOSED);
    const lost = {
      $crypto: {
        type: 'x-simple-encryption',
        value: { key: 'gone', cipher: 'AES/GCM/NoPadding', iv: 'AAAA', data: 'AAAA' },
      },
    };
    const odd = { $crypto: { type: 'salted-hash', value: 7 } };
    const rows = ['a', 'b'].map(
      (id) => ({ object: { kind: 'create', type: 'user', id, doc: { password: lost, pin: odd } } }) as const,
    );
    await managed.repository.commit({ units: rows });
    expect(await managed.patch('a', [{ operation: 'add', field: 'sn', value: 'x' }])).toMatchObject({
      sn: 'x',
      password: lost,
    });
    await expect(managed.collection.readMany(['a'])).rejects.toMatchObject({ name: 'Failure' });
    expect(await managed.update('a', { password: 'new', pin: '1' })).toMatchObject({ pin: hash });
    expect((await managed.collection.readMany(['a'])).get('a')!.object).toMatchObject({ password: 'new' });
    await managed.remove('b');
    expect(await managed.row('b')).toBeNull();
  });

  it('of any value come back to mappings as they were', async () => {
    await using managed = await openManaged(CLOSED);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.uuid(), async (raw, _id) => {
        const answer = JSON.parse(JSON.stringify(raw)) as Json;
        await managed.create({ _id, answer });
        expect((await managed.collection.readMany([_id])).get(_id)!.object).toEqual({ _id, _rev: '0', answer });
      }),
      { numRuns: 100 },
    );
  });
});

describe('activity entries', () => {
  it('tell what was done, by whom, and because of what', async () => {
    await using managed = await openManaged({});
    const context = { ...EXTERNAL, transactionId: 'root-9', parentActionId: 'parent-1' };
    await managed.create({ _id: 'a', sn: 'x' }, context);
    expect(managed.events[0]).toMatchObject({
      topic: 'activity',
      transactionId: 'root-9',
      userId: 'openidm-admin',
      event: {
        runAs: 'openidm-admin',
        objectId: 'managed/user/a',
        operation: 'CREATE',
        before: null,
        after: { _id: 'a', _rev: '0', sn: 'x' },
        changedFields: [],
        revision: '0',
        message: 'create',
        passwordChanged: false,
        status: 'SUCCESS',
        parentActionId: 'parent-1',
      },
    });
  });

  it('hide passwords and private properties that are stored in plain text', async () => {
    await using managed = await openManaged(
      { schema: { properties: { secret: { scope: 'private' } } } },
      { activity: { watchedFields: ['/a/b'], passwordFields: ['password', '/deep/word'], isLogged: () => true } },
    );
    const content: JsonObject = { _id: 'a', password: 'p1', secret: 's1', deep: { word: 'w1', other: 1 }, a: { b: 1 } };
    await managed.create(content);
    await managed.update('a', { ...content, a: { b: 2 }, deep: { word: 'w2', other: 1 } });
    const text = JSON.stringify(managed.events);
    expect(['p1', 's1', 'w1', 'w2'].filter((secret) => text.includes(secret))).toEqual([]);
    expect(managed.events[1]!.event).toMatchObject({
      changedFields: ['/a/b', '/deep/word'],
      passwordChanged: true,
      after: { deep: { other: 1 } },
    });
    expect((await managed.row('a'))!.doc['deep']).toEqual({ word: 'w2', other: 1 });
  });

  it('are left out for operations that nobody wants logged', async () => {
    await using managed = await openManaged(
      { onCreate: js('object.x = 1') },
      { activity: { watchedFields: [], passwordFields: [], isLogged: (operation) => operation === 'delete' } },
    );
    await managed.create({ _id: 'a' });
    await managed.remove('a');
    expect(managed.events.map(({ event }) => event['operation'])).toEqual(['DELETE']);
  });
});
