import { describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Repository } from '../model/repository.ts';
import { openMemoryRepository } from '../repo/memory/memory-repository.ts';
import { CBC } from './envelope.ts';
import { openCrypto, type KeyedCrypto } from './open-crypto.ts';
import { reencryptObjects } from './reencrypt.ts';
import { DEFAULT_ALIAS } from './stored-key.ts';

const TYPES = [
  { name: 'user', marked: [{ name: 'password', key: DEFAULT_ALIAS, cipher: null }] },
  { name: 'device', marked: [] },
];

interface World {
  readonly repository: Repository;
  readonly crypto: KeyedCrypto;
}

async function world(count = 7): Promise<World> {
  const repository = openMemoryRepository(systemClock);
  await repository.objects.declareTypes(TYPES.map(({ name }) => ({ name, searchable: [] })));
  const crypto = await openCrypto({ keyStoreFile: null, env: {} });
  const units = Array.from({ length: count }, (_, i) => ({
    object: { kind: 'create', type: 'user', id: `u${i}`, doc: userDoc(crypto, i) } as const,
  }));
  await repository.commit({ units });
  return { repository, crypto };
}

function userDoc(crypto: KeyedCrypto, i: number): JsonObject {
  const secret = (value: Json): JsonObject => crypto.encrypt(value, null, i % 2 === 0 ? null : CBC);
  return {
    userName: `n${i}`,
    password: secret(`p${i}`),
    deep: [{ x: secret(i) }, 'y'],
    pin: crypto.hash('1', 'SHA-256'),
  };
}

async function docs({ repository }: World): Promise<readonly JsonObject[]> {
  return (await repository.objects.page('user', { limit: 1000 })).rows.map(({ doc }) => doc);
}

const run = ({ repository, crypto }: World, more: Partial<Parameters<typeof reencryptObjects>[0]> = {}) =>
  reencryptObjects({ repository, crypto, alias: DEFAULT_ALIAS, types: TYPES, batchSize: 3, ...more });

/** Whether any value still needs a key that was retired. */
function needsOldKey(crypto: KeyedCrypto, doc: JsonObject): boolean {
  const deep = doc['deep'] as [{ x: Json }];
  return crypto.needsOldKey(doc['password']!) || crypto.needsOldKey(deep[0].x);
}

describe('re-encryption after a rotation', () => {
  it('brings every value to the new key, keeps its text and cipher, and writes nothing the second time', async () => {
    const all = await world();
    const plain = (await docs(all)).map((doc) => all.crypto.decrypt(doc));
    const ciphers = (await docs(all)).map((doc) => /AES\/\w+/.exec(JSON.stringify(doc))![0]);
    expect(await run(all)).toEqual({ objects: 7, changed: 0, failures: [] });
    all.crypto.keys.rotate(DEFAULT_ALIAS);
    expect(await run(all)).toEqual({ objects: 7, changed: 7, failures: [] });
    const after = await docs(all);
    expect(after.map((doc) => all.crypto.decrypt(doc))).toEqual(plain);
    expect(after.map((doc) => /AES\/\w+/.exec(JSON.stringify(doc))![0])).toEqual(ciphers);
    expect(after.filter((doc) => needsOldKey(all.crypto, doc))).toEqual([]);
    expect(await run(all)).toEqual({ objects: 7, changed: 0, failures: [] });
  });

  it('encrypts marked properties that are plain, and leaves the others', async () => {
    const all = await world(0);
    const doc = { userName: 'a', password: 'plain', other: 'plain' };
    await all.repository.commit({
      units: [
        { object: { kind: 'create', type: 'user', id: 'a', doc } },
        { object: { kind: 'create', type: 'user', id: 'b', doc: { password: null } } },
      ],
    });
    expect(await run(all)).toMatchObject({ changed: 1 });
    const [a, b] = await docs(all);
    expect(JSON.stringify(a)).toContain('"cipher":"AES/GCM/NoPadding"');
    expect([all.crypto.decrypt(a!), b]).toEqual([doc, { password: null }]);
  });

  it('loses no change that somebody makes meanwhile', async () => {
    const all = await world(20);
    all.crypto.keys.rotate(DEFAULT_ALIAS);
    let writes = 0;
    const meddling: Repository = {
      ...all.repository,
      commit: async (batch) => {
        const [first] = batch.units;
        const { id } = first!.object!;
        const [row] = writes++ % 2 === 0 ? await all.repository.objects.readMany('user', [id]) : [];
        if (row !== undefined)
          await all.repository.commit({
            units: [{ object: { kind: 'update', type: 'user', id, rev: row.rev, doc: { ...row.doc, seen: writes } } }],
          });
        return all.repository.commit(batch);
      },
    };
    expect(await run(all, { repository: meddling })).toEqual({ objects: 20, changed: 20, failures: [] });
    const after = await docs(all);
    expect(after.filter((doc) => needsOldKey(all.crypto, doc))).toEqual([]);
    expect(after.filter((doc) => doc['seen'] !== undefined).length).toBeGreaterThan(5);
  });

  it('goes on where it was stopped', async () => {
    const all = await world(9);
    all.crypto.keys.rotate(DEFAULT_ALIAS);
    let commits = 0;
    const dying: Repository = {
      ...all.repository,
      commit: (batch) => (++commits > 1 ? Promise.reject(new Error('power cut')) : all.repository.commit(batch)),
    };
    await expect(run(all, { repository: dying })).rejects.toThrow('power cut');
    expect((await docs(all)).filter((doc) => needsOldKey(all.crypto, doc))).toHaveLength(6);
    expect(await run(all)).toEqual({ objects: 9, changed: 6, failures: [] });
  });

  it('tells which objects cannot be read, and does the others', async () => {
    const all = await world(2);
    const foreign = (await openCrypto({ keyStoreFile: null, env: {} })).encrypt('x', null, null);
    await all.repository.commit({
      units: [{ object: { kind: 'create', type: 'user', id: 'bad', doc: { password: foreign } } }],
    });
    all.crypto.keys.rotate(DEFAULT_ALIAS);
    const { changed, failures } = await run(all);
    expect(changed).toBe(2);
    expect(failures).toEqual([expect.stringMatching(/^managed\/user\/bad: .*cannot be decrypted/)]);
  });
});
