import { berFault } from '../ber/ber-fault.ts';
import { lengthSize, readLength } from '../ber/ber-length.ts';
import { OCTET_STRING, SEQUENCE, SET } from '../ber/ber-tag.ts';
import { cachedDescription } from './description-cache.ts';
import { LdapAttribute } from './ldap-attribute.ts';
import { LdapEntry } from './ldap-entry.ts';
import type { LdapControl } from './message.ts';

/**
 * Reads the contents of a search result entry, `start` to `end` (RFC 4511 §4.5.2). Every element is checked here, so that what is
 * read from the entry later cannot fail. This is where a large read spends its time: plain offsets, no objects but those that stay.
 */
export function decodeEntry(bytes: Buffer, start: number, end: number, controls: readonly LdapControl[]): LdapEntry {
  const dnStart = contents(bytes, start, end, OCTET_STRING);
  const dnEnd = dnStart + readLength(bytes, start + 1, end);
  const listStart = contents(bytes, dnEnd, end, SEQUENCE);
  const listEnd = listStart + readLength(bytes, dnEnd + 1, end);
  const attributes: LdapAttribute[] = [];
  for (let at = listStart; at < listEnd;) {
    const partStart = contents(bytes, at, listEnd, SEQUENCE);
    const partEnd = partStart + readLength(bytes, at + 1, listEnd);
    attributes.push(decodeAttribute(bytes, partStart, partEnd));
    at = partEnd;
  }
  return new LdapEntry(bytes, [start, end], [dnStart, dnEnd], attributes, controls);
}

function decodeAttribute(bytes: Buffer, start: number, end: number): LdapAttribute {
  const nameStart = contents(bytes, start, end, OCTET_STRING);
  const nameEnd = nameStart + readLength(bytes, start + 1, end);
  const setStart = contents(bytes, nameEnd, end, SET);
  const setEnd = setStart + readLength(bytes, nameEnd + 1, end);
  let count = 0;
  for (let at = setStart; at < setEnd; count++) {
    const valueStart = contents(bytes, at, setEnd, OCTET_STRING);
    at = valueStart + readLength(bytes, at + 1, setEnd);
  }
  return new LdapAttribute(cachedDescription(bytes, nameStart, nameEnd), bytes, setStart, setEnd, count);
}

/** Where the contents of the element at `at` start. Throws where it is another element, or does not fit before `end`. */
function contents(bytes: Buffer, at: number, end: number, tag: number): number {
  if (at >= end || bytes[at] !== tag) throw berFault('an entry with an element of another kind', at);
  const length = readLength(bytes, at + 1, end);
  const start = at + 1 + lengthSize(bytes, at + 1);
  if (length > end - start) throw berFault(`an element of ${length} bytes that does not fit`, at);
  return start;
}
