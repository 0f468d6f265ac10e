import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { decodeCookie, encodeCookie } from './page-cookie.ts';

describe('cookies', () => {
  it('give back the place, for the walk that they belong to', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.array(fc.string(), { minLength: 1 })), fc.string(), (place, walk) => {
        const cookie = encodeCookie(place, [walk]);
        expect(cookie).toMatch(/^[\w-]+$/);
        expect(decodeCookie(cookie, [walk])).toEqual(place);
        expect(() => decodeCookie(cookie, [`${walk}x`])).toThrow('belongs to another query');
      }),
    );
  });

  it.each([
    '',
    '5',
    'null',
    'not base64!',
    'x'.repeat(20_000),
    Buffer.from('null').toString('base64url'),
    Buffer.from('[1]').toString('base64url'),
    Buffer.from('{"w":1,"p":2}').toString('base64url'),
    Buffer.from('{"w":"x","p":null}').toString('base64url'),
    Buffer.from('{"w":"x"').toString('base64url'),
  ])('%j is refused', (cookie) => {
    expect(() => decodeCookie(cookie, [])).toThrow(Failure);
    expect(() => decodeCookie(cookie, [])).toThrow('_pagedResultsCookie');
  });
});
