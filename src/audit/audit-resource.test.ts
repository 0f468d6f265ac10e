import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import {
  auditFixture,
  CONTEXT,
  create,
  entryOfRun,
  queryOf,
  runOf,
  storeRun,
  summaryOf,
  type AuditFixture,
} from './testing/audit-fixture.ts';
import { words } from './words.ts';

const RUN = 'e5f3190d-41d9-4bea-907d-b287a9436a45';

async function withRun(): Promise<AuditFixture> {
  const fixture = auditFixture();
  await storeRun(fixture.repository, runOf(RUN), [
    entryOfRun(RUN, 1, { sourceId: 'scarter', targetId: 'scarter' }),
    entryOfRun(RUN, 2, {
      situation: 'CONFIRMED',
      action: 'UPDATE',
      status: 'failed',
      message: 'no',
      detail: { rule: 'policies[1]', why: 1 },
    }),
    entryOfRun(RUN, 3, {
      situation: 'UNASSIGNED',
      action: 'REPORT',
      phase: 'target',
      sourceId: null,
      detail: { wouldBe: 'EXCEPTION' },
    }),
    entryOfRun(RUN, 4, {
      situation: 'AMBIGUOUS',
      action: 'EXCEPTION',
      targetId: null,
      ambiguousTargetIds: ['a', 'b'],
      message: 'Situation AMBIGUOUS marked as EXCEPTION',
    }),
  ]);
  return fixture;
}

const base = { mapping: 'hr_user', exception: '', reconId: RUN, rootActionId: RUN };
const START = {
  ...base,
  _id: `${RUN}-start`,
  entryType: 'start',
  timestamp: '1970-01-01T00:00:01.000Z',
  status: 'SUCCESS',
  message: 'Reconciliation initiated by openidm-admin',
  messageDetail: null,
};
const SUMMARY = {
  ...base,
  _id: `${RUN}-summary`,
  entryType: 'summary',
  timestamp: '1970-01-01T00:00:02.000Z',
  status: 'SUCCESS',
  message:
    'SOURCE_IGNORED: 0 MISSING: 0 FOUND: 0 AMBIGUOUS: 0 UNQUALIFIED: 0 CONFIRMED: 1 SOURCE_MISSING: 0 ABSENT: 2 ' +
    'TARGET_IGNORED: 0 UNASSIGNED: 0 FOUND_ALREADY_LINKED: 0 ',
  messageDetail: summaryOf(runOf(RUN)),
};
const FIRST = {
  ...base,
  targetObjectId: 'managed/user/scarter',
  sourceObjectId: 'system/hr/account/scarter',
  situation: 'ABSENT',
  reconciling: 'source',
  ambiguousTargetObjectIds: '',
  action: 'CREATE',
  actionId: RUN,
  _id: `${RUN}-1`,
  entryType: 'entry',
  timestamp: '1970-01-01T00:00:01.001Z',
  status: 'SUCCESS',
  message: null,
  messageDetail: null,
};
/** In the order in which the reference prints them. */
const MEMBERS = words(`
  mapping targetObjectId sourceObjectId situation reconciling ambiguousTargetObjectIds action actionId
  exception _id entryType timestamp reconId rootActionId status message
`);

