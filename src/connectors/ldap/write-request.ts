import { setTimeout as sleep } from 'node:timers/promises';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import type { OperationResult } from '../../ldap/codec/message.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import type { ReadyScope } from './ldap-scope.ts';

const BUSY = new Set([51, 52]);
const BUSY_RETRIES = 4;
const BUSY_MS = 100;

/**
 * One request that writes. It is repeated where the server was busy, or the connection was lost before it was sent; not where it may
 * have been carried out.
 */
export async function request(
  { directory }: ReadyScope,
  work: (connection: LdapConnection) => Promise<OperationResult>,
  signal?: AbortSignal,
): Promise<OperationResult> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await directory.write(work, signal);
    } catch (error) {
      if (!(error instanceof LdapFailure) || error.isUncertain || attempt >= BUSY_RETRIES) throw error;
      const isUnsent = error.reason === 'lost' && attempt === 0;
      if (!isUnsent && !BUSY.has(error.result?.code ?? 0)) throw error;
      await sleep(isUnsent ? 0 : BUSY_MS * 2 ** attempt, undefined, signal === undefined ? {} : { signal });
    }
  }
}
