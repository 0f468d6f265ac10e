import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeedChange } from '../model/change-feed.ts';
import { sourceChange, type SourceChange } from './change-record.ts';
import { nextBatch } from './next-batch.ts';

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const change = fc
  .record({
    kind: fc.constantFrom<FeedChange['kind']>('create', 'update', 'delete'),
    id,
    previousId: fc.option(id, { nil: null, freq: 5 }),
    collection: fc.constantFrom('system/hr/account', 'system/hr/account', 'system/hr/group'),
    isTroubled: fc.boolean(),
  })
  .map(({ collection, isTroubled, ...rest }) => ({ collection, isTroubled, ...rest }));

type Drawn = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changesOf(drawn: readonly Drawn[]): readonly SourceChange[] {
  return drawn.map(({ collection, kind, id: own, previousId }, i) =>
    sourceChange(
      collection,
      { kind, id: own, previousId, object: null, token: i },
      { isResumable: true, shadow: null },
    ),
  );
}

describe('nextBatch', () => {
  it('cuts the changes into batches that keep the order of each object', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (drawn, limit) => {
        const changes = changesOf(drawn);
        const troubled = new Set(changes.filter((_, i) => drawn[i]!.isTroubled));
        const all: SourceChange[] = [];
        for (let from = 0; from < changes.length;) {
          const batch = nextBatch(changes, from, { limit, isTroubled: (one) => troubled.has(one) });
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(limit);
          expect(new Set(batch.map(({ collection }) => collection)).size).toBe(1);
          const ids = batch.flatMap((one) => [...new Set([one.id, one.previousId ?? one.id])]);
          expect(new Set(ids).size).toBe(ids.length);
          const kinds = batch.map(({ kind }) => (kind === 'delete' ? 'delete' : 'other'));
          expect(kinds).toEqual(kinds.toSorted().toReversed());
          expect(batch.length === 1 || !batch.some((one) => troubled.has(one))).toBe(true);
          all.push(...batch);
          from += batch.length;
        }
        expect(all).toEqual(changes);
      }),
    );
  });
});
