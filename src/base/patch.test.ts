import { describe, expect, it } from 'vitest';
import type { Json } from './json.ts';
import { applyPatch } from './patch.ts';

const OBJECT = { a: 1, list: [1, 2, 2], nested: { b: 'x' } };

describe('a patch', () => {
  it.each<[Json, Json]>([
    [
      { operation: 'add', field: 'c', value: null },
      { ...OBJECT, c: null },
    ],
    [
      { operation: 'add', field: '/list/-', value: 3 },
      { ...OBJECT, list: [1, 2, 2, 3] },
    ],
    [
      { operation: 'replace', field: '/nested/b', value: null },
      { ...OBJECT, nested: { b: null } },
    ],
    [
      { operation: 'remove', field: 'list', value: 2 },
      { ...OBJECT, list: [1] },
    ],
    [{ operation: 'remove', field: 'nothing' }, OBJECT],
    [
      { operation: 'add', field: '/constructor', value: 1 },
      { ...OBJECT, constructor: 1 },
    ],
    [
      { operation: 'increment', field: 'a', value: 2 },
      { ...OBJECT, a: 3 },
    ],
    [
      { operation: 'copy', field: 'c', from: 'a' },
      { ...OBJECT, c: 1 },
    ],
    [{ operation: 'move', field: 'c', from: 'nothing', value: null }, OBJECT],
  ])('%j is applied', (operation, expected) => {
    expect(applyPatch(OBJECT, [operation])).toEqual(expected);
  });

  it.each<[Json, string]>([
    [{ operation: 'add', field: 'c' }, '"add" of /c needs a "value"'],
    [{ operation: 'add', field: '/list/-' }, '"add" of /list/- needs a "value"'],
    [{ operation: 'replace', field: 'a' }, '"replace" of /a needs a "value"'],
    [{ operation: 'increment', field: 'a' }, '"increment" of /a needs a "value"'],
    [{ operation: 'copy', field: 'c' }, '"copy" of /c needs "from"'],
    [{ operation: 'move', field: 'c', from: 'a', value: 1 }, '"move" of /c takes no "value"'],
    [{ operation: 'transform', field: 'c', value: {} }, 'unknown operation "transform"'],
    [{ operation: 'add', field: '/__proto__', value: {} }, 'the key "__proto__" is not allowed'],
    [{ operation: 'replace', field: '/nested/__proto__/x', value: 1 }, 'the key "__proto__" is not allowed'],
    [{ operation: 'copy', field: '/__proto__', from: '/nested' }, 'the key "__proto__" is not allowed'],
    [{ operation: 'move', field: '/c', from: '/nested/__proto__' }, 'the key "__proto__" is not allowed'],
  ])('%j is refused, and nothing is changed', (operation, fault) => {
    const before = structuredClone(OBJECT);
    const set = { operation: 'add', field: 'first', value: 1 };
    expect(() => applyPatch(before, [set, operation])).toThrow(fault);
    expect(before).toEqual(OBJECT);
  });
});
