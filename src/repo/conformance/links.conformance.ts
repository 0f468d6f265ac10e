import { expect, test } from 'vitest';
import type { Json } from '../../base/json.ts';
import type { Link } from '../../model/link.ts';
import type { LinkWrite, Page } from '../../model/repository.ts';
import { type Context, create, linkOf, put, commit, link, refused } from './conformance-context.ts';

export function linkClaims(context: Context): void {
  test('links are found by both ends, with all qualifiers, within their type', async () => {
    await link(context, linkOf('1', 's1', 't1'), linkOf('2', 's1', 't9', 'b'), linkOf('3', 's2', 't2'));
    await link(context, { ...linkOf('4', 's1', 't1'), linkType: 'other' });
    const byFirst = await context.repo.links.findByFirst('m', ['s1', 's1', 'nobody']);
    expect(byFirst.map((found) => found.id).sort()).toEqual(['1', '2']);
    expect(await context.repo.links.findBySecond('m', ['t2'])).toEqual([linkOf('3', 's2', 't2')]);
    expect(await context.repo.links.findByFirst('m', [])).toEqual([]);
    expect(await context.repo.links.count('m')).toBe(3);
    expect(await context.repo.links.count('nothing')).toBe(0);
  });

  test('findWithObjects brings the object at the other end, or null', async () => {
    await put(context, create('t1', { n: 1 }), create('s2', { n: 2 }));
    await link(context, linkOf('1', 's1', 't1'), linkOf('2', 's2', 't2'));
    const object = { id: 't1', rev: 0, doc: { n: 1 } };
    expect(await context.repo.links.findWithObjects('m', 'first', ['s1', 's2'], 'user')).toEqual([
      { link: linkOf('1', 's1', 't1'), object },
      { link: linkOf('2', 's2', 't2'), object: null },
    ]);
    const [back] = await context.repo.links.findWithObjects('m', 'second', ['t2'], 'user');
    expect(back!.object!.id).toBe('s2');
  });

  test('an end is linked at most once under a type and qualifier', async () => {
    await link(context, linkOf('1', 's1', 't1'));
    const conflicts = await refused(
      context,
      { links: [{ kind: 'create', link: linkOf('2', 's1', 't2') }] },
      { links: [{ kind: 'create', link: linkOf('3', 's2', 't1') }] },
      { links: [{ kind: 'create', link: linkOf('4', 's2', 't2') }] },
      { links: [{ kind: 'create', link: linkOf('5', 's1', 't1', 'b') }] },
      { links: [{ kind: 'create', link: linkOf('1', 's8', 't8') }] },
    );
    expect(conflicts.map(({ unit, code }) => [unit, code])).toEqual([
      [0, 'exists'],
      [1, 'exists'],
      [4, 'exists'],
    ]);
    expect(conflicts[0]!.message).toContain('s1');
    await link(context, linkOf('5', 's1', 't1', 'b'), { ...linkOf('6', 's1', 't1'), linkType: 'other' });
    expect(await context.repo.links.count('m')).toBe(2);
  });

  test('a link moves to another end, unless that is taken or the link was changed', async () => {
    await link(context, linkOf('1', 's1', 't1'), linkOf('2', 's2', 't2'));
    const moved: LinkWrite = { kind: 'update', id: '1', rev: 0, firstId: 's1', secondId: 't3' };
    const conflicts = await refused(
      context,
      { links: [{ ...moved, secondId: 't2' }] },
      { links: [{ ...moved, rev: 4 }] },
      { links: [{ ...moved, id: '9' }] },
    );
    expect(conflicts.map(({ code }) => code)).toEqual(['exists', 'revision', 'not-found']);
    await commit(context, { links: [moved] });
    expect(await context.repo.links.findBySecond('m', ['t1', 't3'])).toEqual([{ ...linkOf('1', 's1', 't3'), rev: 1 }]);
    await link(context, linkOf('3', 's3', 't1'));
  });

  test('a link that is gone counts as deleted, one that was changed does not', async () => {
    await link(context, linkOf('1', 's1', 't1'));
    const [conflict] = await refused(context, { links: [{ kind: 'delete', id: '1', rev: 7 }] });
    expect(conflict!.code).toBe('revision');
    await commit(context, {
      links: [
        { kind: 'delete', id: '1', rev: 0 },
        { kind: 'delete', id: '1', rev: 0 },
      ],
    });
    expect(await context.repo.links.count('m')).toBe(0);
    await link(context, linkOf('1', 's1', 't1'));
  });

  test('pages of links see each of a type once', async () => {
    for (let i = 0; i < 9; i++) {
      await link(context, linkOf(`${i}`, `s${i}`, `t${i}`), {
        ...linkOf(`o${i}`, `s${i}`, `t${i}`),
        linkType: 'other',
      });
    }
    const seen: string[] = [];
    for (let after: Json = null, pages = 0; pages === 0 || after !== null; pages++) {
      const page: Page<Link> = await context.repo.links.page('m', after, 4);
      seen.push(...page.rows.map((found) => found.id));
      after = page.next;
      await commit(context, { links: [{ kind: 'delete', id: `${pages}`, rev: 0 }] });
    }
    expect(seen).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8']);
  });
}
