import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { parseFilter } from '../base/query-filter.ts';
import type { ObjectSet, ObjectWrite, Query, RowFault, ScanPage, ScanRequest, StoredObject } from '../model/object-set.ts';
import type { ObjectTypeConfig, PropertyConfig } from './contract.ts';
import { readOnly } from './read-only.ts';

/** What a connector under test provides. */
export interface ConformanceSubject {
  /**
   * An empty collection with the object type `conformanceType`, whose id is the value of the attribute `name`. The
   * attribute `none` is declared, but never has a value.
   */
  readonly set: ObjectSet;
  dispose(): Promise<void>;
}

/** What a connector does differently, by the claim's name, with the reason. The claim is then expected to fail. */
export type Deviations = Readonly<Record<string, string>>;

const property = (nativeName: string, more: Partial<PropertyConfig> = {}): PropertyConfig => ({
  type: 'string',
  itemType: null,
  nativeName,
  nativeType: 'string',
  isRequired: false,
  flags: [],
  ...more,
});

/** `name` is the naming attribute and thereby the id. */
export const conformanceType: ObjectTypeConfig = {
  nativeType: '__ACCOUNT__',
  properties: {
    name: property('__NAME__', { isRequired: true }),
    mail: property('mail'),
    text: property('text'),
    count: property('count', { type: 'integer', nativeType: 'integer' }),
    isActive: property('isActive', { type: 'boolean', nativeType: 'boolean' }),
    groups: property('groups', { type: 'array', itemType: 'string' }),
    fixed: property('fixed', { flags: ['NOT_UPDATEABLE'] }),
    derived: property('derived', { flags: ['NOT_CREATABLE', 'NOT_UPDATEABLE'] }),
    secret: property('__PASSWORD__', { flags: ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'] }),
    none: property('none'),
  },
};

/** Ids and texts that break naive quoting, escaping and indexing. */
const ODD_TEXTS = [
  'a b',
  'comma,comma',
  'quo"te',
  '""',
  "apo'strophe",
  'semi;colon',
  'tab\there',
  'line\nbreak',
  'carriage\r\nreturn',
  ' leading',
  'trailing ',
  'slash/and\\back',
  '<tag>&amp;]]>',
  'Ünïcödé',
  '日本語',
  'emoji 👩‍👩‍👧',
  '__proto__',
  'constructor',
  '=1+1',
  '%2F',
  '{"a":1}',
  'x'.repeat(5000),
];

export function connectorConformance(
  name: string,
  setup: () => Promise<ConformanceSubject>,
  deviations: Deviations = {},
): void {
  const subjects: ConformanceSubject[] = [];
  const claim = (text: string, prove: (set: ObjectSet) => Promise<void>): void => {
    const run = async (): Promise<void> => {
      const subject = await setup();
      subjects.push(subject);
      await prove(subject.set);
    };
    const reason = Object.hasOwn(deviations, text) ? deviations[text] : undefined;
    if (reason === undefined) it(text, run);
    else it.fails(`${text} (deviates: ${reason})`, run);
  };

  describe(`${name} is a connector`, () => {
    afterEach(async () => {
      for (const subject of subjects.splice(0)) await subject.dispose();
    });
    readClaims(claim);
    writeClaims(claim);
    valueClaims(claim);
  });
}

type Claim = (text: string, prove: (set: ObjectSet) => Promise<void>) => void;

function readClaims(claim: Claim): void {
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
    (first.object['groups'] as string[]).push('changed');
    expect((await set.readMany(['a'])).get('a')!.object['groups']).toEqual(['x']);
  });
}

