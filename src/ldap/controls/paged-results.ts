import type { LdapControl } from '../codec/message.ts';
import { readControl, sequenceControl } from './control-value.ts';

export const PAGED_RESULTS = '1.2.840.113556.1.4.319';

export interface PagedResults {
  /** The server's guess of how many entries there are; 0 where it does not know. */
  readonly estimate: number;
  /** Empty after the last page. Only that ends a paged search: a page may be empty (RFC 2696 §3). */
  readonly cookie: Buffer;
}

/** Asks for a page. A size of 0 with a cookie tells the server to forget the search. */
export function pagedResultsControl(size: number, cookie: Uint8Array = Buffer.alloc(0)): LdapControl {
  return sequenceControl(PAGED_RESULTS, true, (writer) => {
    writer.integer(size);
    writer.octets(cookie);
  });
}

export function readPagedResults(controls: readonly LdapControl[]): PagedResults | null {
  return readControl(controls, PAGED_RESULTS, (reader) => {
    const estimate = reader.integer();
    return { estimate, cookie: Buffer.from(reader.octets()) };
  });
}
