import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import type { ObjectReads, ObjectRow } from '../model/repository.ts';
import { UniqueValues } from './unique-values.ts';

/** Rows that are found only after everybody else had a turn, as in a real store. */
function slowReads(rows: readonly ObjectRow[]): ObjectReads {
  const findByValue: ObjectReads['findByValue'] = async (_type, attribute, values) => {
    const found = rows.filter(({ doc }) => values.includes(String(doc[attribute])));
    await setImmediate();
    return found;
  };
  return { findByValue } as ObjectReads;
}

describe('unique values', () => {
  it('go to one of all who want them at the same time', async () => {
    const wanted = fc.array(fc.record({ mail: fc.constantFrom('a', 'b', 'c'), name: fc.constantFrom('x', 'y') }));
    await fc.assert(
      fc.asyncProperty(wanted, async (objects) => {
        const unique = new UniqueValues('user', ['mail', 'name']);
        const rows: ObjectRow[] = [];
        const write = async (object: JsonObject, id: string): Promise<boolean> => {
          const release = await unique.reserve([object]);
          try {
            const [taken] = await unique.taken(slowReads(rows), [{ id, object }]);
            await setImmediate();
            if (taken!.length === 0) rows.push({ id, rev: 0, doc: object });
            return taken!.length === 0;
          } finally {
            release();
          }
        };
        const results = await Promise.all(objects.map((object, i) => write(object, `id${i}`)));
        expect(results.filter(Boolean)).toHaveLength(rows.length);
        for (const key of ['mail', 'name']) {
          const values = rows.map(({ doc }) => doc[key]);
          expect(new Set(values).size).toBe(values.length);
        }
        const lost = objects.filter((_, i) => results[i] !== true);
        for (const { mail, name } of lost)
          expect(rows.some(({ doc }) => doc['mail'] === mail || doc['name'] === name)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('are texts, or texts in a list; nothing else counts as one', async () => {
    const unique = new UniqueValues('user', ['mail']);
    const objects = [
      { mail: ['a', 'b'] },
      { mail: 'b' },
      { mail: '' },
      { mail: '' },
      { mail: null },
      { mail: 7 },
      {},
      { mail: 7 },
    ];
    const taken = await unique.taken(
      slowReads([]),
      objects.map((object, i) => ({ id: String(i), object: object as JsonObject })),
    );
    expect(taken.map((list) => list.length)).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
  });
});