function writeClaims(claim: Claim): void {
  claim('created objects can be read', async (set) => {
    const outcomes = await set.write([creation('a', { mail: 'a@x', count: 3, isActive: true, groups: ['g', 'h'] })]);
    expect(outcomes).toMatchObject([{ ok: true, id: 'a' }]);
    expect(await contentOf(set)).toEqual({
      a: { name: 'a', mail: 'a@x', count: 3, isActive: true, groups: ['g', 'h'] },
    });
  });

  claim('an update changes the changed attributes only, and removes those that are gone', async (set) => {
    await set.write([creation('a', { mail: 'a@x', text: 'old', count: 1 })]);
    const object = { name: 'a', mail: 'ignored: not among the changed', count: 2 };
    expect(await set.write([await update(set, 'a', object, ['text', 'count'])])).toMatchObject([{ ok: true, id: 'a' }]);
    expect(await contentOf(set)).toEqual({ a: { name: 'a', mail: 'a@x', count: 2 } });
  });

  claim('a changed naming attribute renames the object', async (set) => {
    await set.write([creation('a', { mail: 'a@x' }), creation('b', {})]);
    const outcomes = await set.write([await update(set, 'a', { name: 'c', mail: 'a@x' }, ['name'])]);
    expect(outcomes).toMatchObject([{ ok: true, id: 'c' }]);
    expect(await contentOf(set)).toEqual({ c: { name: 'c', mail: 'a@x' }, b: { name: 'b' } });
    expect(await set.write([await update(set, 'c', { name: 'b' }, ['name'])])).toMatchObject([{ code: 'exists' }]);
    expect(Object.keys(await contentOf(set)).sort()).toEqual(['b', 'c']);
  });

  claim('a deleted object is gone', async (set) => {
    await fill(set, 3);
    const rev = (await set.readMany(['user-001'])).get('user-001')!.rev;
    expect(await set.write([{ kind: 'delete', id: 'user-001', rev }])).toMatchObject([{ ok: true }]);
    expect(Object.keys(await contentOf(set)).sort()).toEqual(['user-000', 'user-002']);
  });

  claim('a refused write names its reason and does not touch the others', async (set) => {
    await fill(set, 3);
    const before = await contentOf(set);
    const outcomes = await set.write([
      creation('user-001', {}),
      { kind: 'update', id: 'nobody', rev: null, object: { mail: 'x' }, changed: ['mail'] },
      { kind: 'delete', id: 'nobody', rev: null },
      creation('new', { bogus: 1 }),
      { kind: 'create', id: null, object: { mail: 'no name' } },
      { kind: 'update', id: 'user-002', rev: null, object: { bogus: 1 }, changed: ['bogus'] },
      creation('good', { mail: 'g@x' }),
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.id : outcome.code))).toEqual([
      'exists',
      'not-found',
      'not-found',
      'bad-request',
      'bad-request',
      'bad-request',
      'good',
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? '' : outcome.message))).toMatchObject([
      expect.stringContaining('user-001'),
      expect.stringContaining('nobody'),
      expect.stringContaining('nobody'),
      expect.stringContaining('Target does not support attribute bogus'),
      expect.stringContaining("Required attribute 'name' value is null"),
      expect.stringContaining('Target does not support attribute bogus'),
      '',
    ]);
    expect(await contentOf(set)).toEqual({ ...before, good: { name: 'good', mail: 'g@x' } });
  });

  claim('the writes of a batch see each other in their order', async (set) => {
    const outcomes = await set.write([
      creation('a', { mail: '1' }),
      creation('a', { mail: '2' }),
      { kind: 'update', id: 'a', rev: null, object: { mail: '3' }, changed: ['mail'] },
      creation('b', {}),
      { kind: 'delete', id: 'b', rev: null },
      { kind: 'delete', id: 'b', rev: null },
      creation('b', { mail: 'again' }),
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.code))).toEqual([
      'ok',
      'exists',
      'ok',
      'ok',
      'ok',
      'not-found',
      'ok',
    ]);
    expect(await contentOf(set)).toEqual({ a: { name: 'a', mail: '3' }, b: { name: 'b', mail: 'again' } });
  });

  claim('the order of independent writes does not change the result', async (set) => {
    await fill(set, 6);
    const writes: ObjectWrite[] = [
      creation('x', { mail: 'x' }),
      { kind: 'delete', id: 'user-001', rev: null },
      { kind: 'update', id: 'user-002', rev: null, object: { text: 't' }, changed: ['text'] },
      { kind: 'delete', id: 'user-005', rev: null },
    ];
    await set.write([...writes].reverse());
    const content = await contentOf(set);
    expect(Object.keys(content).sort()).toEqual(['user-000', 'user-002', 'user-003', 'user-004', 'x']);
    expect(content['user-002']).toMatchObject({ text: 't', count: 2 });
  });

  claim('all objects can be deleted, and the set is then empty, not broken', async (set) => {
    await fill(set, 4);
    await set.write(numberedIds(4).map((id) => ({ kind: 'delete', id, rev: null })));
    expect(await contentOf(set)).toEqual({});
    await fill(set, 2);
    expect(Object.keys(await contentOf(set)).sort()).toEqual(numberedIds(2));
  });

  claim('a write of nothing does nothing', async (set) => {
    expect(await set.write([])).toEqual([]);
  });

  claim('a positive number of writes is preferred', async (set) => {
    expect(set.preferredWriteCount()).toBeGreaterThan(0);
  });

  claim('a read-only set refuses every write and stays as it is', async (set) => {
    await fill(set, 2);
    const before = await contentOf(set);
    const outcomes = await readOnly(set).write([creation('a', {}), { kind: 'delete', id: 'user-000', rev: null }]);
    expect(outcomes).toMatchObject([{ code: 'denied' }, { code: 'denied' }]);
    expect(await contentOf(readOnly(set))).toEqual(before);
  });
}

