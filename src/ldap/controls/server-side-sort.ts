import { contextPrimitive } from '../ber/ber-tag.ts';
import type { LdapControl } from '../codec/message.ts';
import { readControl, sequenceControl } from './control-value.ts';

export const SORT_REQUEST = '1.2.840.113556.1.4.473';
export const SORT_RESPONSE = '1.2.840.113556.1.4.474';

export interface SortKey {
  readonly attribute: string;
  /** OID or name of an ordering rule; default: the attribute's own. */
  readonly rule?: string;
  readonly isDescending?: boolean;
}

export interface SortResult {
  readonly code: number;
  /** The attribute that could not be sorted by. */
  readonly attribute: string | null;
}

/** Entries in an order (RFC 2891). Critical: a server that cannot sort refuses the search. */
export function sortControl(keys: readonly SortKey[], isCritical = true): LdapControl {
  return sequenceControl(SORT_REQUEST, isCritical, (writer) => {
    for (const { attribute, rule, isDescending } of keys) {
      const start = writer.open();
      writer.octets(attribute);
      if (rule !== undefined) writer.octets(rule, contextPrimitive(0));
      if (isDescending === true) writer.boolean(true, contextPrimitive(1));
      writer.close(start);
    }
  });
}

export function readSortResult(controls: readonly LdapControl[]): SortResult | null {
  return readControl(controls, SORT_RESPONSE, (reader) => {
    const code = reader.enumerated();
    return { code, attribute: reader.isAtEnd ? null : reader.text(contextPrimitive(0)) };
  });
}
