import { randomBytes } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Account, Accounts } from './accounts.ts';
import { hashPassword, isPasswordHash, isWeaker, type HashCost } from './password-hash.ts';

/** Administrators, as the type of stored objects: what `repo/internal/user` reads and writes. */
export const INTERNAL_USER_TYPE = 'repo/internal/user';

export const ADMINISTRATOR = 'openidm-admin';
export const ADMINISTRATOR_ROLE = 'openidm-admin';
const ADMINISTRATOR_ROLES: readonly string[] = [ADMINISTRATOR_ROLE, 'openidm-authorized'];

const PASSWORD_VARIABLES = ['LOCKSTEP_ADMIN_PASSWORD', 'OPENIDM_ADMIN_PASSWORD'] as const;

export function passwordFromEnvironment(env: Readonly<Record<string, string | undefined>>): string | null {
  for (const name of PASSWORD_VARIABLES) if (env[name] !== undefined && env[name] !== '') return env[name];
  return null;
}

/** 24 characters that are easy to copy: 144 bits. */
export function generatePassword(): string {
  return randomBytes(18).toString('base64url');
}

/**
 * A project without any internal user gets the administrator. Answers the password if it had to be made up: to be shown
 * once, it is kept nowhere.
 */
export async function ensureAdministrator(
  accounts: Accounts,
  env: Readonly<Record<string, string | undefined>>,
  cost: HashCost,
): Promise<string | null> {
  await accounts.declare([{ name: INTERNAL_USER_TYPE, searchable: [] }]);
  if ((await accounts.count(INTERNAL_USER_TYPE)) > 0) return null;
  const given = passwordFromEnvironment(env);
  const password = given ?? generatePassword();
  const doc = { password: await hashPassword(password, cost), roles: [...ADMINISTRATOR_ROLES] };
  const isMade = await accounts.create(INTERNAL_USER_TYPE, ADMINISTRATOR, doc);
  return isMade && given === null ? password : null;
}

/** Gives an internal user another password. Sessions that began with the old one end. The administrator is made if missing. */
export async function setPassword(accounts: Accounts, id: string, password: string, cost: HashCost): Promise<void> {
  if (password === '') throw new Failure('bad-request', 'the password is empty');
  const account = await accounts.read(INTERNAL_USER_TYPE, id);
  if (account === null && id !== ADMINISTRATOR)
    throw new Failure('not-found', `there is no internal user "${id}"; make one with PUT repo/internal/user/${id}`);
  const hash = await hashPassword(password, cost);
  const isDone =
    account === null
      ? await accounts.create(INTERNAL_USER_TYPE, id, { password: hash, roles: [...ADMINISTRATOR_ROLES] })
      : await accounts.update(INTERNAL_USER_TYPE, account, { ...account.doc, password: hash });
  if (!isDone) throw new Failure('conflict', `internal user "${id}" was changed meanwhile; try again`);
}

/**
 * A password that was just shown to be that behind `verified` is kept under a hash as slow as today's. Answers whether
 * anything changed.
 */
export async function strengthenPassword(
  accounts: Accounts,
  id: string,
  password: string,
  verified: Json,
  cost: HashCost,
): Promise<boolean> {
  if (typeof verified === 'string' && !isWeaker(verified, cost)) return false;
  const account = await accounts.read(INTERNAL_USER_TYPE, id);
  if (account === null || !deepEqual(account.doc['password'], verified)) return false;
  return accounts.update(INTERNAL_USER_TYPE, account, {
    ...account.doc,
    password: await hashPassword(password, cost),
  });
}

/**
 * What to store when somebody writes `content` to `repo/internal/user`: a password in plain text is hashed, and one that
 * is missing stays as it was, since nobody can read it to send it back.
 */
export async function storableInternalUser(
  content: JsonObject,
  stored: JsonObject | null,
  cost?: HashCost,
): Promise<JsonObject> {
  const { password, ...rest } = content;
  const kept = stored?.['password'];
  if (password === undefined || password === null) return kept === undefined ? rest : { ...rest, password: kept };
  if (typeof password !== 'string') {
    if (isJsonObject(password) && isJsonObject(password['$crypto'])) return content;
    throw new Failure('bad-request', 'the password of an internal user is a text');
  }
  if (password === '') throw new Failure('bad-request', 'the password of an internal user is empty');
  if (password === kept && isPasswordHash(password)) return content;
  return { ...rest, password: await hashPassword(password, cost) };
}

/** The slow hash of an internal user; null: none. */
export function passwordHashOf(account: Account | null): string | null {
  const password = account?.doc['password'];
  return typeof password === 'string' ? password : null;
}

/** Roles in any form that is in use: a list of names or of references, or one text with commas. */
export function rolesOf(value: Json | undefined): readonly string[] {
  const list = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  const names = list.map((role) => {
    const text = isJsonObject(role) ? role['_ref'] : role;
    return typeof text === 'string' ? text.trim().replace(/^(?:repo\/)?internal\/role\//, '') : '';
  });
  return [...new Set(names.filter((role) => role !== ''))];
}
