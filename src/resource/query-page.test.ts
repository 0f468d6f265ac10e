import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { parseFilter, type Filter } from '../base/query-filter.ts';
import type { JsonObject } from '../base/json.ts';
import type { ObjectRow, Page, PageRequest } from '../model/repository.ts';
import { queryPage, type QueriedReads, type QueryPageOptions } from './query-page.ts';
import type { QueryRequest } from './request.ts';

describe('a query', () => {
  it('gives everything at page size 0, and no cookie', async () => {
    const { ids, cookie } = await run(2500, {});
    expect([ids.length, new Set(ids).size, cookie]).toEqual([2500, 2500, null]);
  });

  it('gives pages that together are everything, for any size and offset', async () => {
    const sizes = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 15 }), fc.nat(45), fc.boolean());
    await fc.assert(
      fc.asyncProperty(sizes, async ([count, pageSize, offset, isSorted]) => {
        const sortKeys = isSorted ? [{ pointer: ['n'], isDescending: true }] : [];
        const whole = await run(count, { sortKeys });
        const seen: string[] = [];
        let page = await run(count, { sortKeys, pageSize, offset });
        for (seen.push(...page.ids); page.cookie !== null; seen.push(...page.ids)) {
          expect(page.ids).toHaveLength(pageSize);
          page = await run(count, { sortKeys, pageSize, cookie: page.cookie });
        }
        expect(seen).toEqual(whole.ids.slice(offset));
      }),
    );
  });

  it('with more objects than an answer may have is refused, in any order, and a page is cut down to as many', async () => {
    const maxObjects = 5;
    const sortKeys = [{ pointer: ['n'], isDescending: false }];
    expect((await run(5, {}, { maxObjects })).ids).toHaveLength(5);
    expect((await run(5, { sortKeys }, { maxObjects })).ids).toHaveLength(5);
    for (const request of [{}, { sortKeys }])
      await expect(run(6, request, { maxObjects })).rejects.toThrow('more than 5 objects: read it in pages');
    const page = await run(9, { pageSize: 1_000_000_000 }, { maxObjects });
    expect([page.ids.length, page.cookie === null]).toEqual([5, false]);
    await expect(run(9, { offset: 6 }, { maxObjects })).rejects.toThrow('_pagedResultsOffset 6 is beyond 5');
  });

  it('counts only when it is asked to', async () => {
    const filter = parseFilter('n lt 7');
    const totals: number[] = [];
    for (const policy of ['NONE', 'ESTIMATE', 'EXACT'] as const)
      totals.push((await run(20, { totals: policy, pageSize: 2, query: { kind: 'filter', filter } })).total);
    totals.push((await run(20, { totals: 'EXACT', pageSize: 2, offset: 3 })).total);
    totals.push((await run(20, { totals: 'EXACT' })).total);
    expect(totals).toEqual([-1, 7, 7, 20, 20]);
  });

  it('by id resolves it with its parameters; query-all-ids gives ids and revisions', async () => {
    const resolve = (queryId: string, parameters: JsonObject): Filter => {
      if (queryId === 'query-all-ids') return { kind: 'always', value: true };
      if (queryId === 'below')
        return { kind: 'compare', operator: 'lt', pointer: ['n'], value: parameters['n'] as number };
      throw new Failure('bad-request', `no query ${queryId}`);
    };
    const below = { kind: 'id', queryId: 'below', parameters: { n: 2 } } as const;
    expect((await run(9, { query: below }, { resolve })).ids).toEqual(['i0', 'i1']);
    const ids = { kind: 'id', queryId: 'query-all-ids', parameters: {} } as const;
    expect((await run(1, { query: ids }, { resolve })).objects).toEqual([{ _id: 'i0', _rev: '0' }]);
    expect((await run(1, { fields: ['_id', '/_rev'] })).objects).toEqual([{ _id: 'i0', _rev: '0' }]);
    expect((await run(1, { fields: ['_id', 'n'] })).objects).toMatchObject([{ n: 0 }]);
    const unknown = { kind: 'id', queryId: 'x', parameters: {} } as const;
    await expect(run(1, { query: unknown }, { resolve })).rejects.toThrow('no query x');
  });

  it('neither shows hidden attributes nor finds or sorts by them', async () => {
    const hidden = new Set(['secret']);
    expect((await run(1, {}, { hidden })).objects).toEqual([{ _id: 'i0', _rev: '0', n: 0 }]);
    for (const text of ['secret eq "s0"', '!(n eq 1 and secret/0 sw "s")', 'n pr or /secret pr'])
      await expect(run(3, { query: { kind: 'filter', filter: parseFilter(text) } }, { hidden })).rejects.toMatchObject({
        status: 403,
      });
    const sortKeys = [{ pointer: ['secret'], isDescending: false }];
    await expect(run(3, { sortKeys }, { hidden })).rejects.toMatchObject({ status: 403 });
    expect((await run(3, { sortKeys })).ids).toEqual(['i0', 'i1', 'i2']);
  });

  it('refuses a cookie of another query, order or making, and numbers that cannot be', async () => {
    const { cookie } = await run(9, { pageSize: 2 });
    const sortKeys = [{ pointer: ['n'], isDescending: false }];
    const filter = { kind: 'filter', filter: parseFilter('n pr') } as const;
    const bad: Partial<QueryRequest>[] = [
      { cookie, sortKeys },
      { cookie, query: filter },
      { cookie: 'MTI' },
      { cookie: `${cookie}A` },
      { cookie, offset: 1 },
      { pageSize: -1 },
      { pageSize: 1.5 },
      { offset: Number.NaN },
      { sortKeys: [{ pointer: [], isDescending: false }] },
      { sortKeys: Array.from({ length: 9 }, () => sortKeys[0]!) },
    ];
    for (const request of bad) await expect(run(9, request)).rejects.toMatchObject({ status: 400 });
  });
});

