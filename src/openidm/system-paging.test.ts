import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openEngine, type Engine } from '../../test/scenarios/engine.ts';
import { objects } from '../../test/scenarios/notation.ts';
import type { ObjectWrite } from '../model/object-set.ts';
import type { SortKey } from '../resource/request.ts';
import { firstRows } from './system-rows.ts';
import { openRunTree } from './testing/run-tree.ts';

const MANY = Array.from({ length: 20 }, (_, i) => `o${i}(key=${i % 3}${i % 4 === 0 ? '' : `,name=n${i % 5}`})`).join(
  ' ',
);
const BY_NAME: readonly SortKey[] = [
  { pointer: ['name'], isDescending: true },
  { pointer: ['key'], isDescending: false },
];

interface Step {
  readonly created: readonly number[];
  readonly deleted: readonly number[];
  readonly isReversed: boolean;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    created: fc.uniqueArray(fc.nat(99), { maxLength: 3 }),
    deleted: fc.uniqueArray(fc.nat(19), { maxLength: 3 }),
    isReversed: fc.boolean(),
  }),
  { maxLength: 8 },
);

function writesOf({ created, deleted }: Step, present: Set<string>): readonly ObjectWrite[] {
  const gone = deleted.map((i) => `o${i}`).filter((id) => present.has(id));
  const come = created.map((i) => `${i % 2 === 0 ? 'a' : 'z'}${i}`).filter((id) => !present.has(id));
  for (const id of gone) present.delete(id);
  for (const id of come) present.add(id);
  return [
    ...gone.map((id): ObjectWrite => ({ kind: 'delete', id, rev: null })),
    ...come.map((id): ObjectWrite => ({ kind: 'create', id: null, object: { uid: id, key: id, name: `n${id}` } })),
  ];
}

/** As somebody outside might write the file anew. */
function reverseFile({ directory }: Engine): void {
  const file = path.join(directory, 'data/people.csv');
  const [header, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
  writeFileSync(file, `${[header, ...rows.toReversed()].join('\n')}\n`);
}

async function walk(sortKeys: readonly SortKey[], pageSize: number, changes: readonly Step[]): Promise<void> {
  await using engine = await openEngine({ mappings: [], csv: { people: objects(MANY) } });
  const tree = openRunTree(engine.lockstep);
  const set = engine.lockstep.objectSet('system/people/account', engine.lockstep.repository);
  const present = new Set(Array.from({ length: 20 }, (_, i) => `o${i}`));
  const seen: string[] = [];
  let cookie: string | null = null;
  for (let page = 0; ; page++) {
    const answer = await tree.query('system/people/account', 'true', { sortKeys, pageSize, cookie });
    seen.push(...answer.objects.map(({ id }) => id));
    ({ cookie } = answer);
    if (cookie === null) break;
    const change = changes[page];
    if (change === undefined) continue;
    for (const outcome of await set.write(writesOf(change, present))) expect(outcome).toMatchObject({ ok: true });
    if (change.isReversed) reverseFile(engine);
  }
  expect(new Set(seen).size, 'nothing twice').toBe(seen.length);
  const stayed = [...present].filter((id) => id.startsWith('o'));
  expect(stayed.filter((id) => !seen.includes(id))).toEqual([]);
}

describe('pages over a file', () => {
  for (const [name, sortKeys] of [
    ['by id', []],
    ['in an order', BY_NAME],
  ] as const)
    it(`${name} lose and double nothing while rows come and go and the file is written anew`, () =>
      fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 7 }), steps, (size, changes) => walk(sortKeys, size, changes)),
        { numRuns: 40 },
      ));

  it('over objects in memory lose and double nothing in an order', async () => {
    await using engine = await openEngine({
      mappings: [],
      memory: { hr: objects('a(key=1) b(key=2) c(key=3) d(key=4)') },
    });
    const tree = openRunTree(engine.lockstep);
    const sortKeys = [{ pointer: ['key'], isDescending: false }];
    const first = await tree.query('system/hr/account', 'true', { sortKeys, pageSize: 2 });
    await tree.remove('system/hr/account/a');
    await tree.create('system/hr/account', 'e', { key: '0' });
    await tree.create('system/hr/account', 'f', { key: '0' });
    const second = await tree.query('system/hr/account', 'true', { sortKeys, pageSize: 2, cookie: first.cookie });
    expect([...first.objects, ...second.objects].map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are cut down where they are too large, and an answer without pages is refused', async () => {
    const rows = Array.from({ length: 20_003 }, (_, i) => `"u${String(i).padStart(5, '0')}","${20_003 - i}","","",""`);
    const csv = { people: `"uid","key","name","mail","status"\n${rows.join('\n')}\n` };
    await using engine = await openEngine({ mappings: [], csv });
    const tree = openRunTree(engine.lockstep);
    const sortKeys = [{ pointer: ['_id'], isDescending: true }];
    const query = { sortKeys, pageSize: 50_000 };
    const first = await tree.query('system/people/account', 'true', query);
    expect(first.objects).toHaveLength(20_000);
    const second = await tree.query('system/people/account', 'true', { ...query, cookie: first.cookie });
    expect(second.objects.map(({ id }) => id)).toEqual(['u00002', 'u00001', 'u00000']);
    expect(second.cookie).toBeNull();
    const all = tree.query('system/people/account', 'true', { sortKeys });
    await expect(all).rejects.toMatchObject({ status: 400 });
    const far = tree.query('system/people/account', 'true', { sortKeys, pageSize: 1, offset: 20_001 });
    await expect(far).rejects.toMatchObject({ status: 400 });
  });

  it('begin at an offset, and tell the total', async () => {
    await using engine = await openEngine({ mappings: [], csv: { people: objects(MANY) } });
    const tree = openRunTree(engine.lockstep);
    const page = await tree.query('system/people/account', 'true', { pageSize: 3, offset: 4, totals: 'EXACT' });
    expect(page.objects.map(({ id }) => id)).toEqual(['o12', 'o13', 'o14']);
    expect(page.total).toBe(20);
    const next = await tree.query('system/people/account', 'true', { pageSize: 3, cookie: page.cookie });
    expect(next.objects.map(({ id }) => id)).toEqual(['o15', 'o16', 'o17']);
  });
});

describe('the first rows', () => {
  it('are those that a sort of everything gives', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(60),
        (ids, count, from) => {
          const rows = (size: number, after: readonly string[] | null): readonly (readonly string[])[] => {
            const found = firstRows([], after, size);
            for (const id of ids) found.add({ id, rev: null, object: {} });
            return found.taken().map(({ position }) => position);
          };
          const all = rows(1000, null);
          const after = all[from] ?? null;
          expect(rows(count, after)).toEqual(all.slice(after === null ? 0 : from + 1).slice(0, count));
        },
      ),
    ));

  it('know long ids apart that begin alike', () => {
    const found = firstRows([], null, 10);
    for (const end of ['x', 'y']) found.add({ id: 'a'.repeat(4000) + end, rev: null, object: {} });
    const [first, second] = found.taken().map(({ position }) => position[0]!);
    expect(first).not.toBe(second);
    expect(first!.length).toBeLessThan(600);
  });
});
