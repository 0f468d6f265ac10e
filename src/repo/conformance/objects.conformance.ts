import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../base/json.ts';
import type { ObjectRow, Page } from '../../model/repository.ts';
import {
  type Context,
  create,
  update,
  remove,
  put,
  refused,
  rowsById,
  idsByValue,
  expectFound,
} from './conformance-context.ts';

export function objectClaims(context: Context): void {
  test('what was created is read back as it was, whatever its keys and values', async () => {
    const doc = JSON.parse(
      '{"__proto__":{"x":1},"":"empty","a.b":[[],{}],"n":null,"t":true,"d":1.5e300,"u":"\\u0000\\ud83d 😀","constructor":1}',
    ) as JsonObject;
    await put(context, create('a', doc));
    expect(await rowsById(context)).toEqual({ a: { id: 'a', rev: 0, doc } });
    expect(Object.hasOwn((await rowsById(context))['a']!.doc, '__proto__')).toBe(true);
  });

  test('reads of ids that do not exist give nothing, of an id twice one row', async () => {
    await put(context, create('a', {}), create('', {}), create('x\0"\\😀', {}));
    const rows = await context.repo.objects.readMany('user', ['a', 'a', 'b', '', 'x\0"\\😀', 'x', '\ud83d']);
    expect(rows.map((row) => row.id).sort()).toEqual(['', 'a', 'x\0"\\😀']);
    expect(await context.repo.objects.readMany('user', [])).toEqual([]);
    expect(await context.repo.objects.count('user')).toBe(3);
  });

  test('an update raises the revision, a delete removes', async () => {
    await put(context, create('a', { n: 1 }), create('b', { n: 2 }));
    await put(context, update('a', 0, { n: 3 }));
    await put(context, update('a', 1, { n: 4 }), remove('b', 0));
    expect(await rowsById(context)).toEqual({ a: { id: 'a', rev: 2, doc: { n: 4 } } });
  });

  test('types are apart, and one that was not declared is refused', async () => {
    await context.repo.objects.declareTypes([{ name: 'role', searchable: [] }]);
    await put(context, create('a', { is: 'user' }), { ...create('a', { is: 'role' }), type: 'role' });
    expect(await context.repo.objects.count('user')).toBe(1);
    expect((await context.repo.objects.readMany('role', ['a']))[0]!.doc).toEqual({ is: 'role' });
    await expect(context.repo.objects.count('planet')).rejects.toThrow('"planet" was not declared');
    const unit = { object: { ...create('a', {}), type: 'planet' } };
    await expect(context.repo.commit({ units: [{ object: create('z', {}) }, unit] })).rejects.toThrow('not declared');
    expect(await context.repo.objects.count('user')).toBe(1);
  });

  test('ids that not every store can keep apart are refused', async () => {
    const conflicts = await refused(
      context,
      { object: create('\ud83d', {}) },
      { object: create('x'.repeat(5000), {}) },
    );
    expect(conflicts.map(({ unit, code }) => [unit, code])).toEqual([
      [0, 'invalid-data'],
      [1, 'invalid-data'],
    ]);
  });

  test.each(['mail', 'nickName'])('findByValue finds texts and elements in %s, exactly', async (attribute) => {
    const long = 'l'.repeat(1000);
    const values: readonly Json[] = ['x', 'X', ['x', 'y'], ['y', 'y', 7], 7, '7', true, null, {}, ['x', ['x']], [], ''];
    const odd: readonly Json[] = [long, `${long}b`, 'a\0', 'a', 'a\ud83d', 'a\ufffd', '\u0001', "'", '"', ['z', long]];
    const all = [...values, ...odd];
    await put(context, create('none', {}), ...all.map((value, i) => create(`i${i}`, { [attribute]: value })));
    for (const wanted of [['x'], ['y'], ['7'], [''], [long], [`${long}b`], ['a'], ['a\0'], ['a\ud83d'], ['a\ufffd']])
      await expectFound(context, attribute, all, wanted);
    await expectFound(context, attribute, all, ['x', 'y', 'y', 'z', '\u0001', '"', "'", 'nothing']);
    await expectFound(context, attribute, all, []);
  });

  test('findByValue follows updates and deletes', async () => {
    await put(context, create('a', { mail: 'm1' }), create('b', { mail: ['m1', 'm2'] }), create('c', { mail: 'm2' }));
    await put(context, update('a', 0, { mail: ['m2'] }), update('b', 0, { mail: 'm3' }), remove('c', 0));
    expect(await idsByValue(context, 'mail', ['m1'])).toEqual([]);
    expect(await idsByValue(context, 'mail', ['m2'])).toEqual(['a']);
    expect(await idsByValue(context, 'mail', ['m3'])).toEqual(['b']);
  });

  test('an attribute declared searchable later finds what was there before, and what comes', async () => {
    await put(context, create('a', { city: 'Oslo' }), create('b', { city: ['Rome', 'Oslo'] }), create('c', {}));
    await context.repo.objects.declareTypes([{ name: 'user', searchable: ['city'] }]);
    await put(context, create('d', { city: 'Oslo', mail: 'm' }), update('c', 0, { city: 'Rome' }));
    expect(await idsByValue(context, 'city', ['Oslo'])).toEqual(['a', 'b', 'd']);
    expect(await idsByValue(context, 'city', ['Rome'])).toEqual(['b', 'c']);
    expect(await idsByValue(context, 'mail', ['m'])).toEqual(['d']);
  });

  test('pages lose and double nothing that stays while others come and go', async () => {
    const stays = Array.from({ length: 30 }, (_, i) => `stay${i}`);
    const goes = Array.from({ length: 30 }, (_, i) => `go${i}`);
    await put(context, ...stays.flatMap((id, i) => [create(goes[i]!, {}), create(id, { n: i })]));
    const seen: string[] = [];
    let after: Json = null;
    for (let step = 0; step === 0 || after !== null; step++) {
      const page: Page<ObjectRow> = await context.repo.objects.page('user', { after, limit: 4 });
      seen.push(...page.rows.map((row) => row.id));
      after = page.next;
      const revived = create(`new${step}`, {});
      if (step < 15) await put(context, remove(goes[29 - step]!, 0), remove(goes[step] ?? '', 0), revived);
      if (step < 5) await put(context, update(stays[step]!, 0, { moved: true }));
    }
    expect(seen.filter((id) => id.startsWith('stay'))).toEqual(stays);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('pages are full, in creation order, and the last one says so', async () => {
    await put(context, ...['c', 'a', 'b', 'd'].map((id) => create(id, { id })));
    await put(context, update('c', 0, {}));
    const two = await context.repo.objects.page('user', { limit: 2 });
    expect(two.rows.map((row) => row.id)).toEqual(['c', 'a']);
    const rest = await context.repo.objects.page('user', { after: two.next, limit: 2 });
    expect([rest.rows.map((row) => row.id), rest.next]).toEqual([['b', 'd'], null]);
    const ids = await context.repo.objects.pageIds('user', null, 3);
    expect(ids.rows).toEqual(['c', 'a', 'b']);
    expect(await context.repo.objects.pageIds('user', ids.next, 3)).toEqual({ rows: ['d'], next: null });
    await expect(context.repo.objects.page('user', { after: 'nonsense', limit: 2 })).rejects.toThrow('cursor');
  });
}
