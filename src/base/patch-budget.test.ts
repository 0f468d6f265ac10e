import { describe, expect, it } from 'vitest';
import type { JsonObject } from './json.ts';
import { applyPatch } from './patch.ts';
import { MAX_PATCH_OPERATIONS, MAX_PATCHED_SIZE } from './patch-budget.ts';

const add = (value: number) => ({ operation: 'add', field: '/list/-', value });
const times = (count: number) => Array.from({ length: count }, (_, i) => i);
const refused = (object: JsonObject, operations: JsonObject[]) =>
  expect(() => applyPatch(object, operations)).toThrow(
    expect.objectContaining({ code: 'bad-request', message: expect.stringContaining('the patch is refused') }),
  );

describe('a patch', () => {
  it('has a thousand operations at most', () => {
    const { list } = applyPatch({}, times(MAX_PATCH_OPERATIONS).map(add));
    expect(list).toEqual(times(MAX_PATCH_OPERATIONS));
    refused({}, times(MAX_PATCH_OPERATIONS + 1).map(add));
  });

  it('does not double what it copies without a bound', () => {
    const copies = times(40).map((i) => ({ operation: 'copy', from: '/', field: `/copy${i}` }));
    refused({ text: 'x'.repeat(100) }, copies);
    const nested = times(900).map(() => ({ operation: 'copy', from: '/a', field: '/a/b' }));
    refused({ a: { text: 'x' } }, nested);
  });

  it('does not copy something large again and again to the same place', () => {
    const copies = times(900).map(() => ({ operation: 'copy', from: '/text', field: '/other' }));
    refused({ text: 'x'.repeat(100_000) }, copies);
  });

  it('does not search a long list a thousand times', () => {
    const removals = times(1000).map((value) => ({ operation: 'remove', field: '/list', value: -value - 1 }));
    refused({ list: times(100_000) }, removals);
    expect(applyPatch({ list: times(10_000) }, removals)).toEqual({ list: times(10_000) });
  });

  it('makes nothing deeper than can be read', () => {
    refused({}, [{ operation: 'add', field: '/a'.repeat(1000), value: 1 }]);
    expect(applyPatch({}, [{ operation: 'add', field: '/a/b/c', value: 1 }])).toEqual({ a: { b: { c: 1 } } });
  });

  it('makes nothing larger than a body may be, but may make something smaller', () => {
    const text = 'x'.repeat(MAX_PATCHED_SIZE - 100);
    refused({ text }, [{ operation: 'add', field: '/more', value: 'y'.repeat(200) }]);
    const before = { text, more: 'y'.repeat(200) };
    expect(Object.keys(applyPatch(before, [{ operation: 'replace', field: '/more', value: 'z' }]))).toEqual([
      'text',
      'more',
    ]);
  });

  it('adds to a list of its object and leaves the original alone', () => {
    const before = { list: [1], other: 2 };
    expect(applyPatch(before, [add(2), { operation: 'add', field: '/other/-', value: 3 }])).toEqual({
      list: [1, 2],
      other: [3],
    });
    expect(before).toEqual({ list: [1], other: 2 });
    expect(applyPatch({}, [{ operation: 'add', field: '/-', value: 1 }])).toEqual({ '-': 1 });
  });
});
