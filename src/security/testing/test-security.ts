import type { Clock } from '../../base/clock.ts';
import type { JsonObject } from '../../base/json.ts';
import { silentLog } from '../../base/log.ts';
import { uuidV7Source } from '../../base/uuid.ts';
import type { Crypto } from '../../crypto/crypto.ts';
import type { AuditEvent } from '../../model/audit.ts';
import { openMemoryRepository } from '../../repo/memory/memory-repository.ts';
import type { RequestContext } from '../../resource/context.ts';
import { repositoryAccounts, type Accounts } from '../accounts.ts';
import type { RequestCredentials } from '../credentials.ts';
import type { HashCost } from '../password-hash.ts';
import { accessSchema, securitySchema } from '../security-config.ts';
import { openSecurity, type Authenticated, type Security } from '../security.ts';

/** Quick, and as unsafe. */
export const CHEAP: HashCost = { logCost: 4, blockSize: 1, parallel: 1 };

export const ADMIN_PASSWORD = 'Correct horse 1';

export class TestClock implements Clock {
  #nowMs = 1_800_000_000_000;

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export interface TestSecurity {
  readonly security: Security;
  readonly accounts: Accounts;
  readonly clock: TestClock;
  readonly events: AuditEvent[];
  /** Opens it once more over the same repository, as after a restart. */
  reopen(): Promise<Security>;
}

export interface TestSetup {
  readonly security?: JsonObject;
  readonly access?: JsonObject;
  readonly env?: Readonly<Record<string, string>>;
  /** `managed/user` objects by id. */
  readonly users?: Readonly<Record<string, JsonObject>>;
  readonly crypto?: Crypto;
  readonly dataDirectory?: string;
}

export async function openTestSecurity(setup: TestSetup = {}): Promise<TestSecurity> {
  const clock = new TestClock();
  const accounts = repositoryAccounts(openMemoryRepository(clock));
  await accounts.declare([{ name: 'user', searchable: [] }]);
  for (const [id, doc] of Object.entries(setup.users ?? {})) await accounts.create('user', id, doc);
  const events: AuditEvent[] = [];
  const settings = {
    security: securitySchema.parse(setup.security ?? {}),
    access: accessSchema.parse(setup.access ?? {}),
  };
  const reopen = (): Promise<Security> =>
    openSecurity({
      accounts,
      settings: () => settings,
      crypto: setup.crypto ?? null,
      dataDirectory: setup.dataDirectory ?? null,
      env: setup.env ?? { LOCKSTEP_ADMIN_PASSWORD: ADMIN_PASSWORD },
      clock,
      newId: uuidV7Source(clock),
      log: silentLog,
      record: async (event) => void events.push(event),
      readObject: async () => null,
      editableFields: () => [],
      passwordCost: CHEAP,
    });
  return { security: await reopen(), accounts, clock, events, reopen };
}

export function request(
  headers: RequestCredentials['headers'] = {},
  rest: Partial<RequestCredentials> = {},
): RequestCredentials {
  return { headers, clientIp: '192.0.2.1', method: 'GET', path: 'info/login', isSecure: false, ...rest };
}

export function openidmHeaders(name: string, password: string): Record<string, string> {
  return { 'x-openidm-username': name, 'x-openidm-password': password };
}

export function basic(name: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
}

/** What a browser would send back. */
export function cookieOf({ setCookies }: Pick<Authenticated, 'setCookies'>): Record<string, string> {
  return { cookie: setCookies.map((cookie) => cookie.split(';')[0]).join('; ') };
}

export function contextOf({ caller }: Authenticated, transactionId = 'tx-1'): RequestContext {
  return { caller, transactionId, parentActionId: null, cause: 'rest', mode: 'live' };
}
