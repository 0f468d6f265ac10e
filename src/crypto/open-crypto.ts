import path from 'node:path';
import { systemClock, type Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { isJsonObject, setOwn, type Json, type JsonObject } from '../base/json.ts';
import type { Crypto } from './crypto.ts';
import { ENCRYPTION_TYPE, envelopeOf, GCM, HASH_TYPE, readEnvelope, seal, unseal, type Sealed } from './envelope.ts';
import type { Environment } from './environment-keys.ts';
import { unknownKey } from './key-edits.ts';
import { openKeyRing, type KeyRing } from './key-ring.ts';
import { isHashed, matchesHash, saltedHash } from './salted-hash.ts';
import { DEFAULT_ALIAS } from './stored-key.ts';

export interface CryptoOptions {
  /** `keyStoreFileIn(dataDirectory)`; null keeps the keys in memory (tests, commands that only look). */
  readonly keyStoreFile: string | null;
  /** `LOCKSTEP_KEY_<ALIAS>`: base64 keys that go before those of the file. */
  readonly env: Environment;
  readonly clock?: Clock;
}

/** The `Crypto` of a project with its keys. */
export interface KeyedCrypto extends Crypto {
  readonly keys: KeyRing;
  /**
   * Keys for signatures (HMAC), e.g. of `SESSION_ALIAS`: the first one signs, all of them verify. Makes the key store at the first
   * need; throws `Failure('internal')` for an unknown alias.
   */
  signatureKeys(alias: string): readonly Buffer[];
  /** Whether an encrypted value needs a key that is no longer the current one of its alias. Throws as `decrypt` does. */
  needsOldKey(encrypted: Json): boolean;
}

export function keyStoreFileIn(dataDirectory: string): string {
  return path.join(dataDirectory, 'keystore.json');
}

/**
 * Encryption with the keys of a key store file and of the environment (specification §14). The file is made when a key is
 * first needed. Throws `Failure('bad-configuration')` if the file is damaged or open to others.
 */
export async function openCrypto(options: CryptoOptions): Promise<KeyedCrypto> {
  const { keyStoreFile, env, clock = systemClock } = options;
  const keys = openKeyRing({ keyStoreFile, env, clock });
  return {
    keys,
    encrypt: (value, alias, cipher) => {
      const name = alias ?? DEFAULT_ALIAS;
      return seal(JSON.stringify(value), keys.current(name), name, cipher ?? GCM);
    },
    decrypt: (value) => decryptAll(value, keys),
    isEncrypted,
    hash: saltedHash,
    isHashed,
    matches: matchesHash,
    signatureKeys: (alias) => {
      keys.current(alias);
      return keys.all(alias);
    },
    needsOldKey: (encrypted) => openWith(readEnvelope(encrypted), keys).isOld,
  };
}

function isEncrypted(value: Json): boolean {
  const type = envelopeOf(value)?.type;
  return type !== undefined && type !== HASH_TYPE;
}

/** What was decrypted is not searched again: it comes back as it was given to `encrypt`. */
function decryptAll(value: Json, keys: KeyRing): Json {
  if (Array.isArray(value)) return value.map((element) => decryptAll(element, keys));
  if (!isJsonObject(value)) return value;
  const type = envelopeOf(value)?.type;
  if (type === HASH_TYPE) return value;
  if (type === ENCRYPTION_TYPE) return openWith(readEnvelope(value), keys).value;
  if (type !== undefined)
    throw new Failure('invalid-data', `a $crypto value of the type ${JSON.stringify(type)} cannot be decrypted`);
  const copy: JsonObject = {};
  for (const [key, member] of Object.entries(value)) setOwn(copy, key, decryptAll(member, keys));
  return copy;
}

interface Opened {
  readonly value: Json;
  /** It took another key than the one that encrypts now. */
  readonly isOld: boolean;
}

function openWith(sealed: Sealed, keys: KeyRing): Opened {
  const opened = tryKeys(sealed, keys) ?? (keys.refresh() ? tryKeys(sealed, keys) : null);
  if (opened !== null) return opened;
  if (keys.all(sealed.alias).length === 0) throw unknownKey(sealed.alias);
  throw new Failure(
    'invalid-data',
    `a value that was encrypted with the key ${sealed.alias} cannot be decrypted: it was changed, or the key is another one`,
  );
}

function tryKeys(sealed: Sealed, keys: KeyRing): Opened | null {
  for (const [i, key] of keys.all(sealed.alias).entries()) {
    const text = unseal(sealed, key);
    const value = text === null ? undefined : parsed(text);
    if (value !== undefined) return { value, isOld: i > 0 };
  }
  return null;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
