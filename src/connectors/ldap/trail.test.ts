import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeOf, Trail } from './trail.ts';

const ids = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 300 });

function trailOf(list: readonly string[]): Trail {
  const trail = new Trail();
  for (const id of list) trail.add(id);
  return trail;
}

describe('the trail of a scan', () => {
  it('knows what was read, and nothing else', () =>
    fc.assert(
      fc.property(ids, fc.nat(300), (list, at) => {
        const isKnown = trailOf(list.slice(0, at)).known();
        expect(list.map(isKnown)).toEqual(list.map((_, i) => i < at));
      }),
    ));

  it('is the same as of a place, whatever was read behind it', () =>
    fc.assert(
      fc.property(ids, fc.nat(300), (list, at) => {
        const before = trailOf(list.slice(0, at));
        const copy = Trail.asOf(trailOf(list), before.place);
        expect(copy.place).toEqual(before.place);
        for (const id of list.slice(at)) for (const one of [before, copy]) one.add(id);
        expect(copy.place).toEqual(before.place);
        expect(list.every(copy.known())).toBe(true);
      }),
    ));

  it('comes to the same place in any order, and to another one with other ids', () =>
    fc.assert(
      fc.property(ids, fc.string(), (list, other) => {
        fc.pre(list.length > 0 && !list.includes(other));
        const { place } = trailOf(list);
        expect(trailOf(list.toReversed()).place).toEqual(place);
        expect(trailOf([...list.slice(1), other]).place).not.toEqual(place);
        expect(placeOf('x', JSON.parse(JSON.stringify(place)) as never)).toEqual(place);
      }),
    ));
});
