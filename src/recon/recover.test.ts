import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../base/json.ts';
import { isSameStored } from './recover.ts';

describe('what a target holds after a write', () => {
  it.each<[Json, Json]>([
    ['4', 4],
    [4, '4'],
    [4, '4.0'],
    ['-1e3', -1000],
    ['true', true],
    [true, 'TRUE'],
    [
      ['1', '2'],
      [1, 2],
    ],
    [['a'], 'a'],
    ['4', [4]],
    [null, ''],
    [[], null],
  ])('%j is %j as the target stores it', (held, written) => {
    expect(isSameStored(held, written)).toBe(true);
  });

  it.each<[Json, Json]>([
    ['4', 5],
    ['', 0],
    [' ', 0],
    ['x', Number.MAX_SAFE_INTEGER],
    [false, null],
    [true, 1],
    ['1', true],
    ['a', 'A'],
    ['4', '4.0'],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [['a'], ['a', 'b']],
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, '[object Object]'],
  ])('%j is not %j', (held, written) => {
    expect(isSameStored(held, written)).toBe(false);
  });

  it('holds for every value and itself, and for every number and its text', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => isSameStored(value as Json, value as Json)));
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => isSameStored(String(n), n)));
  });
});
