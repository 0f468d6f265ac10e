import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyedHash } from './keyed-hash.ts';

it('is HMAC-SHA-256, whatever the length of key and text', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      (key, text) => {
        expect(keyedHash(key)(text)).toEqual(createHmac('sha256', key).update(text).digest());
      },
    ),
    { numRuns: 500 },
  );
});
