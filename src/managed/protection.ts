import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, setOwn, type Json, type JsonObject } from '../base/json.ts';
import type { Crypto } from '../crypto/crypto.ts';
import type { ManagedObjectConfig, ManagedPropertyConfig } from './managed-config.ts';

/**
 * Encryption and hashing of the marked properties of one type (specification §2.2). *Open* form: as mappings and hooks see an
 * object, encrypted values decrypted, hashes as they are. *Stored* form: as it lies in the repository.
 *
 * Only marked properties are opened: an envelope that somebody puts into another property stays closed there.
 */
export interface Protection {
  /** False: both forms are the same. */
  readonly isNeeded: boolean;
  /**
   * The open form; the object itself if nothing is to be opened. Throws `Failure` for an envelope that cannot be opened, unless
   * the same one is in `stored`.
   */
  open(object: JsonObject, stored?: JsonObject): JsonObject;
  /**
   * The same, but what cannot be opened (its key is gone) stays as it is: an object must not become unchangeable by it. Not for
   * mappings, which would carry the envelope elsewhere.
   */
  openIfPossible(object: JsonObject): JsonObject;
  /** The stored form; what did not change since `before` (stored form) keeps its very envelope. */
  close(object: JsonObject, before: JsonObject | null): JsonObject;
  /** Whether a value in open form is what is stored. */
  isSame(name: string, value: Json | undefined, stored: Json | undefined): boolean;
  /** The stored object is not protected as its configuration asks: it must be written even if nothing else differs. */
  isOutdated(stored: JsonObject): boolean;
  /** A hash, or an envelope: nothing can be told about the value. */
  isClosed(value: Json): boolean;
}

type Marked = ManagedPropertyConfig;

export function openProtection(config: ManagedObjectConfig, given: Crypto): Protection {
  const crypto = decryptingOnce(given);
  const marked = config.properties.filter((one) => one.encryption !== null || one.secureHash !== null);
  const byName = new Map(marked.map((one) => [one.name, one]));
  const isClosed = (value: Json): boolean =>
    isJsonObject(value) && (crypto.isEncrypted(value) || crypto.isHashed(value));
  return {
    isNeeded: marked.length > 0,
    open: (object, stored = {}) =>
      changed(object, marked, (property, value) => {
        if (!deepEqual(value, ownValue(stored, property.name))) return open(crypto, property, value);
        return orElse(() => open(crypto, property, value), value);
      }),
    openIfPossible: (object) =>
      changed(object, marked, (property, value) => orElse(() => open(crypto, property, value), value)),
    close: (object, before) => changed(object, marked, (property, value) => close(crypto, property, value, before)),
    isSame: (name, value, stored) => {
      const property = byName.get(name);
      return property === undefined ? deepEqual(value, stored) : isSame(crypto, property, value, stored);
    },
    isOutdated: (stored) => marked.some((property) => isOutdated(crypto, property, ownValue(stored, property.name))),
    isClosed,
  };
}

/** One write looks at the same envelope several times; decrypting is the dearest thing about it. */
function decryptingOnce(crypto: Crypto): Crypto {
  const known = new WeakMap<object, Json>();
  const decrypt = (value: Json): Json => {
    if (!isJsonObject(value)) return crypto.decrypt(value);
    const found = known.get(value);
    if (found !== undefined) return found;
    const plain = crypto.decrypt(value);
    known.set(value, plain);
    return plain;
  };
  return { ...crypto, decrypt };
}

function open(crypto: Crypto, { encryption }: Marked, value: Json): Json {
  return encryption !== null && isEncrypted(crypto, value) ? crypto.decrypt(value) : value;
}

function orElse<T>(compute: () => T, otherwise: T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof Failure) return otherwise;
    throw error;
  }
}

function ownValue(object: JsonObject, name: string): Json {
  return Object.hasOwn(object, name) ? object[name]! : null;
}

/** A copy with other values in the marked properties; the object itself if none differs. */
function changed(
  object: JsonObject,
  marked: readonly Marked[],
  change: (property: Marked, value: Json) => Json,
): JsonObject {
  let result = object;
  for (const property of marked) {
    const value = ownValue(object, property.name);
    if (value === null) continue;
    const next = change(property, value);
    if (next === value) continue;
    if (result === object) result = { ...object };
    setOwn(result, property.name, next);
  }
  return result;
}

function close(crypto: Crypto, property: Marked, value: Json, before: JsonObject | null): Json {
  const stored = before === null ? null : ownValue(before, property.name);
  const { encryption, secureHash } = property;
  if (stored !== null && !isOutdated(crypto, property, stored) && isSame(crypto, property, value, stored))
    return stored;
  if (secureHash !== null) return isHashed(crypto, value) ? value : crypto.hash(value, secureHash.algorithm);
  if (encryption === null || isEncrypted(crypto, value)) return value;
  return crypto.encrypt(value, encryption.key, encryption.cipher);
}

function isSame(crypto: Crypto, property: Marked, value: Json | undefined, stored: Json | undefined): boolean {
  const { encryption, secureHash } = property;
  if (deepEqual(value, stored)) return true;
  if (value === undefined || stored === undefined || value === null || stored === null) return false;
  if (secureHash !== null && isHashed(crypto, stored))
    return !isHashed(crypto, value) && orElse(() => crypto.matches(value, stored), false);
  if (encryption === null || !isEncrypted(crypto, stored)) return false;
  return orElse(() => deepEqual(open(crypto, property, value), crypto.decrypt(stored)), false);
}

function isOutdated(crypto: Crypto, { encryption, secureHash }: Marked, stored: Json): boolean {
  if (stored === null) return false;
  if (secureHash !== null) return !isHashed(crypto, stored);
  if (!isEncrypted(crypto, stored)) return true;
  const envelope = (stored as { readonly $crypto: JsonObject }).$crypto['value'];
  const { key, cipher } = isJsonObject(envelope) ? envelope : {};
  const isOtherCipher = encryption!.cipher !== null && cipher !== encryption!.cipher;
  return typeof key === 'string' && (key !== encryption!.key || isOtherCipher);
}

function isEncrypted(crypto: Crypto, value: Json): boolean {
  return isJsonObject(value) && crypto.isEncrypted(value) && !crypto.isHashed(value);
}

function isHashed(crypto: Crypto, value: Json): boolean {
  return isJsonObject(value) && crypto.isHashed(value);
}
