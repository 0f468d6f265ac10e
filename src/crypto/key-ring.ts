import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { aliasOf, environmentKeys, variableOf, type Environment } from './environment-keys.ts';
import {
  activeKey,
  newestFirst,
  unknownKey,
  withFinishedRotation,
  withFirstKeys,
  withImportedKey,
  withNewKey,
  withRotatedKey,
} from './key-edits.ts';
import { changeKeyStore, readKeyStore, stampOf, type KeyStoreState } from './key-store-file.ts';
import { FIRST_ALIASES, fingerprint, useOf, type KeyUse, type StoredKey } from './stored-key.ts';

/** A key for people's eyes. */
export interface KeyInfo {
  readonly alias: string;
  readonly use: KeyUse;
  readonly bits: number;
  readonly fingerprint: string;
  /** Milliseconds; null for keys of the environment. */
  readonly createdMs: number | null;
  readonly retiredMs: number | null;
  /** The name of an environment variable, null for the key store file. */
  readonly variable: string | null;
}

export interface KeyRing {
  /** What encrypts. Makes the key store at the first need. Throws `Failure('internal')` for an unknown alias. */
  current(alias: string): Buffer;
  /** What decrypts: the current key, then the retired ones, the youngest first. `[]` for an unknown alias. */
  all(alias: string): readonly Buffer[];
  /** Takes up what another process changed in the file. True if there was something. */
  refresh(): boolean;
  list(): readonly KeyInfo[];
  /** Throws `Failure('exists')` if there is such a key. */
  create(alias: string): void;
  /** Adds the bytes of an AES key. Beside a key that exists already, it only decrypts. */
  import(alias: string, key: Buffer): void;
  /**
   * Makes a new key that encrypts from now on; the old one is retired. If an earlier rotation has not been finished, or
   * if the key comes from the environment, the key stays as it is. Throws `Failure('not-found')` for an unknown alias.
   */
  rotate(alias: string): 'made' | 'resumed' | 'environment';
  /** All values are encrypted with the key that `rotate` made. */
  finishRotation(alias: string): void;
}

export interface KeyRingOptions {
  /** Null: keys that the environment does not give are kept in memory. */
  readonly keyStoreFile: string | null;
  readonly env: Environment;
  readonly clock: Clock;
}

/** Throws `Failure('bad-configuration')` if the key store or a variable is unusable. */
export function openKeyRing({ keyStoreFile, env, clock }: KeyRingOptions): KeyRing {
  const given = environmentKeys(env);
  const store = openStore(keyStoreFile);
  const fromEnvironment = (alias: string): readonly Buffer[] => given.get(variableOf(alias)) ?? [];
  return {
    current: (alias) => {
      const [first] = fromEnvironment(alias);
      if (first !== undefined) return first;
      store.refresh();
      if (activeKey(store.keys(), alias) === undefined && FIRST_ALIASES.includes(alias))
        store.change((keys) => withFirstKeys(keys, clock.nowMs()));
      const found = activeKey(store.keys(), alias);
      if (found === undefined) throw unknownKey(alias);
      return found.key;
    },
    all: (alias) => [...fromEnvironment(alias), ...newestFirst(store.keys(), alias).map(({ key }) => key)],
    refresh: store.refresh,
    list: () => [...environmentInfos(given), ...store.keys().map(storedInfo)],
    create: (alias) => {
      if (fromEnvironment(alias).length > 0)
        throw new Failure('exists', `the key ${alias} comes from the environment variable ${variableOf(alias)}`);
      store.change((keys) => withNewKey(keys, alias, clock.nowMs()));
    },
    import: (alias, key) => store.change((keys) => withImportedKey(keys, alias, key, clock.nowMs())),
    rotate: (alias) => {
      if (fromEnvironment(alias).length > 0) return 'environment';
      store.refresh();
      const isOpen = activeKey(store.keys(), alias)?.isRollingOut === true;
      store.change((keys) => withRotatedKey(keys, alias, clock.nowMs()));
      return isOpen ? 'resumed' : 'made';
    },
    finishRotation: (alias) => store.change((keys) => withFinishedRotation(keys, alias)),
  };
}

interface Store {
  readonly keys: () => readonly StoredKey[];
  readonly change: (edit: (keys: readonly StoredKey[]) => readonly StoredKey[]) => void;
  readonly refresh: () => boolean;
}

function openStore(file: string | null): Store {
  let state: KeyStoreState = file === null ? { keys: [], stamp: null } : readKeyStore(file);
  return {
    keys: () => state.keys,
    change: (edit) => {
      state = file === null ? { keys: edit(state.keys), stamp: null } : changeKeyStore(file, edit);
    },
    refresh: () => {
      const stamp = file === null ? null : stampOf(file);
      // A file that vanished takes nothing with it: what is known goes on working until the next start.
      if (file === null || stamp === null || stamp === state.stamp) return false;
      state = readKeyStore(file);
      return true;
    },
  };
}

function storedInfo({ alias, use, key, createdMs, retiredMs }: StoredKey): KeyInfo {
  return { alias, use, bits: key.length * 8, fingerprint: fingerprint(key), createdMs, retiredMs, variable: null };
}

function environmentInfos(given: ReadonlyMap<string, readonly Buffer[]>): readonly KeyInfo[] {
  return [...given].flatMap(([variable, keys]) =>
    keys.map((key): KeyInfo => {
      const alias = aliasOf(variable);
      const base = { alias, use: useOf(alias), bits: key.length * 8, fingerprint: fingerprint(key) };
      return { ...base, createdMs: null, retiredMs: null, variable };
    }),
  );
}
