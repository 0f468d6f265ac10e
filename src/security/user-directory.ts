import { createHash, timingSafeEqual } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Crypto } from '../crypto/crypto.ts';
import type { Account, Accounts } from './accounts.ts';
import { INTERNAL_USER_TYPE, passwordHashOf, rolesOf } from './internal-users.ts';
import { isPasswordHash } from './password-hash.ts';
import type { StoredSecret } from './password-check.ts';
import type { SecurityConfig } from './security-config.ts';

/** Somebody who may log in with a password. */
export interface User {
  readonly id: string;
  /** `internal/user`, `managed/user`. */
  readonly component: string;
  readonly roles: readonly string[];
  readonly secret: StoredSecret;
  /** What ends sessions of the user when it changes. */
  readonly state: JsonObject;
}

export interface UserDirectory {
  /** By the name that somebody typed: an internal user's id, else a managed user's name. Nobody inactive. */
  find(name: string): Promise<User | null>;
  read(component: string, id: string): Promise<User | null>;
}

const INTERNAL = 'internal/user';

export interface UserDirectoryOptions {
  readonly accounts: Accounts;
  readonly settings: () => SecurityConfig['managedUsers'];
  /** For passwords of managed users that are hashed or encrypted. */
  readonly crypto: Crypto | null;
}

/**
 * Internal users come first: nobody takes an administrator's place by calling himself so. A name that several managed
 * users have is nobody's.
 */
export function openUserDirectory({ accounts, settings, crypto }: UserDirectoryOptions): UserDirectory {
  const internal = async (id: string): Promise<User | null> => {
    const account = await accounts.read(INTERNAL_USER_TYPE, id);
    return account === null ? null : internalUser(account, crypto);
  };
  return {
    find: async (name) => {
      const found = await internal(name);
      const managed = settings();
      if (found !== null || !managed.enabled) return found;
      const [account, ...others] = await accounts.find(typeOf(managed.collection), managed.nameProperty, name);
      const isUnique = account !== undefined && others.length === 0 && account.doc[managed.nameProperty] === name;
      return isUnique ? managedUser(account, managed, crypto) : null;
    },
    read: async (component, id) => {
      if (component === INTERNAL) return internal(id);
      const managed = settings();
      if (!managed.enabled || component !== managed.collection) return null;
      const account = await accounts.read(typeOf(managed.collection), id);
      return account === null ? null : managedUser(account, managed, crypto);
    },
  };
}

/** `managed/user` is kept as the type `user`. */
function typeOf(collection: string): string {
  return collection.slice(collection.indexOf('/') + 1);
}

function internalUser(account: Account, crypto: Crypto | null): User {
  const roles = rolesOf(account.doc['roles']);
  const password = account.doc['password'] ?? null;
  const slow = passwordHashOf(account);
  // A plain text is nobody's password here: passwords are hashed when they are written.
  const secret: StoredSecret = isPasswordHash(slow)
    ? { kind: 'slow', hash: slow }
    : isJsonObject(password)
      ? quickSecret(password, crypto)
      : { kind: 'none' };
  return { id: account.id, component: INTERNAL, roles, secret, state: { password, roles: [...roles] } };
}

function managedUser(
  { id, doc }: Account,
  settings: SecurityConfig['managedUsers'],
  crypto: Crypto | null,
): User | null {
  const status = doc[settings.statusProperty];
  if (typeof status === 'string' && status.toLowerCase() === 'inactive') return null;
  const own = settings.rolesProperty === null ? [] : rolesOf(doc[settings.rolesProperty]);
  const roles = [...new Set([...settings.roles, ...own.filter((role) => settings.grantableRoles.includes(role))])];
  const password = doc[settings.passwordProperty] ?? null;
  return {
    id,
    component: settings.collection,
    roles,
    secret: quickSecret(password, crypto),
    state: { password, roles },
  };
}

function quickSecret(stored: Json, crypto: Crypto | null): StoredSecret {
  if (stored === null || stored === '') return { kind: 'none' };
  const compare = (password: string): boolean => {
    if (typeof stored === 'string') return equalTexts(stored, password);
    if (crypto === null) return false;
    if (crypto.isHashed(stored)) return crypto.matches(password, stored);
    if (!crypto.isEncrypted(stored)) return false;
    const plain = crypto.decrypt(stored);
    return typeof plain === 'string' && plain !== '' && equalTexts(plain, password);
  };
  return { kind: 'quick', text: JSON.stringify(stored), compare };
}

/** In a time that depends on neither. */
function equalTexts(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
