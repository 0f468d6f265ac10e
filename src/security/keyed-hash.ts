import { createHash, hash } from 'node:crypto';

const BLOCK_BYTES = 64;

export type KeyedHash = (text: string) => Buffer;

/**
 * HMAC-SHA-256 (RFC 2104) under one key, prepared once: making an `Hmac` object for every request costs more than the
 * rest of a request's credentials together.
 */
export function keyedHash(key: Uint8Array): KeyedHash {
  const block = Buffer.alloc(BLOCK_BYTES);
  (key.length > BLOCK_BYTES ? createHash('sha256').update(key).digest() : Buffer.from(key)).copy(block);
  const inner = block.map((byte) => byte ^ 0x36);
  const outer = block.map((byte) => byte ^ 0x5c);
  return (text) => {
    const first = hash('sha256', Buffer.concat([inner, Buffer.from(text)]), 'buffer');
    return hash('sha256', Buffer.concat([outer, first]), 'buffer');
  };
}
