import { berFault } from './ber-fault.ts';

/**
 * The content length at `offset`; `lengthSize` tells how many bytes it takes. Definite form, at most four bytes more
 * (RFC 4511 §5.1); leading zeros are taken, since Active Directory sends them.
 */
export function readLength(bytes: Uint8Array, offset: number, end: number): number {
  if (offset >= end) throw berFault('a length is missing', offset);
  const first = bytes[offset]!;
  if (first < 0x80) return first;
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw berFault(count === 0 ? 'an indefinite length' : 'an endless length', offset);
  if (offset + count >= end) throw berFault('a length is cut off', offset);
  let length = 0;
  for (let i = 1; i <= count; i++) length = length * 256 + bytes[offset + i]!;
  return length;
}

/** How many bytes the length at `offset` takes. */
export function lengthSize(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset]!;
  return first < 0x80 ? 1 : 1 + (first & 0x7f);
}
