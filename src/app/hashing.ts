import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';

const ALGORITHMS: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};
const SALT_BYTES = 16;

/** A salted hash in the envelope of OpenIDM: base64 of digest and salt, the digest being over text and salt (specification §14). */
export function saltedHash(value: Json, algorithm: string): JsonObject {
  const salt = randomBytes(SALT_BYTES);
  const data = Buffer.concat([digest(value, salt, algorithm), salt]).toString('base64');
  return { $crypto: { type: 'salted-hash', value: { algorithm, data } } };
}

/** Whether a plain text is the one that was hashed. */
export function matchesHash(plain: Json, hashed: Json): boolean {
  const envelope = isJsonObject(hashed) ? hashed['$crypto'] : undefined;
  const value = isJsonObject(envelope) && envelope['type'] === 'salted-hash' ? envelope['value'] : undefined;
  if (!isJsonObject(value) || typeof value['data'] !== 'string' || typeof value['algorithm'] !== 'string')
    throw new Failure('bad-request', 'openidm.matches needs a value that openidm.hash gave');
  const bytes = Buffer.from(value['data'], 'base64');
  const length = digest('', Buffer.alloc(0), value['algorithm']).length;
  if (bytes.length < length) return false;
  return timingSafeEqual(bytes.subarray(0, length), digest(plain, bytes.subarray(length), value['algorithm']));
}

function digest(value: Json, salt: Buffer, algorithm: string): Buffer {
  const name = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined;
  if (name === undefined)
    throw new Failure(
      'bad-request',
      `unknown hash algorithm "${algorithm}"; known are ${Object.keys(ALGORITHMS).join(', ')}`,
    );
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return createHash(name).update(text, 'utf8').update(salt).digest();
}
