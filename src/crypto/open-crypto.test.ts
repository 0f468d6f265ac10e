import { execFile, spawnSync } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { CBC, CIPHERS, GCM } from './envelope.ts';
import { openCrypto, type KeyedCrypto } from './open-crypto.ts';
import { DEFAULT_ALIAS, SESSION_ALIAS } from './stored-key.ts';

let directory = '';
let keyStoreFile = '';

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'lockstep-crypto-'));
  keyStoreFile = path.join(directory, 'data', 'keystore.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

const inMemory = (env: Record<string, string> = {}): Promise<KeyedCrypto> => openCrypto({ keyStoreFile: null, env });
const onDisk = (env: Record<string, string> = {}): Promise<KeyedCrypto> => openCrypto({ keyStoreFile, env });
const base64 = (bytes: number, fill = 7): string => Buffer.alloc(bytes, fill).toString('base64');
const json = (): fc.Arbitrary<Json> =>
  fc.jsonValue({ stringUnit: 'binary' }).map((value) => JSON.parse(JSON.stringify(value)) as Json);

/** What it gives, or the name of the expected failure; anything else that is thrown goes on. */
function outcome(call: () => Json): Json {
  try {
    return call();
  } catch (error) {
    if (error instanceof Failure) return { failure: error.code };
    throw error;
  }
}

function valueOf(encrypted: JsonObject): JsonObject {
  const crypto = encrypted['$crypto'];
  if (!isJsonObject(crypto) || !isJsonObject(crypto['value'])) throw new Error('no envelope');
  return crypto['value'];
}

describe('encryption', () => {
  it.each(CIPHERS)('%s: any JSON comes back as it was, from anywhere within a value', async (cipher) => {
    const crypto = await inMemory();
    fc.assert(
      fc.property(json(), (value) => {
        const encrypted = crypto.encrypt(value, null, cipher);
        expect(crypto.isEncrypted(encrypted)).toBe(true);
        expect(JSON.stringify(crypto.decrypt({ a: [encrypted, 'plain'], __proto__x: 1 }))).toBe(
          JSON.stringify({ a: [value, 'plain'], __proto__x: 1 }),
        );
      }),
    );
  });

  it('the envelope is that of the reference, its default cipher is authenticated, its vector is never used twice', async () => {
    const crypto = await inMemory();
    const first = crypto.encrypt('x', null, null);
    expect(first).toEqual({
      $crypto: {
        type: 'x-simple-encryption',
        value: { cipher: GCM, key: DEFAULT_ALIAS, iv: expect.any(String), data: expect.any(String) },
      },
    });
    expect(Buffer.from(String(valueOf(first)['iv']), 'base64')).toHaveLength(12);
    expect(valueOf(first)['iv']).not.toBe(valueOf(crypto.encrypt('x', null, null))['iv']);
    expect(Buffer.from(String(valueOf(crypto.encrypt('x', null, CBC))['iv']), 'base64')).toHaveLength(16);
  });

  it.each([16, 24, 32])('reads what another program encrypted with AES/CBC and a key of %i bytes', async (size) => {
    const key = Buffer.alloc(size, 3);
    const iv = Buffer.alloc(16, 5);
    const cipher = createCipheriv(`aes-${size * 8}-cbc`, key, iv);
    const data = Buffer.concat([cipher.update('"Passw0rd"'), cipher.final()]).toString('base64');
    const value = { cipher: CBC, key: DEFAULT_ALIAS, iv: iv.toString('base64'), data };
    const crypto = await inMemory({ LOCKSTEP_KEY_OPENIDM_SYM_DEFAULT: key.toString('base64') });
    expect(crypto.decrypt({ password: { $crypto: { value, type: 'x-simple-encryption' } } })).toEqual({
      password: 'Passw0rd',
    });
  });

  it('GCM: a change of any bit of vector, data, tag or alias is noticed', async () => {
    const crypto = await inMemory({ LOCKSTEP_KEY_A: base64(32), LOCKSTEP_KEY_B: base64(32) });
    fc.assert(
      fc.property(json(), fc.constantFrom('iv', 'data'), fc.nat(), fc.nat(7), (value, part, at, bit) => {
        const encrypted = crypto.encrypt(value, 'a', GCM);
        const bytes = Buffer.from(String(valueOf(encrypted)[part]), 'base64');
        bytes[at % bytes.length]! ^= 1 << bit;
        valueOf(encrypted)[part] = bytes.toString('base64');
        expect(() => crypto.decrypt(encrypted)).toThrow(/it was changed, or the key is another one/);
      }),
    );
    const moved = crypto.encrypt('x', 'a', GCM);
    valueOf(moved)['key'] = 'b';
    expect(() => crypto.decrypt(moved)).toThrow(/it was changed/);
    const shortened = crypto.encrypt('x', 'a', GCM);
    valueOf(shortened)['data'] = Buffer.from(String(valueOf(shortened)['data']), 'base64')
      .subarray(0, -1)
      .toString('base64');
    expect(() => crypto.decrypt(shortened)).toThrow(/it was changed/);
  });

  it('GCM: a change of any character of the envelope is noticed', async () => {
    const crypto = await inMemory();
    const text = JSON.stringify(crypto.encrypt('secret', null, null));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        fc.pre(text[at] !== character);
        let changed: Json;
        try {
          changed = JSON.parse(text.slice(0, at) + character + text.slice(at + 1)) as Json;
        } catch {
          return;
        }
        expect(outcome(() => crypto.decrypt(changed))).not.toBe('secret');
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[string, Json, string, string]>([
    ['an unknown key', { cipher: GCM, key: 'x', iv: '', data: '' }, 'internal', 'Encryption key x not found'],
    ['an unknown cipher', { cipher: 'DES', key: 'x', iv: '', data: '' }, 'invalid-data', 'unknown cipher "DES"'],
    ['no cipher', { key: 'x', iv: '', data: '' }, 'invalid-data', 'names no cipher'],
    ['no vector', { cipher: CBC, key: DEFAULT_ALIAS, data: '' }, 'invalid-data', 'iv is not base64'],
    ['no base64', { cipher: CBC, key: DEFAULT_ALIAS, iv: '', data: '*' }, 'invalid-data', 'data is not base64'],
    ['no object', 'x', 'invalid-data', 'value is not an object'],
    ['a key pair', { cipher: CBC, key: { key: 'x' }, iv: '', data: '' }, 'unsupported', 'key pair'],
    ['an empty text', { cipher: CBC, key: DEFAULT_ALIAS, iv: '', data: '' }, 'invalid-data', 'it was changed'],
  ])('%s is an expected failure', async (_, value, code, message) => {
    const crypto = await inMemory();
    crypto.encrypt('x', null, null);
    const encrypted = { $crypto: { type: 'x-simple-encryption', value } };
    expect(() => crypto.decrypt(encrypted)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it('encrypting under an unknown alias makes no key', async () => {
    const crypto = await onDisk();
    for (const alias of ['other', '__proto__', 'constructor', ''])
      expect(() => crypto.encrypt('x', alias, null)).toThrow(`Encryption key ${alias} not found`);
    expect(existsSync(keyStoreFile)).toBe(false);
    const forSignatures = expect.objectContaining({ code: 'bad-request' });
    for (const cipher of CIPHERS) expect(() => crypto.encrypt('x', SESSION_ALIAS, cipher)).toThrow(forSignatures);
  });

  it('leaves plain values and hashes alone, and does not look into what it decrypted', async () => {
    const crypto = await inMemory();
    const hash = crypto.hash('x', 'SHA-256');
    const once = crypto.encrypt('x', null, null);
    expect(crypto.decrypt({ hash, twice: crypto.encrypt(once, null, null), $crypto: 1 })).toEqual({
      hash,
      twice: once,
      $crypto: 1,
    });
    expect([crypto.isEncrypted(hash), crypto.isHashed(hash), crypto.isHashed(once)]).toEqual([false, true, false]);
  });
});

describe('salted hashes', () => {
  it.each(['MD5', 'SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'])(
    '%s: matches its own text and no other',
    async (algorithm) => {
      const crypto = await inMemory();
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, other) => {
          const hashed = crypto.hash(text, algorithm);
          expect(crypto.matches(text, hashed)).toBe(true);
          fc.pre(!other.startsWith(text));
          expect(crypto.matches(other, hashed)).toBe(false);
        }),
      );
      expect(crypto.matches({ a: 1 }, crypto.hash({ a: 1 }, algorithm))).toBe(true);
    },
  );

  it('is digest and salt of 16 bytes, and recognizes the hashes that lost the end of a text', async () => {
    const crypto = await inMemory();
    const value = valueOf(crypto.hash('x', 'SHA-256'));
    expect(Buffer.from(String(value['data']), 'base64')).toHaveLength(48);
    const salt = Buffer.alloc(16, 1);
    const foreign = (bytes: Buffer): JsonObject => {
      const data = Buffer.concat([createHash('sha256').update(bytes).update(salt).digest(), salt]).toString('base64');
      return { $crypto: { type: 'salted-hash', value: { algorithm: 'SHA-256', data } } };
    };
    const cut = foreign(Buffer.from('Größe1').subarray(0, 6));
    expect([crypto.matches('Größe1', cut), crypto.matches('Grösse', cut)]).toEqual([true, false]);
    expect(crypto.matches('x', { $crypto: { type: 'salted-hash', value: { algorithm: 'MD5', data: 'AA==' } } })).toBe(
      false,
    );
    for (const bad of ['x', null, { $crypto: { type: 'salted-hash', value: { algorithm: 'constructor', data: '' } } }])
      expect(() => crypto.matches('x', bad)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });
});

describe('the key store file', () => {
  it('is made at the first need, for its owner only, and read by the next process', async () => {
    const crypto = await onDisk();
    expect(crypto.decrypt({ plain: 1 })).toEqual({ plain: 1 });
    expect(existsSync(keyStoreFile)).toBe(false);
    const encrypted = crypto.encrypt('x', null, null);
    expect(statSync(keyStoreFile).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(keyStoreFile))).toEqual(['keystore.json']);
    const next = await onDisk();
    expect(next.decrypt(encrypted)).toBe('x');
    expect(next.signatureKeys(SESSION_ALIAS)).toEqual(crypto.signatureKeys(SESSION_ALIAS));
    expect(next.signatureKeys(SESSION_ALIAS)[0]).toHaveLength(64);
    expect(next.keys.list().map(({ alias, bits }) => [alias, bits])).toEqual([
      [DEFAULT_ALIAS, 256],
      [SESSION_ALIAS, 512],
      ['openidm-selfservice-key', 256],
    ]);
  });

  it('is made once by processes that need it at the same time', async () => {
    const script = `const { openCrypto } = await import(${JSON.stringify(new URL('open-crypto.ts', import.meta.url).href)});
      const crypto = await openCrypto({ keyStoreFile: process.argv[1], env: {} });
      process.stdout.write(JSON.stringify(crypto.encrypt('x', null, null)));`;
    const run = promisify(execFile);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        run(process.execPath, ['--input-type=module', '--eval', script, keyStoreFile], { env: {} }),
      ),
    );
    const crypto = await onDisk();
    expect(crypto.keys.list()).toHaveLength(3);
    expect(answers.map(({ stdout }) => crypto.decrypt(JSON.parse(stdout) as Json))).toEqual(['x', 'x', 'x', 'x']);
    expect(readdirSync(path.dirname(keyStoreFile))).toEqual(['keystore.json']);
  });

  it('takes over the lock of a process that is dead, and not that of a living one', async () => {
    mkdirSync(path.dirname(keyStoreFile));
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(`${keyStoreFile}.lock`, String(pid));
    const crypto = await onDisk();
    expect(crypto.decrypt(crypto.encrypt('x', null, null))).toBe('x');
    writeFileSync(`${keyStoreFile}.lock`, String(process.pid));
    expect(() => crypto.keys.create('mine')).toThrow(expect.objectContaining({ code: 'locked' }));
  });

  it('refuses to start when others may read it, and when it is damaged; and never replaces it', async () => {
    (await onDisk()).encrypt('x', null, null);
    const good = readFileSync(keyStoreFile, 'utf8');
    chmodSync(keyStoreFile, 0o640);
    await expect(onDisk()).rejects.toMatchObject({
      code: 'bad-configuration',
      message: expect.stringMatching(/keystore\.json is open to other users \(mode 0640\).*chmod 600/),
    });
    chmodSync(keyStoreFile, 0o600);
    const key = /"key": "(.)/.exec(good)![1]!;
    for (const bad of [
      good.slice(0, -20),
      '',
      '{}',
      good.replace(/"key": ".{40}/, '"key": "AAAA'),
      good.replace(`"key": "${key}`, `"key": "${key === 'A' ? 'B' : 'A'}`),
      JSON.stringify({ ...JSON.parse(good), keys: [...JSON.parse(good).keys, JSON.parse(good).keys[0]] }),
    ]) {
      writeFileSync(keyStoreFile, bad);
      await expect(onDisk()).rejects.toMatchObject({
        code: 'bad-configuration',
        message: expect.stringMatching(/is damaged: .*restore it from a backup/),
      });
      expect(readFileSync(keyStoreFile, 'utf8')).toBe(bad);
    }
    rmSync(keyStoreFile);
    mkdirSync(keyStoreFile);
    await expect(onDisk()).rejects.toMatchObject({ message: expect.stringContaining('is not a file') });
  });

  it('keys of the environment go first; several take turns; a bad one is named without its value', async () => {
    const before = await onDisk();
    const ofFile = before.encrypt('file', null, null);
    const old = (await inMemory({ LOCKSTEP_KEY_OPENIDM_SYM_DEFAULT: base64(16, 1) })).encrypt('old', null, null);
    const both = await onDisk({ LOCKSTEP_KEY_OPENIDM_SYM_DEFAULT: `${base64(32, 2)}, ${base64(16, 1)}` });
    expect([both.decrypt(ofFile), both.decrypt(old)]).toEqual(['file', 'old']);
    const own = both.encrypt('own', null, null);
    expect([both.needsOldKey(own), both.needsOldKey(old), both.needsOldKey(ofFile)]).toEqual([false, true, true]);
    expect(() => before.decrypt(own)).toThrow(/cannot be decrypted/);
    for (const bad of ['AAAA', '!', base64(17)])
      await expect(inMemory({ LOCKSTEP_KEY_A: bad })).rejects.toMatchObject({
        code: 'bad-configuration',
        message: expect.stringMatching(/^the environment variable LOCKSTEP_KEY_A holds no key: it/),
      });
  });

  it('a rotation is noticed by a process that is running, in both directions', async () => {
    const server = await onDisk();
    const old = server.encrypt('x', null, null);
    const tool = await onDisk();
    expect(tool.keys.rotate(DEFAULT_ALIAS)).toBe('made');
    expect(server.decrypt(tool.encrypt('new', null, null))).toBe('new');
    expect([server.decrypt(old), server.needsOldKey(old)]).toEqual(['x', true]);
    tool.keys.finishRotation(DEFAULT_ALIAS);
    tool.keys.rotate(DEFAULT_ALIAS);
    expect(tool.needsOldKey(server.encrypt('y', null, null))).toBe(false);
  });

  it('a rotation that was not finished is taken up, not started again', async () => {
    const crypto = await onDisk();
    crypto.encrypt('x', null, null);
    expect([crypto.keys.rotate(DEFAULT_ALIAS), (await onDisk()).keys.rotate(DEFAULT_ALIAS)]).toEqual([
      'made',
      'resumed',
    ]);
    expect(crypto.keys.list()).toHaveLength(4);
    crypto.keys.finishRotation(DEFAULT_ALIAS);
    expect(crypto.keys.rotate(DEFAULT_ALIAS)).toBe('made');
    expect(crypto.keys.list()).toHaveLength(5);
    expect(() => crypto.keys.rotate('other')).toThrow(expect.objectContaining({ code: 'not-found' }));
  });

  it('an imported key encrypts if its alias is new, and only decrypts beside another', async () => {
    const foreign = await inMemory({ LOCKSTEP_KEY_OPENIDM_SYM_DEFAULT: base64(16) });
    const encrypted = foreign.encrypt('x', null, CBC);
    const crypto = await onDisk();
    crypto.encrypt('first', null, null);
    crypto.keys.import(DEFAULT_ALIAS, Buffer.alloc(16, 7));
    expect([crypto.decrypt(encrypted), crypto.needsOldKey(encrypted)]).toEqual(['x', true]);
    crypto.keys.import('legacy', Buffer.alloc(24, 9));
    expect(crypto.decrypt(crypto.encrypt('y', 'legacy', null))).toBe('y');
    for (const [alias, key] of [
      ['legacy', Buffer.alloc(24, 9)],
      ['legacy', Buffer.alloc(17)],
      ['../x', Buffer.alloc(16)],
    ] as const)
      expect(() => crypto.keys.import(alias, key)).toThrow(expect.objectContaining({ name: 'Failure' }));
    expect(() => crypto.keys.create('legacy')).toThrow(expect.objectContaining({ code: 'exists' }));
  });
});
