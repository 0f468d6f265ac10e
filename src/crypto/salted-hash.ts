import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { envelopeOf, HASH_TYPE } from './envelope.ts';

const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);
const SALT_BYTES = 16;

/**
 * A salted hash in the envelope of OpenIDM: base64 of digest and salt, the digest being over text and salt (specification
 * §14). Throws `Failure('bad-request')` for an unknown algorithm.
 */
export function saltedHash(value: Json, algorithm: string): JsonObject {
  const salt = randomBytes(SALT_BYTES);
  const data = Buffer.concat([digest(textOf(value), salt, algorithm), salt]).toString('base64');
  return { $crypto: { type: HASH_TYPE, value: { algorithm, data } } };
}

export function isHashed(value: Json): boolean {
  return envelopeOf(value)?.type === HASH_TYPE;
}

/**
 * Whether a plain text is the one that was hashed. OpenIDM hashes only the first n bytes of a text of n characters, which
 * leaves out the end of texts that are not ASCII; its hashes are recognized too. Every other text that this lets pass
 * begins with the whole text that was hashed, so it helps nobody who does not know that text.
 */
export function matchesHash(plain: Json, hashed: Json): boolean {
  const envelope = envelopeOf(hashed);
  const value = envelope?.type === HASH_TYPE ? envelope.value : null;
  if (!isJsonObject(value) || typeof value['data'] !== 'string' || typeof value['algorithm'] !== 'string')
    throw new Failure('bad-request', 'openidm.matches needs a value that openidm.hash gave');
  const bytes = Buffer.from(value['data'], 'base64');
  const { algorithm } = value;
  const length = digest(Buffer.alloc(0), Buffer.alloc(0), algorithm).length;
  if (bytes.length < length) return false;
  const expected = bytes.subarray(0, length);
  const salt = bytes.subarray(length);
  const text = textOf(plain);
  const characters = (typeof plain === 'string' ? plain : JSON.stringify(plain)).length;
  const isWhole = timingSafeEqual(expected, digest(text, salt, algorithm));
  const isCut = timingSafeEqual(expected, digest(text.subarray(0, characters), salt, algorithm));
  return isWhole || isCut;
}

function textOf(value: Json): Buffer {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value), 'utf8');
}

function digest(text: Buffer, salt: Buffer, algorithm: string): Buffer {
  const name = ALGORITHMS.get(algorithm);
  if (name === undefined)
    throw new Failure(
      'bad-request',
      `unknown hash algorithm "${algorithm}"; known are ${[...ALGORITHMS.keys()].join(', ')}`,
    );
  return createHash(name).update(text).update(salt).digest();
}
