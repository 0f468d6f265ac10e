import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import { AES_SIZES } from './stored-key.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';

/** Authenticated: a value that was changed, or moved under another alias, is not decrypted. */
export const GCM = 'AES/GCM/NoPadding';
/** What OpenIDM reads and writes. Nothing in it notices a change of the data. */
export const CBC = 'AES/CBC/PKCS5Padding';
export const CIPHERS: readonly string[] = [GCM, CBC];

export const ENCRYPTION_TYPE = 'x-simple-encryption';
export const HASH_TYPE = 'salted-hash';

/** Sizes in bytes. */
const GCM_IV = 12;
const GCM_TAG = 16;
const CBC_IV = 16;

/** The parts of `{"$crypto": {"type": "x-simple-encryption", "value": {…}}}`. */
export interface Sealed {
  readonly cipher: string;
  readonly alias: string;
  readonly iv: Buffer;
  /** For GCM the cipher text and then the tag, as the Java cipher of that name gives it. */
  readonly data: Buffer;
}

/** What stands under `$crypto`, null for anything else. */
export function envelopeOf(value: Json | undefined): { readonly type: string; readonly value: Json } | null {
  if (!isJsonObject(value) || !Object.hasOwn(value, '$crypto')) return null;
  const crypto = value['$crypto'];
  if (!isJsonObject(crypto) || typeof crypto['type'] !== 'string' || !Object.hasOwn(crypto, 'value')) return null;
  return { type: crypto['type'], value: crypto['value'] ?? null };
}

/** Throws `Failure('invalid-data')` for an envelope that cannot be one of ours, `unsupported` for one with a key pair. */
export function readEnvelope(value: Json): Sealed {
  const envelope = envelopeOf(value);
  if (envelope?.type !== ENCRYPTION_TYPE) throw malformed(`its type is not "${ENCRYPTION_TYPE}"`);
  if (!isJsonObject(envelope.value)) throw malformed('its value is not an object');
  const { cipher, key, iv, data } = envelope.value;
  if (isJsonObject(key))
    throw new Failure('unsupported', 'a value that was encrypted with a key pair cannot be decrypted here');
  if (typeof key !== 'string') throw malformed('it names no key');
  if (cipher !== GCM && cipher !== CBC) throw unknownCipher(typeof cipher === 'string' ? cipher : null);
  return { cipher, alias: key, iv: bytes(iv, 'iv'), data: bytes(data, 'data') };
}

/**
 * The envelope of a text under one key, with a random initialization vector. Throws `Failure('bad-request')` for a key that is
 * none of AES, `invalid-data` for an unknown cipher.
 */
export function seal(text: string, key: Buffer, alias: string, cipher: string): JsonObject {
  if (cipher !== GCM && cipher !== CBC) throw unknownCipher(cipher);
  if (!AES_SIZES.has(key.length))
    throw new Failure('bad-request', `the key ${alias} is for signatures; name one that encrypts`);
  const isGcm = cipher === GCM;
  const iv = randomBytes(isGcm ? GCM_IV : CBC_IV);
  const data = isGcm ? sealGcm(text, key, alias, iv) : sealCbc(text, key, iv);
  const value = { cipher, key: alias, iv: iv.toString('base64'), data: data.toString('base64') };
  return { $crypto: { type: ENCRYPTION_TYPE, value } };
}

/** The text, or null if this key does not open it. */
export function unseal(sealed: Sealed, key: Buffer): string | null {
  try {
    const plain = sealed.cipher === GCM ? openGcm(sealed, key) : openCbc(sealed, key);
    return plain === null ? null : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    return null;
  }
}

function sealGcm(text: string, key: Buffer, alias: string, iv: Buffer): Buffer {
  const cipher = createCipheriv(gcmName(key), key, iv, { authTagLength: GCM_TAG });
  cipher.setAAD(authenticated(alias));
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function openGcm({ alias, iv, data }: Sealed, key: Buffer): Buffer | null {
  if (iv.length !== GCM_IV || data.length < GCM_TAG) return null;
  const end = data.length - GCM_TAG;
  const decipher = createDecipheriv(gcmName(key), key, iv, { authTagLength: GCM_TAG });
  decipher.setAAD(authenticated(alias));
  decipher.setAuthTag(data.subarray(end));
  return Buffer.concat([decipher.update(data.subarray(0, end)), decipher.final()]);
}

function sealCbc(text: string, key: Buffer, iv: Buffer): Buffer {
  const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, iv);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
}

function openCbc({ iv, data }: Sealed, key: Buffer): Buffer {
  const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, iv);
  return Buffer.concat([decipher.update(data), decipher.final()]);
}

function gcmName(key: Buffer): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  return key.length === 16 ? 'aes-128-gcm' : key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
}

/** What the tag vouches for besides the text. */
function authenticated(alias: string): Buffer {
  return Buffer.from(JSON.stringify([ENCRYPTION_TYPE, GCM, alias]), 'utf8');
}

/** Only the one spelling of base64 that encoders give: another would be a change that nobody notices. */
function bytes(value: Json | undefined, name: string): Buffer {
  const decoded = typeof value === 'string' ? Buffer.from(value, 'base64') : null;
  if (decoded === null || decoded.toString('base64') !== value) throw malformed(`its ${name} is not base64`);
  return decoded;
}

function malformed(reason: string): Failure {
  return new Failure('invalid-data', `a $crypto value cannot be decrypted: ${reason}`);
}

function unknownCipher(cipher: string | null): Failure {
  const name = cipher === null ? 'a $crypto value names no cipher' : `unknown cipher "${cipher}"`;
  return new Failure('invalid-data', `${name}; known are ${CIPHERS.join(', ')}`);
}
