import { createHmac, randomBytes } from 'node:crypto';
import { Failure } from '../base/failure.ts';

/** The key that is used where none is named. */
export const DEFAULT_ALIAS = 'openidm-sym-default';
/** Signs session tokens. */
export const SESSION_ALIAS = 'openidm-jwtsessionhmac-key';
/** Encrypts tokens of self-service. */
export const SELF_SERVICE_ALIAS = 'openidm-selfservice-key';

/** `encryption`: AES with 16, 24 or 32 bytes. `signature`: HMAC with at least 32. */
export type KeyUse = 'encryption' | 'signature';

/** One key of a key store. An alias has at most one that is not retired; the retired ones only decrypt and verify. */
export interface StoredKey {
  readonly alias: string;
  readonly use: KeyUse;
  readonly key: Buffer;
  readonly createdMs: number;
  readonly retiredMs: number | null;
  /** It replaced another key, and not all values have been encrypted with it yet. */
  readonly isRollingOut: boolean;
}

/** Bytes. */
export const AES_SIZES: ReadonlySet<number> = new Set([16, 24, 32]);
const SMALLEST_SIGNATURE_KEY = 32;

export function newKey(alias: string, use: KeyUse, createdMs: number): StoredKey {
  const key = randomBytes(use === 'encryption' ? 32 : 64);
  return { alias, use, key, createdMs, retiredMs: null, isRollingOut: false };
}

export function useOf(alias: string): KeyUse {
  return alias === SESSION_ALIAS ? 'signature' : 'encryption';
}

/** The keys that a new key store has (specification §14). */
export const FIRST_ALIASES: readonly string[] = [DEFAULT_ALIAS, SESSION_ALIAS, SELF_SERVICE_ALIAS];

export function firstKeys(createdMs: number): readonly StoredKey[] {
  return FIRST_ALIASES.map((alias) => newKey(alias, useOf(alias), createdMs));
}

/** What is wrong with the length of a key, null if nothing is. */
export function sizeFault(use: KeyUse, bytes: number): string | null {
  if (use === 'signature')
    return bytes >= SMALLEST_SIGNATURE_KEY ? null : `it has ${bytes} bytes; a signature key has at least 32`;
  return AES_SIZES.has(bytes) ? null : `it has ${bytes} bytes; an AES key has 16, 24 or 32`;
}

/** Throws `Failure('bad-request')` for a name that a key cannot have. */
export function ensureAlias(alias: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(alias))
    throw new Failure(
      'bad-request',
      `${JSON.stringify(alias)} cannot be the alias of a key: use up to 64 letters, digits, dots, hyphens and underscores`,
    );
}

/** Tells keys apart and finds damage without showing anything of the key: eight hexadecimal digits. */
export function fingerprint(key: Buffer): string {
  return createHmac('sha256', key).update('lockstep key fingerprint').digest('hex').slice(0, 8);
}
