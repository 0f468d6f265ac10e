import { expect } from 'vitest';
import type { ObjectWrite } from '../model/object-set.ts';
import { contentOf, creation, fill, numberedIds, update, type Claim } from './claim.conformance.ts';
import { readOnly } from './read-only.ts';

export function writeClaims(claim: Claim): void {
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
