import { expect, test } from 'vitest';
import type { CommitUnit } from '../../model/repository.ts';
import {
  type Context,
  create,
  update,
  remove,
  linkOf,
  runOf,
  insert,
  put,
  commit,
  refused,
  rowsById,
  idsByValue,
} from './conformance-context.ts';

export function commitClaims(context: Context): void {
  test('all or nothing: every conflict is named, and nothing is left behind', async () => {
    await put(context, create('a', { n: 1, mail: 'before' }), create('b', {}));
    await commit(context, { links: [{ kind: 'create', link: linkOf('1', 's1', 'a') }] });
    const run = runOf('r');
    const conflicts = await context.repo.commit({
      run,
      units: [
        { object: create('new', { mail: 'x' }), links: [{ kind: 'create', link: linkOf('2', 's2', 'new', 'fresh') }] },
        { object: create('a', {}) },
        {
          object: update('a', 0, { n: 2, mail: 'after' }),
          links: [{ kind: 'delete', id: '1', rev: 0 }],
          entry: insert(1),
        },
        { object: update('b', 3, {}) },
        { object: remove('missing', 0) },
        { object: remove('b', 0), entry: insert(1) },
      ],
    });
    expect(conflicts).toEqual({
      ok: false,
      conflicts: [
        { unit: 1, code: 'exists', message: 'user/a already exists' },
        { unit: 3, code: 'revision', message: 'user/b was changed meanwhile (expected revision 3)' },
        { unit: 4, code: 'not-found', message: 'user/missing does not exist' },
        { unit: 5, code: 'exists', message: 'run r already has an entry 1' },
      ],
    });
    expect(Object.keys(await rowsById(context))).toEqual(['a', 'b']);
    expect((await rowsById(context))['a']!.doc).toEqual({ n: 1, mail: 'before' });
    expect(await idsByValue(context, 'mail', ['x', 'after', 'before'])).toEqual(['a']);
    expect(await context.repo.links.findByFirst('m', ['s1', 's2'])).toEqual([linkOf('1', 's1', 'a')]);
    expect(await context.repo.runs.read('r')).toBeNull();
    expect(await context.repo.runs.entries('r', { limit: 9 })).toEqual([]);
    // what was interned or numbered on the way is gone too
    await context.repo.commit({
      run,
      units: [{ links: [{ kind: 'create', link: linkOf('2', 's2', 'n', 'fresh') }], entry: insert(1) }],
    });
    expect(await context.repo.links.findByFirst('m', ['s2'])).toEqual([linkOf('2', 's2', 'n', 'fresh')]);
    expect(await context.repo.runs.countEntries('r', 'done')).toBe(1);
  });

  test('a refused unit does not make a later one fail', async () => {
    await put(context, create('a', {}));
    const conflicts = await refused(
      context,
      {
        links: [
          { kind: 'create', link: linkOf('1', 's1', 't1') },
          { kind: 'create', link: linkOf('2', 's1', 't2') },
        ],
      },
      { links: [{ kind: 'create', link: linkOf('3', 's1', 't1') }] },
      { object: update('a', 0, {}), links: [{ kind: 'update', id: 'no', rev: 0, firstId: 'a', secondId: 'b' }] },
      { object: update('a', 0, {}) },
    );
    expect(conflicts.map((conflict) => conflict.unit)).toEqual([0, 2]);
  });

  test('units see what earlier units of the batch did', async () => {
    await put(context, create('a', { mail: 'm' }));
    await put(context, remove('a', 0), create('a', { mail: 'n' }), update('a', 0, { mail: ['o', 'p'] }));
    expect(await rowsById(context)).toEqual({ a: { id: 'a', rev: 1, doc: { mail: ['o', 'p'] } } });
    expect(await idsByValue(context, 'mail', ['m', 'n', 'o', 'p'])).toEqual(['a']);
  });

  test('an object, its links and its entry go together', async () => {
    await put(context, create('t1', { n: 1 }));
    await commit(context, { links: [{ kind: 'create', link: linkOf('1', 's1', 't1') }] });
    const unit: CommitUnit = {
      object: update('t1', 0, { n: 2 }),
      links: [
        { kind: 'delete', id: '1', rev: 0 },
        { kind: 'create', link: linkOf('2', 's2', 't1') },
      ],
      entry: insert(1, { after: [{ operation: 'replace', field: '/n', value: 2 }], before: { n: 1 } }),
    };
    expect(await context.repo.commit({ run: runOf('r'), units: [unit] })).toEqual({ ok: true });
    const [found] = await context.repo.links.findWithObjects('m', 'first', ['s1', 's2'], 'user');
    expect(found).toEqual({ link: linkOf('2', 's2', 't1'), object: { id: 't1', rev: 1, doc: { n: 2 } } });
    const [entry] = await context.repo.runs.entries('r', { limit: 1 });
    expect(entry!.before).toEqual({ n: 1 });
  });

  test('commits made at once are each done wholly, one after the other', async () => {
    await put(context, create('a', { n: 0 }));
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        context.repo.commit({ units: [{ object: create(`x${i}`, {}) }, { object: update('a', 0, { n: i }) }] }),
      ),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(await context.repo.objects.count('user')).toBe(2);
  });
}