async function run(
  count: number,
  request: Partial<QueryRequest>,
  options: Partial<QueryPageOptions> = {},
): Promise<{ ids: readonly string[]; objects: readonly JsonObject[]; cookie: string | null; total: number }> {
  const all: QueryRequest = {
    verb: 'query',
    path: 'managed/user',
    parameters: {},
    fields: null,
    query: { kind: 'filter', filter: { kind: 'always', value: true } },
    sortKeys: [],
    pageSize: 0,
    cookie: null,
    offset: 0,
    totals: 'NONE',
    ...request,
  };
  const resolve = (): never => {
    throw new Failure('bad-request', 'no query');
  };
  const { objects, cookie, total } = await queryPage(await rowsOf(count), 'user', all, { resolve, ...options });
  return { ids: objects.map(({ id }) => id), objects: objects.map(({ object }) => object), cookie, total };
}

/** A store that knows the two orders and the filters that are used here. */
async function rowsOf(count: number): Promise<QueriedReads> {
  const rows = Array.from({ length: count }, (_, n): ObjectRow => ({
    id: `i${n}`,
    rev: 0,
    doc: { n, secret: `s${n}` },
  }));
  const found = (filter: Filter | undefined): readonly ObjectRow[] =>
    filter?.kind === 'compare' ? rows.filter(({ doc }) => (doc['n'] as number) < (filter.value as number)) : rows;
  return {
    count: async (_, filter) => found(filter).length,
    page: async (_, { filter, sort = [], after, limit }: PageRequest): Promise<Page<ObjectRow>> => {
      const ordered = sort[0]?.isDescending === true ? found(filter).toReversed() : found(filter);
      const start = typeof after === 'number' ? after : 0;
      const page = ordered.slice(start, start + limit);
      return { rows: page, next: start + limit < ordered.length ? start + limit : null };
    },
  };
}
