import type { ConnectorConfig } from '../../connector/contract.ts';
import type { Report } from './setting-reader.ts';

/** What a provisioner file says of operations and connections in general (specification §10.1). */
export type OperationLimits = Pick<ConnectorConfig, 'operationTimeoutMs' | 'poolConfigOption'>;

/** Milliseconds without an answer to one request of an operation; 0: no limit. */
export interface LdapTimeouts {
  readonly createMs: number;
  readonly updateMs: number;
  readonly deleteMs: number;
  readonly getMs: number;
  readonly searchMs: number;
}

/** `operationTimeout`; what is not in it has `otherwiseMs`. */
export function ldapTimeouts({ operationTimeoutMs = {} }: OperationLimits, otherwiseMs: number): LdapTimeouts {
  // No time at all is what nobody means.
  const of = (operation: string): number => operationTimeoutMs[operation] || otherwiseMs;
  return {
    createMs: of('CREATE'),
    updateMs: of('UPDATE'),
    deleteMs: of('DELETE'),
    getMs: of('GET'),
    searchMs: of('SEARCH'),
  };
}

/** `maxObjects`: connectors that work at the same time, which are requests under way here. Null: it is not said. */
export function objectsAtOnce({ poolConfigOption = {} }: OperationLimits, report: Report): number | null {
  const given = poolConfigOption['maxObjects'];
  if (given === undefined || given === null) return null;
  const count = Number(given);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  const message = 'maxObjects must be a whole number, at least 1';
  report({ severity: 'warning', pointer: '/poolConfigOption/maxObjects', message });
  return null;
}
