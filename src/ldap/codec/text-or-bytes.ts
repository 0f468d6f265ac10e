import { isUtf8 } from 'node:buffer';
import type { LdapValue } from './message.ts';

/**
 * Text where the bytes are UTF-8, a copy of the bytes where they are not. Only where both forms mean the same and go back to
 * the same bytes: in filters and names. Values of entries are never guessed.
 */
export function textOrBytes(bytes: Uint8Array): LdapValue {
  return isUtf8(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
    : Buffer.from(bytes);
}
