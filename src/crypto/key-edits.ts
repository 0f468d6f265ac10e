import { Failure } from '../base/failure.ts';
import { ensureAlias, firstKeys, newKey, sizeFault, useOf, type StoredKey } from './stored-key.ts';

/** What is done to the keys of a store. Each gives the same list if there is nothing to do. */

type Keys = readonly StoredKey[];

/** A key store starts with the keys that OpenIDM has; other aliases are made by an administrator. */
export function withFirstKeys(keys: Keys, nowMs: number): Keys {
  const missing = firstKeys(nowMs).filter((first) => !keys.some((key) => key.alias === first.alias));
  return missing.length === 0 ? keys : [...keys, ...missing];
}

/** Throws `Failure('exists')` if there is a key under this alias. */
export function withNewKey(keys: Keys, alias: string, nowMs: number): Keys {
  ensureAlias(alias);
  if (keys.some((key) => key.alias === alias))
    throw new Failure('exists', `there is a key ${alias} already; "keys rotate ${alias}" replaces it`);
  return [...keys, newKey(alias, useOf(alias), nowMs)];
}

/** Beside a key that is in use, the imported one is retired from the beginning: it only decrypts. */
export function withImportedKey(keys: Keys, alias: string, key: Buffer, nowMs: number): Keys {
  ensureAlias(alias);
  const use = useOf(alias);
  const fault = sizeFault(use, key.length);
  if (fault !== null) throw new Failure('bad-request', `key ${alias} cannot be imported: ${fault}`);
  if (keys.some((one) => one.alias === alias && one.key.equals(key)))
    throw new Failure('exists', `the key store has this key under ${alias} already`);
  const retiredMs = activeKey(keys, alias) === undefined ? null : nowMs;
  return [...keys, { alias, use, key, createdMs: nowMs, retiredMs, isRollingOut: false }];
}

/** The same list if an earlier rotation has not been finished. Throws `Failure('not-found')` for an unknown alias. */
export function withRotatedKey(keys: Keys, alias: string, nowMs: number): Keys {
  const old = activeKey(keys, alias);
  if (old === undefined) throw new Failure('not-found', unknownKey(alias).message);
  if (old.isRollingOut) return keys;
  const made = { ...newKey(alias, old.use, nowMs), isRollingOut: true };
  return [...keys.map((key) => (key === old ? { ...key, retiredMs: nowMs } : key)), made];
}

export function withFinishedRotation(keys: Keys, alias: string): Keys {
  if (activeKey(keys, alias)?.isRollingOut !== true) return keys;
  return keys.map((key) => (key.alias === alias ? { ...key, isRollingOut: false } : key));
}

export function activeKey(keys: Keys, alias: string): StoredKey | undefined {
  return keys.find((key) => key.alias === alias && key.retiredMs === null);
}

/** The current key, then the retired ones. */
export function newestFirst(keys: Keys, alias: string): Keys {
  const ofAlias = keys.filter((key) => key.alias === alias).toReversed();
  return [...ofAlias.filter((key) => key.retiredMs === null), ...ofAlias.filter((key) => key.retiredMs !== null)];
}

/** The message of specification §14. */
export function unknownKey(alias: string): Failure {
  return new Failure('internal', `Encryption key ${alias} not found`);
}
