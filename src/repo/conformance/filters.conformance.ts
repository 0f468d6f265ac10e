import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyDocument, anyFilter } from '../../base/query-filter.arbitrary.ts';
import { matches, parseFilter, type ComparisonOperator, type Filter } from '../../base/query-filter.ts';
import { type Context, create, put, walk, clear, visible } from './conformance-context.ts';

export function filterClaims(context: Context): void {
  test.each([
    ['userName eq "u7"', ['i7']],
    ['userName eq "u7" or mail eq "shared"', ['i3', 'i7', 'i9']],
    ['mail sw "u1"', ['i1', 'i10', 'i11']],
    ['_id eq "i4" or _id eq "i2"', ['i2', 'i4']],
    ['_id sw "i1" and !(n gt 10)', ['i1', 'i10']],
    ['_rev eq "0" and n lt 2', ['i0', 'i1']],
    ['n ge 10 and userName pr', ['i10', 'i11']],
    ['city co "slo"', ['i0']],
    ['false', []],
  ])('%s gives %j', async (text, expected) => {
    const rows = Array.from({ length: 12 }, (_, n) =>
      create(`i${n}`, { n, userName: `u${n}`, mail: n % 6 === 3 ? [`u${n}`, 'shared'] : `u${n}` }),
    );
    rows[0] = create('i0', { n: 0, userName: 'u0', city: 'Oslo' });
    await put(context, ...rows);
    const page = await context.repo.objects.page('user', { filter: parseFilter(text), limit: 100 });
    expect(page.rows.map((row) => row.id)).toEqual(expected);
  });

  test.each<[ComparisonOperator, string, readonly string[]]>([
    ['co', '\ud83d', ['letter', 'list', 'half']],
    ['sw', '\ud83d', ['letter', 'list', 'half']],
    ['ew', '\ude00', ['letter', 'list']],
    ['eq', '\ud83d', ['half']],
    ['sw', 'll', ['long', 'longList']],
    ['sw', 'l'.repeat(300), ['long', 'longList']],
    ['eq', 'l'.repeat(1000), ['long', 'longList']],
    ['sw', '\u0001', ['control']],
    ['sw', 'a\0', ['zero']],
    ['lt', 'a', ['control']],
    ['gt', '\uffef', ['bmp']],
  ])('mail %s %j is found by UTF-16 letters, with an index as without', async (operator, value, expected) => {
    const long = 'l'.repeat(1000);
    const values = { letter: '😀', list: ['x', '😀'], half: '\ud83d', long, longList: [long], control: '\u0001' };
    const mails = Object.entries({ ...values, zero: 'a\0', bmp: '\uffff' });
    await put(context, ...mails.map(([id, mail]) => create(id, { mail, plain: mail })));
    for (const name of ['mail', 'plain']) {
      const filter: Filter = { kind: 'compare', operator, pointer: [name], value };
      const page = await context.repo.objects.page('user', { filter, limit: 100 });
      expect(page.rows.map((row) => row.id)).toEqual(expected);
    }
  });

  test('a filtered page is full although matches are rare, and goes on where it ended', async () => {
    const rows = Array.from({ length: 3000 }, (_, n) => create(`i${n}`, { n, mail: n % 2 ? 'odd' : ['even'] }));
    await put(context, ...rows);
    const filter = parseFilter('n ge 1200 and n lt 1203 or n eq 2999');
    const first = await context.repo.objects.page('user', { filter, limit: 3 });
    expect(first.rows.map((row) => row.id)).toEqual(['i1200', 'i1201', 'i1202']);
    const second = await context.repo.objects.page('user', { filter, after: first.next, limit: 3 });
    expect([second.rows.map((row) => row.id), second.next]).toEqual([['i2999'], null]);
    for (const value of ['odd', 'even']) {
      expect(await walk(context, { kind: 'compare', operator: 'eq', pointer: ['mail'], value }, 700)).toHaveLength(
        1500,
      );
    }
  });

  test('every filter gives of every document exactly what `matches` says', async () => {
    const property = fc.asyncProperty(
      fc.array(anyDocument, { minLength: 1, maxLength: 12 }),
      fc.array(anyFilter, { minLength: 6, maxLength: 6 }),
      async (documents, filters) => {
        await clear(context);
        await put(context, ...documents.map((doc, i) => create(`${'ab01'[i % 4]}${i >> 2 || ''}`, doc)));
        const all = (await context.repo.objects.page('user', { limit: 100 })).rows;
        for (const filter of filters) {
          const { rows } = await context.repo.objects.page('user', { filter, limit: 100 });
          expect(rows).toEqual(all.filter((row) => matches(filter, visible(row), { caseSensitive: true })));
        }
      },
    );
    await context.repo.objects.declareTypes([
      { name: 'user', searchable: ['a', '', '__proto__', '0', 'a.b', 'say "hi"'] },
    ]);
    await fc.assert(property, { numRuns: 100 });
  });
}
