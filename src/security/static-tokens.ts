import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { rolesOf } from './internal-users.ts';
import type { Account, Accounts } from './accounts.ts';

/** Bearer tokens that the command line makes. Not below `repo/`: no request reaches them. */
export const TOKEN_TYPE = 'security/token';

/** So that a token is found by a search through files and logs, and nothing else is taken for one. */
export const TOKEN_PREFIX = 'lockstep_';

const FORM = /^lockstep_([0-9a-f]{24})_([A-Za-z0-9_-]{43})$/;

/** What is known of a token; what it looks like is known only to who has it. Times in milliseconds since 1970. */
export interface TokenInfo {
  readonly name: string;
  readonly roles: readonly string[];
  readonly createdMs: number;
  /** Null: never. */
  readonly expiresMs: number | null;
  readonly lastUsedMs: number | null;
}

export interface NewToken {
  readonly name: string;
  readonly roles: readonly string[];
  readonly expiresMs: number | null;
}

/** Makes a token and answers its text, which cannot be had again. */
export async function createToken(accounts: Accounts, clock: Clock, token: NewToken): Promise<string> {
  await accounts.declare([{ name: TOKEN_TYPE, searchable: [] }]);
  if (!/^[\w.@-]{1,100}$/.test(token.name))
    throw new Failure('bad-request', `"${token.name}" is no name for a token: up to 100 letters, digits, - _ . @`);
  if (token.roles.length === 0) throw new Failure('bad-request', 'a token needs a role, e.g. --role openidm-admin');
  if ((await findByName(accounts, token.name)) !== null)
    throw new Failure('exists', `there is a token "${token.name}" already; revoke it first, or take another name`);
  const id = randomBytes(12).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  await accounts.create(TOKEN_TYPE, id, {
    name: token.name,
    hash: digest(secret).toString('hex'),
    roles: [...token.roles],
    createdMs: clock.nowMs(),
    expiresMs: token.expiresMs,
    lastUsedMs: null,
  });
  return `${TOKEN_PREFIX}${id}_${secret}`;
}

export async function listTokens(accounts: Accounts): Promise<readonly TokenInfo[]> {
  await accounts.declare([{ name: TOKEN_TYPE, searchable: [] }]);
  return (await accounts.list(TOKEN_TYPE)).map(infoOf);
}

/** Rejects with `not-found` if there is no such token. */
export async function revokeToken(accounts: Accounts, name: string): Promise<void> {
  await accounts.declare([{ name: TOKEN_TYPE, searchable: [] }]);
  for (;;) {
    const token = await findByName(accounts, name);
    if (token === null) throw new Failure('not-found', `there is no token "${name}"; see "lockstep token list"`);
    // Its last use may have been noted meanwhile.
    if (await accounts.delete(TOKEN_TYPE, token)) return;
  }
}

/** Null: not a token of ours, not right, or expired. */
export async function checkToken(accounts: Accounts, clock: Clock, text: string): Promise<Account | null> {
  const match = FORM.exec(text);
  if (match === null) return null;
  const account = await accounts.read(TOKEN_TYPE, match[1]!);
  const stored = account?.doc['hash'];
  const isRight = timingSafeEqual(
    digest(match[2]!),
    typeof stored === 'string' && stored.length === 64 ? Buffer.from(stored, 'hex') : NEVER,
  );
  if (account === null || !isRight) return null;
  const { expiresMs } = infoOf(account);
  return expiresMs !== null && expiresMs <= clock.nowMs() ? null : account;
}

/** Notes that a token was used, at most every `everyMs`; answers whether it did. */
export async function noteUse(accounts: Accounts, account: Account, nowMs: number, everyMs: number): Promise<boolean> {
  const { lastUsedMs } = infoOf(account);
  if (lastUsedMs !== null && nowMs - lastUsedMs < everyMs) return false;
  return accounts.update(TOKEN_TYPE, account, { ...account.doc, lastUsedMs: nowMs });
}

export function infoOf({ doc }: Account): TokenInfo {
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return {
    name: typeof doc['name'] === 'string' ? doc['name'] : '',
    roles: rolesOf(doc['roles']),
    createdMs: number(doc['createdMs']) ?? 0,
    expiresMs: number(doc['expiresMs']),
    lastUsedMs: number(doc['lastUsedMs']),
  };
}

const NEVER = Buffer.alloc(32);

async function findByName(accounts: Accounts, name: string): Promise<Account | null> {
  return (await accounts.list(TOKEN_TYPE)).find((token) => token.doc['name'] === name) ?? null;
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