describe('recon entries', () => {
  it('are printed as the reference prints them', async () => {
    const { get } = await withRun();
    const listed = (await get('audit/recon')) as { entries: JsonObject[] };
    expect(Object.keys(listed)).toEqual(['entries']);
    expect(listed.entries.slice(0, 3)).toEqual([SUMMARY, START, FIRST]);
    expect(Object.keys(listed.entries[2]!)).toEqual([...MEMBERS, 'messageDetail']);
    expect(listed.entries[3]).toMatchObject({ status: 'FAILURE', message: 'no', messageDetail: { why: 1 } });
    expect(listed.entries[4]).toMatchObject({
      sourceObjectId: null,
      reconciling: 'target',
      wouldBeAction: 'EXCEPTION',
    });
    expect(listed.entries[5]).toMatchObject({
      status: 'SUCCESS',
      ambiguousTargetObjectIds: 'a, b',
      targetObjectId: null,
    });
  });

  it('have every member for every type if formatted=false', async () => {
    const { get, query } = await withRun();
    const all = ((await get('audit/recon', { formatted: 'false' })) as { entries: JsonObject[] }).entries;
    for (const entry of all) expect(Object.keys(entry)).toEqual(expect.arrayContaining([...MEMBERS, 'reconAction']));
    expect(all[1]).toMatchObject({ ...START, reconAction: 'recon', targetObjectId: null, situation: null });
    const { objects } = await query('audit/recon', `reconId eq "${RUN}"`, { formatted: 'false' });
    expect(objects).toHaveLength(6);
    expect(objects[0]).toMatchObject({ ...SUMMARY, transactionId: RUN, linkQualifier: null });
  });

  it('have the members that are asked for', async () => {
    const { router } = await withRun();
    const read = async (fields: readonly string[]): Promise<JsonObject> => {
      const request = { verb: 'read', path: 'audit/recon', parameters: {}, fields } as const;
      return (await router.object(request, CONTEXT)).object;
    };
    const ids = ['summary', 'start', '1', '2', '3', '4'].map((end) => ({ _id: `${RUN}-${end}` }));
    expect(await read(['_id'])).toEqual({ entries: ids });
    expect((await read(['/situation', 'action']))['entries']).toContainEqual({
      _id: `${RUN}-1`,
      situation: 'ABSENT',
      action: 'CREATE',
    });
    expect(((await read(['entries']))['entries'] as JsonObject[])[0]).toMatchObject({ reconId: RUN });
  });

  it('tie to the request that asked for the run', async () => {
    const { repository, query, get } = auditFixture();
    const request = { initiatedBy: 'openidm-admin', transactionId: 'tx-7' };
    await storeRun(repository, runOf('r1', { request }), [entryOfRun('r1', 1)]);
    await storeRun(repository, runOf('r2'), [entryOfRun('r2', 1)]);
    const { objects } = await query('audit/recon', '/transactionId eq "tx-7"');
    expect(objects.map(({ _id }) => _id)).toEqual(['r1-summary', 'r1-start', 'r1-1']);
    expect(objects[0]).toMatchObject({ rootActionId: 'r1', reconId: 'r1', transactionId: 'tx-7' });
    expect((await query('audit/recon', '/transactionId eq "r1"')).objects).toEqual([]);
    expect((await query('audit/recon', '/rootActionId eq "r1"')).objects).toHaveLength(3);
    expect(await get('audit/recon/r2-1')).toMatchObject({ rootActionId: 'r2', transactionId: 'r2' });
  });

  it('are read by their id', async () => {
    const { get } = await withRun();
    expect(await get(`audit/recon/${RUN}-1`)).toMatchObject({ ...FIRST, transactionId: RUN, linkQualifier: 'default' });
    expect(await get(`audit/recon/${RUN}-start`)).toMatchObject(START);
    expect(await get(`audit/recon/${RUN}-summary`)).toMatchObject(SUMMARY);
    for (const id of [`${RUN}-5`, `${RUN}-0`, `${RUN}-01`, 'x-start', 'x', '-start', `${RUN}-`, `${RUN}-1/x`])
      await expect(get(`audit/recon/${id}`)).rejects.toMatchObject({ status: 404 });
  });

  it.each<[string, Record<string, string>, readonly string[]]>([
    ['audit-by-recon-id', { reconId: RUN }, ['summary', 'start', '1', '2', '3', '4']],
    ['audit-by-recon-id', { reconId: 'other' }, []],
    ['audit-by-recon-id-situation', { reconId: RUN, situation: 'ABSENT' }, ['1']],
    ['audit-by-recon-id-type', { reconId: RUN, entryType: 'summary' }, ['summary']],
    ['audit-by-recon-id-situations-latest', { reconId: RUN, situations: 'ABSENT, CONFIRMED' }, ['1', '2']],
    ['audit-by-recon-id-situations-latest', { reconId: RUN, situations: '' }, ['1', '2', '3', '4']],
    [
      'audit-by-recon-id-situations-latest-filtered',
      { reconId: RUN, situations: 'ABSENT', filteredIds: 'NOOP,a,system/hr/account/scarter,b' },
      ['1'],
    ],
    ['audit-by-recon-id-situations-latest-filtered', { reconId: RUN, filteredIds: 'NOOP,scarter' }, []],
    ['audit-by-mapping', { mappingName: 'hr_user' }, ['summary', 'start', '1', '2', '3', '4']],
    ['audit-by-mapping', { mappingName: 'no' }, []],
    ['audit-last-recon-for-mapping', { mapping: 'hr_user' }, ['summary']],
    ['get-recons', { includeMapping: 'hr%' }, ['summary']],
    ['get-recons', { includeMapping: '%', excludeMapping: 'h__user' }, []],
    ['query-all-ids', {}, ['summary', 'start', '1', '2', '3', '4']],
  ])('%s %j gives %j', async (queryId, parameters, expected) => {
    const { query } = await withRun();
    const { objects } = await query('audit/recon', queryId, parameters);
    expect(objects.map(({ _id }) => String(_id).slice(RUN.length + 1))).toEqual(expected);
  });

  it.each([
    ['rootActionId eq "RUN" and situation eq "CONFIRMED"', ['2']],
    ['/transactionId eq "RUN" and entryType eq "start"', ['start']],
    ['status eq "FAILURE"', ['2']],
    ['sourceObjectId co "scarter" or wouldBeAction pr', ['1', '3']],
    ['mapping eq "hr_user" and !(entryType eq "entry")', ['summary', 'start']],
    ['_id eq "RUN-3"', ['3']],
    ['_id eq "nothing"', []],
    ['messageDetail/state eq "SUCCESS"', ['summary']],
  ])('a filter %s gives %j', async (text, expected) => {
    const { query } = await withRun();
    const { objects } = await query('audit/recon', text.replaceAll('RUN', RUN));
    expect(objects.map(({ _id }) => String(_id).slice(RUN.length + 1))).toEqual(expected);
  });

  it('of one run are found without a look at the others', async () => {
    const { repository, query } = auditFixture();
    await storeRun(repository, runOf('r1'), [entryOfRun('r1', 1)]);
    Object.assign(repository.runs, {
      list: () => {
        throw new Error('walks through all runs');
      },
    });
    const { objects } = await query('audit/recon', 'audit-by-recon-id', { reconId: 'r1' });
    expect(objects).toHaveLength(3);
  });

  it('come in pages, newest run first, none lost or doubled', async () => {
    const { repository, query, router } = auditFixture();
    const expected: string[] = [];
    for (const n of [5, 4, 3, 2, 1]) {
      const id = `r${n}`;
      const entries = [1, 2, 3].map((seq) => entryOfRun(id, seq, { situation: seq === 2 ? 'FOUND' : 'ABSENT' }));
      await storeRun(repository, runOf(id, { startedMs: n * 10, state: n === 4 ? 'ACTIVE' : 'SUCCESS' }), entries);
      expected.push(...(n === 4 ? [] : [`${id}-summary`]), `${id}-start`, ...[1, 2, 3].map((seq) => `${id}-${seq}`));
    }
    await create(router, 'recon', { entryType: 'entry', situation: 'FOUND', reconId: 'performed', mapping: 'hr_user' });
    for (const pageSize of [1, 2, 3, 7, 100]) {
      for (const [text, wanted] of [
        ['true', ['id1', ...expected]],
        ['situation eq "FOUND"', ['id1', ...expected.filter((id) => id.endsWith('-2'))]],
      ] as const) {
        const found: unknown[] = [];
        let cookie: string | null = null;
        do {
          const page = await query('audit/recon', { ...queryOf(text), pageSize, cookie });
          expect(page.objects.length).toBeLessThanOrEqual(pageSize);
          found.push(...page.objects.map(({ _id }) => _id));
          ({ cookie } = page);
        } while (cookie !== null);
        expect(found).toEqual(wanted);
      }
    }
    const offset = await query('audit/recon', { pageSize: 2, offset: 3, totals: 'EXACT' });
    expect(offset.objects.map(({ _id }) => _id)).toEqual(['r5-1', 'r5-2']);
    expect(offset.total).toBe(expected.length + 1);
  });

  it('are sorted if asked', async () => {
    const { query } = await withRun();
    const sortKeys = [{ pointer: ['timestamp'], isDescending: true }];
    const first = await query('audit/recon', { sortKeys, pageSize: 4 });
    const second = await query('audit/recon', { sortKeys, pageSize: 4, cookie: first.cookie });
    const ids = [...first.objects, ...second.objects].map(({ _id }) => String(_id).slice(RUN.length + 1));
    expect(ids).toEqual(['summary', '4', '3', '2', '1', 'start']);
    expect(second.cookie).toBeNull();
  });

  it('that are too many are refused with a remedy, or come in short pages', async () => {
    const { repository, query } = auditFixture({}, { limits: { maxEntries: 3, maxScanned: 10 } });
    const entries = Array.from({ length: 30 }, (_, i) =>
      entryOfRun('r', i + 1, { situation: i === 20 ? 'FOUND' : 'ABSENT' }),
    );
    await storeRun(repository, runOf('r'), entries);
    await expect(query('audit/recon', 'true')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('_pageSize') as string,
    });
    await expect(query('audit/recon', { sortKeys: [{ pointer: ['_id'], isDescending: false }] })).rejects.toThrow(
      'too much',
    );
    const found: unknown[] = [];
    let cookie: string | null = null;
    let pages = 0;
    do {
      const page = await query('audit/recon', { ...queryOf('situation eq "FOUND"'), pageSize: 3, cookie });
      found.push(...page.objects.map(({ _id }) => _id));
      ({ cookie } = page);
      pages++;
    } while (cookie !== null);
    expect(found).toEqual(['r-21']);
    expect(pages).toBeGreaterThan(2);
  });

  it.each([
    'x',
    'bm8',
    Buffer.from('{"a":1}').toString('base64url'),
    Buffer.from('["run",1]').toString('base64url'),
    '',
  ])('a forged cookie %j is refused', async (cookie) => {
    const { query } = await withRun();
    await expect(query('audit/recon', { pageSize: 1, cookie })).rejects.toMatchObject({ status: 400 });
  });
});
