import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdSet } from './id-set.ts';

describe('a set of ids', () => {
  it('is what a set of texts is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.nat(40).map(String))),
        fc.nat(8),
        (ids, expected) => {
          const set = new IdSet(expected);
          const model = new Set<string>();
          for (const id of ids) {
            expect(set.has(id)).toBe(model.has(id));
            expect(set.add(id)).toBe(!model.has(id));
            model.add(id);
          }
          expect(set.size).toBe(model.size);
          for (const id of ids) expect(set.has(id)).toBe(true);
          for (const id of ids) expect(set.has(`${id}x`)).toBe(model.has(`${id}x`));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('tells two hundred thousand similar ids apart', () => {
    const set = new IdSet();
    for (let i = 0; i < 200_000; i++) expect(set.add(`uid=user${i},ou=people,dc=example,dc=com`)).toBe(true);
    expect(set.size).toBe(200_000);
    const strangers = Array.from({ length: 200_000 }, (_, i) => `uid=user${i + 200_000},ou=people,dc=example,dc=com`);
    expect(strangers.filter((id) => set.has(id))).toEqual([]);
  });
});
