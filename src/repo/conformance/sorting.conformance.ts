import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json } from '../../base/json.ts';
import { anyDocument, anyFilter } from '../../base/query-filter.arbitrary.ts';
import { matches, parseFilter } from '../../base/query-filter.ts';
import type { ObjectRow, Page, PageRequest, SortKey } from '../../model/repository.ts';
import {
  type Context,
  clear,
  commit,
  create,
  linkOf,
  link,
  put,
  remove,
  update,
  visible,
} from './conformance-context.ts';
import { expectedOrder, ORDERED_VALUES } from './expected-order.ts';

export function sortingClaims(context: Context): void {
  const by = (name: string, isDescending = false): SortKey => ({ pointer: [name], isDescending });
  const ids = async (request: PageRequest): Promise<readonly string[]> =>
    (await context.repo.objects.page('user', request)).rows.map((row) => row.id);

  test.each(['mail', 'plain'])('values of every kind have one order, with an index as without: %s', async (name) => {
    const shuffled = ORDERED_VALUES.map((_, i) => (i * 7) % ORDERED_VALUES.length);
    await put(context, create('missing', {}), ...shuffled.map((i) => create(`i${i}`, { [name]: ORDERED_VALUES[i]! })));
    const expected = ['missing', ...ORDERED_VALUES.map((_, i) => `i${i}`)];
    expect(await ids({ sort: [by(name)], limit: 100 })).toEqual(expected);
    expect(await ids({ sort: [by(name, true)], limit: 100 })).toEqual(expected.toReversed());
  });

  test.each(['mail', 'plain'])('texts are in the order of their code points: %s', async (name) => {
    const texts = ['', 'B', 'a', 'a\u{10000}', 'ab', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{1f600}'];
    const order = [0, 1, 2, 4, 3, 5, 6, 7, 8, 9, 10];
    await put(context, ...texts.map((text, i) => create(`i${i}`, { [name]: text })));
    expect(await ids({ sort: [by(name)], limit: 100 })).toEqual(order.map((i) => `i${i}`));
    expect(await ids({ sort: [by(name, true)], limit: 100 })).toEqual(order.toReversed().map((i) => `i${i}`));
  });

  test('equal values stay in creation order in both directions, and later keys decide before it', async () => {
    await put(
      context,
      ...['d', 'b', 'c', 'a'].map((id, i) => create(id, { mail: 'same', n: i % 2, deep: { x: [i] } })),
    );
    expect(await ids({ sort: [by('mail')], limit: 9 })).toEqual(['d', 'b', 'c', 'a']);
    expect(await ids({ sort: [by('mail', true)], limit: 9 })).toEqual(['d', 'b', 'c', 'a']);
    expect(await ids({ sort: [by('mail'), by('n', true)], limit: 9 })).toEqual(['b', 'a', 'd', 'c']);
    expect(await ids({ sort: [by('_id')], limit: 2 })).toEqual(['a', 'b']);
    const deep: SortKey = { pointer: ['deep', 'x', '0'], isDescending: true };
    expect(await ids({ sort: [deep], limit: 9 })).toEqual(['a', 'c', 'b', 'd']);
  });

  test('texts that begin alike for 256 letters count as equal, whole or cut', async () => {
    const long = '😀'.repeat(256);
    await put(
      context,
      create('2', { mail: `${long}b` }),
      create('1', { mail: `${long}a` }),
      create('0', { mail: long }),
    );
    const sort = [by('mail')];
    const first = await context.repo.objects.page('user', { sort, limit: 1 });
    expect(first.rows[0]!.id).toBe('2');
    expect(await ids({ sort, after: first.next, limit: 5 })).toEqual(['1', '0']);
  });

  test('a cursor of another order is refused', async () => {
    await put(context, create('a', {}), create('b', {}));
    const { next } = await context.repo.objects.page('user', { sort: [by('n')], limit: 1 });
    const pages = [
      { after: next, limit: 1 },
      { after: next, sort: [by('n'), by('m')], limit: 1 },
      { after: 1, sort: [by('n')], limit: 1 },
      { after: ['1', 2], sort: [by('n')], limit: 1 },
      { after: { a: 1 }, sort: [by('n')], limit: 1 },
    ];
    for (const page of pages) await expect(context.repo.objects.page('user', page)).rejects.toThrow('cursor');
    await expect(context.repo.links.query({ after: 'x', limit: 1 })).rejects.toThrow('cursor');
  });

  test('any documents in any order, page by page, are those that match, each once', async () => {
    const anyName = fc.constantFrom('a', '', '__proto__', '0', '_id', '_rev', 'nothing');
    const anyPointer = fc.array(anyName, { minLength: 1, maxLength: 2 });
    const anySort = fc.array(fc.record({ pointer: anyPointer, isDescending: fc.boolean() }), {
      minLength: 1,
      maxLength: 3,
    });
    await context.repo.objects.declareTypes([{ name: 'user', searchable: ['a', '0'] }]);
    const property = fc.asyncProperty(
      fc.array(anyDocument, { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(anySort, anyFilter, fc.integer({ min: 1, max: 5 })), { minLength: 4, maxLength: 4 }),
      async (documents, requests) => {
        await clear(context);
        await put(context, ...documents.map((doc, i) => create(`${'ab01'[i % 4]}${i >> 2 || ''}`, doc)));
        const all = (await context.repo.objects.page('user', { limit: 100 })).rows;
        for (const [sort, filter, limit] of requests) {
          const found = all.filter((row) => matches(filter, visible(row), { caseSensitive: true }));
          expect(await walk({ sort, filter, limit })).toEqual(expectedOrder(found, sort));
          expect(await walk({ sort, limit })).toEqual(expectedOrder(all, sort));
          expect(await context.repo.objects.count('user', filter)).toBe(found.length);
        }
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  test.each(['mail', 'plain', '_id'])(
    'sorted by %s, pages lose and double nothing that stays while others come and go',
    async (name) => {
      const property = fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(9), fc.boolean()), { minLength: 8, maxLength: 24 }),
        fc.array(fc.tuple(fc.nat(9), fc.nat(30)), { maxLength: 12 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 4 }),
        async (start, changes, isDescending, limit) => {
          await clear(context);
          const rows = start.map(([value], i) => create(`${value}-${i}`, { mail: `m${value}`, plain: value }));
          await put(context, ...rows);
          const going = rows.filter((_, i) => start[i]![1]).map((row) => row.id);
          const staying = rows.map((row) => row.id).filter((id) => !going.includes(id));
          const seen: string[] = [];
          let after: Json = null;
          for (let step = 0; step === 0 || after !== null; step++) {
            const request: PageRequest = { sort: [by(name, isDescending)], after, limit };
            const page: Page<ObjectRow> = await context.repo.objects.page('user', request);
            seen.push(...page.rows.map((row) => row.id));
            after = page.next;
            const [value, gone] = changes[step] ?? [];
            if (value === undefined) continue;
            await put(context, create(`${value}-new${step}`, { mail: `m${value}`, plain: value }));
            const leaving = going.splice(gone! % Math.max(going.length, 1), 1);
            await put(context, ...leaving.map((id) => remove(id, 0)));
          }
          expect(new Set(seen).size).toBe(seen.length);
          expect(seen.filter((id) => staying.includes(id)).toSorted()).toEqual(staying.toSorted());
        },
      );
      await fc.assert(property, { numRuns: 20 });
    },
  );

  test('a sorted page of many objects finds the first and the last, filtered or not', async () => {
    const many = Array.from({ length: 12_000 }, (_, n) =>
      create(`i${n}`, { n: (n * 7919) % 12_000, mail: `m${n % 3}` }),
    );
    await put(context, ...many);
    const first = await context.repo.objects.page('user', { sort: [by('n')], limit: 3 });
    expect(first.rows.map((row) => row.doc['n'])).toEqual([0, 1, 2]);
    const filter = parseFilter('n ge 11990');
    const last = await context.repo.objects.page('user', { filter, sort: [by('n', true)], limit: 3 });
    expect(last.rows.map((row) => row.doc['n'])).toEqual([11_999, 11_998, 11_997]);
    expect(await context.repo.objects.count('user', parseFilter('n lt 4000 and mail pr'))).toBe(4000);
    expect(await context.repo.objects.count('user', parseFilter('mail eq "m1"'))).toBe(4000);
  });

  test('ids alone come with their revisions', async () => {
    await put(context, create('a', { n: 1 }), create('b', { n: 2 }));
    await put(context, update('b', 0, { n: 3 }));
    const { rows } = await context.repo.objects.page('user', { idsOnly: true, limit: 5 });
    expect(rows.map(({ id, rev }) => [id, rev])).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
  });

  test('links of all types are found by filter, sorted and counted', async () => {
    const other = { ...linkOf('4', 's1', 't4'), linkType: 'other' };
    await link(context, linkOf('1', 's1', 't1'), linkOf('2', 's1', 't9', 'b'), linkOf('3', 's2', 't2'), other);
    const find = async (text: string, extra: Partial<PageRequest> = {}): Promise<readonly string[]> =>
      (await context.repo.links.query({ filter: parseFilter(text), limit: 9, ...extra })).rows.map((one) => one.id);
    expect(await find('firstId eq "s1"')).toEqual(['1', '2', '4']);
    expect(await find('firstId eq "s1" and linkType eq "m"')).toEqual(['1', '2']);
    expect(await find('secondId eq "t2" or linkQualifier eq "b"')).toEqual(['2', '3']);
    expect(await find('_id eq "3" and _rev eq "0"')).toEqual(['3']);
    expect(await find('linkType sw "o"')).toEqual(['4']);
    expect(await find('true', { sort: [by('secondId', true)], limit: 3 })).toEqual(['2', '4', '3']);
    expect(await context.repo.links.countMatching(parseFilter('firstId eq "s1"'))).toBe(3);
    const first = await context.repo.links.query({ limit: 3 });
    expect(first.rows.map((one) => one.id)).toEqual(['1', '2', '3']);
    expect((await context.repo.links.query({ after: first.next, limit: 3 })).rows).toEqual([other]);
    await commit(context, { links: [{ kind: 'delete', id: '1', rev: 0 }] });
    expect(await find('firstId eq "s1"')).toEqual(['2', '4']);
  });

  async function walk(request: PageRequest): Promise<readonly string[]> {
    const seen: string[] = [];
    let after: Json = null;
    do {
      const page: Page<ObjectRow> = await context.repo.objects.page('user', { ...request, after });
      expect(page.rows.length).toBeLessThanOrEqual(request.limit);
      seen.push(...page.rows.map((row) => row.id));
      after = page.next;
    } while (after !== null);
    return seen;
  }
}