function valueClaims(claim: Claim): void {
  claim('ids and values with odd characters come back as they were', async (set) => {
    const outcomes = await set.write(ODD_TEXTS.map((text) => creation(text, { text, groups: [text.replaceAll('|', '')] })));
    expect(outcomes.filter((outcome) => !outcome.ok)).toEqual([]);
    const expected = ODD_TEXTS.map((text) => [text, { name: text, text, groups: [text] }] as const);
    const found = await set.readMany(ODD_TEXTS);
    for (const [id, object] of expected) expect(withoutMeta(found.get(id)!.object)).toEqual(object);
    for (const text of ODD_TEXTS.slice(0, 10)) {
      const filter = { kind: 'compare', operator: 'eq', pointer: ['text'], value: text } as const;
      expect(await set.query([{ kind: 'filter', filter }])).toMatchObject([{ ok: true, objects: [{ id: text }] }]);
    }
    await set.write(ODD_TEXTS.map((id) => ({ kind: 'delete', id, rev: null })));
    expect(await contentOf(set)).toEqual({});
  });

  claim('null, an empty list and an absent attribute are the same: absent', async (set) => {
    await set.write([creation('a', { mail: null, groups: [], text: 't' }), creation('b', { mail: 'm', groups: ['g'] })]);
    await set.write([await update(set, 'b', { mail: null, groups: [] }, ['mail', 'groups'])]);
    expect(await contentOf(set)).toEqual({ a: { name: 'a', text: 't' }, b: { name: 'b' } });
  });

  claim('values are coerced to their declared types', async (set) => {
    await set.write([creation('a', { count: '12', isActive: 'true', groups: 'single', text: 7 })]);
    expect(await contentOf(set)).toEqual({ a: { name: 'a', count: 12, isActive: true, groups: ['single'], text: '7' } });
    expect(await set.write([creation('b', { count: 'twelve' })])).toMatchObject([{ ok: false, code: 'invalid-data' }]);
  });

  claim('attributes that begin with an underscore and are not declared are ignored', async (set) => {
    expect(await set.write([creation('a', { _internal: 1 })])).toMatchObject([{ ok: true }]);
    expect(await contentOf(set)).toEqual({ a: { name: 'a' } });
  });

  claim('flags are kept: not creatable, not updateable, not readable', async (set) => {
    await set.write([creation('a', { fixed: 'f', derived: 'd', secret: 's' })]);
    await set.write([await update(set, 'a', { fixed: 'g', derived: 'e', mail: 'm' }, ['fixed', 'derived', 'mail'])]);
    expect(await contentOf(set)).toEqual({ a: { name: 'a', fixed: 'f', mail: 'm' } });
  });
}

function creation(name: string, attributes: JsonObject): ObjectWrite {
  return { kind: 'create', id: null, object: { name, ...attributes } };
}

async function update(set: ObjectSet, id: string, object: JsonObject, changed: readonly string[]): Promise<ObjectWrite> {
  return { kind: 'update', id, rev: (await set.readMany([id])).get(id)?.rev ?? null, object, changed };
}

async function fill(set: ObjectSet, count: number): Promise<void> {
  const writes = numberedIds(count).map((id, i) => creation(id, { mail: `${i}@example.com`, count: i }));
  expect((await set.write(writes)).filter((outcome) => !outcome.ok)).toEqual([]);
}

function numberedIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `user-${String(i).padStart(3, '0')}`);
}

function filterQuery(text: string): Query {
  return { kind: 'filter', filter: parseFilter(text) };
}

function idsOf(objects: readonly StoredObject[]): readonly string[] {
  return objects.map((object) => object.id).sort();
}

async function pagesOf(set: ObjectSet, request: ScanRequest): Promise<readonly ScanPage[]> {
  const pages: ScanPage[] = [];
  for await (const page of set.scan(request)) pages.push(page);
  return pages;
}

/** All objects by id, without `_id` and `_rev`. */
async function contentOf(set: ObjectSet): Promise<Record<string, JsonObject>> {
  const entries: [string, JsonObject][] = [];
  const faults: RowFault[] = [];
  for (const page of await pagesOf(set, { pageSize: 100 })) {
    for (const { id, object } of page.objects) entries.push([id, withoutMeta(object)]);
    faults.push(...page.faults);
  }
  expect(faults).toEqual([]);
  return Object.fromEntries(entries);
}

function withoutMeta(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== '_id' && key !== '_rev'));
}
