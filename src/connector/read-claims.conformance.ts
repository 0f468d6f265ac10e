import { expect } from 'vitest';
import { Failure } from '../base/failure.ts';
import { parseFilter } from '../base/query-filter.ts';
import type { Query } from '../model/object-set.ts';
import { creation, fill, filterQuery, idsOf, numberedIds, pagesOf, type Claim } from './claim.conformance.ts';

export function readClaims(claim: Claim): void {
  claim('an empty set is one last page without objects', async (set) => {
    expect(await pagesOf(set, { pageSize: 10 })).toMatchObject([{ objects: [], faults: [], isLast: true }]);
  });

  claim('a scan gives each object once, and only its last page says so', async (set) => {
    await fill(set, 25);
    for (const pageSize of [1, 7, 25, 26, 1000]) {
      const pages = await pagesOf(set, { pageSize });
      expect(idsOf(pages.flatMap((page) => page.objects))).toEqual(numberedIds(25));
      expect(pages.map((page) => page.isLast).indexOf(true)).toBe(pages.length - 1);
      expect(Math.max(...pages.map((page) => page.objects.length))).toBeLessThanOrEqual(pageSize);
    }
  });

  claim('a scan continues after any of its cursors, also once they were stored as JSON', async (set) => {
    await fill(set, 23);
    const pages = await pagesOf(set, { pageSize: 5 });
    for (const [i, page] of pages.entries()) {
      const after = JSON.parse(JSON.stringify(page.cursor)) as typeof page.cursor;
      const rest = await pagesOf(set, { pageSize: 5, after });
      const seen = pages.slice(0, i + 1).flatMap((p) => p.objects);
      expect(idsOf([...seen, ...rest.flatMap((p) => p.objects)])).toEqual(numberedIds(23));
    }
  });

  claim('a cursor of something else is refused', async (set) => {
    await fill(set, 3);
    await expect(pagesOf(set, { pageSize: 5, after: { what: 'ever' } })).rejects.toMatchObject({ code: 'conflict' });
  });

  claim('a canceled scan throws instead of ending', async (set) => {
    await fill(set, 25);
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      for await (const page of set.scan({ pageSize: 5, signal: controller.signal }))
        if (!page.isLast) controller.abort(new Failure('canceled', 'enough'));
    };
    await expect(run()).rejects.toMatchObject({ code: 'canceled' });
  });

  claim('a scan with a filter gives what matches', async (set) => {
    await fill(set, 25);
    const query: Query = { kind: 'filter', filter: parseFilter('count ge 20') };
    const pages = await pagesOf(set, { pageSize: 3, query });
    expect(idsOf(pages.flatMap((page) => page.objects))).toEqual(numberedIds(25).slice(20));
  });

  claim('readMany gives what exists, under the ids that were asked for', async (set) => {
    await fill(set, 10);
    const found = await set.readMany(['user-003', 'nobody', 'user-007', 'user-003', 'USER-004']);
    expect([...found.keys()].sort()).toEqual(['user-003', 'user-007']);
    expect(found.get('user-003')).toMatchObject({ id: 'user-003', object: { _id: 'user-003', mail: '3@example.com' } });
    expect((await set.readMany([])).size).toBe(0);
  });

  claim('each query has its own answer', async (set) => {
    await fill(set, 10);
    const answers = await set.query([
      filterQuery('mail eq "4@example.com"'),
      filterQuery('unknown eq "x"'),
      filterQuery('_id eq "user-002" or count gt 7'),
      { kind: 'id', queryId: 'query-all-ids', parameters: {} },
      { kind: 'id', queryId: 'no-such-query', parameters: {} },
      filterQuery('mail eq "4@EXAMPLE.com"'),
      filterQuery('false'),
    ]);
    expect(answers.map((answer) => (answer.ok ? idsOf(answer.objects) : answer.code))).toEqual([
      ['user-004'],
      'bad-request',
      ['user-002', 'user-008', 'user-009'],
      numberedIds(10),
      'bad-request',
      [],
      [],
    ]);
    const ids = answers[3]!;
    expect(ids.ok && Object.keys(ids.objects[0]!.object).filter((key) => key !== '_rev')).toEqual(['_id']);
  });

  claim('a multi-valued attribute matches by any of its values', async (set) => {
    await set.write([creation('a', { groups: ['x', 'y'] }), creation('b', { groups: ['z'] })]);
    const [answer] = await set.query([filterQuery('groups eq "y"')]);
    expect(answer).toMatchObject({ ok: true, objects: [{ id: 'a' }] });
  });

  claim('what a caller does to an object does not reach the set', async (set) => {
    await set.write([creation('a', { groups: ['x'] })]);
    const first = (await set.readMany(['a'])).get('a')!;
    // a set may hand out frozen objects
    if (!Object.isFrozen(first.object['groups'])) (first.object['groups'] as string[]).push('changed');
    if (!Object.isFrozen(first.object)) first.object['groups'] = ['changed'];
    expect((await set.readMany(['a'])).get('a')!.object['groups']).toEqual(['x']);
  });
}
