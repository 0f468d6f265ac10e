import { beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../base/json.ts';
import { parseFilter } from '../base/query-filter.ts';
import type { Page, PageRequest, Repository } from '../model/repository.ts';
import { openMemoryRepository } from './memory/memory-repository.ts';
import { planningRepository } from './planning-repository.ts';

describe('a plan', () => {
  let plan: Repository;

  beforeEach(async () => {
    const [real, scratch] = [openMemoryRepository(), openMemoryRepository()];
    plan = planningRepository(real, scratch, { keepsEntries: false });
    for (const repository of [real, scratch])
      await repository.objects.declareTypes([{ name: 'user', searchable: ['name'] }]);
    const names = ['d', 'b', 'f'];
    await real.commit({
      units: names.map((name) => ({ object: { kind: 'create', type: 'user', id: name, doc: { name } } })),
    });
    await real.commit({ units: [{ links: [{ kind: 'create', link: linkOf('1', 'z') }] }] });
    await plan.commit({
      units: [
        { object: { kind: 'create', type: 'user', id: 'new', doc: { name: 'c' } } },
        { object: { kind: 'update', type: 'user', id: 'b', rev: 0, doc: { name: 'g' } } },
        { links: [{ kind: 'create', link: linkOf('2', 'a') }] },
      ],
    });
  });

  it.each([1, 2, 3, 9])('sees in order what is there and what it would write, in pages of %i', async (limit) => {
    const sort = [{ pointer: ['name'], isDescending: false }];
    const rows = await walk((request) => plan.objects.page('user', request), { sort, limit });
    expect(rows.map(({ id }) => id)).toEqual(['new', 'd', 'f', 'b']);
    const links = await walk(plan.links.query, { sort: [{ pointer: ['secondId'], isDescending: false }], limit });
    expect(links.map(({ id }) => id)).toEqual(['2', '1']);
  });

  it('counts them together', async () => {
    expect(await plan.objects.count('user', parseFilter('name gt "c"'))).toBe(3);
    expect(await plan.objects.count('user', parseFilter('true'))).toBe(4);
    expect(await plan.links.countMatching(parseFilter('firstId eq "s"'))).toBe(0);
    expect(await plan.links.countMatching(parseFilter('linkType eq "m"'))).toBe(2);
  });
});

async function walk<T>(page: (request: PageRequest) => Promise<Page<T>>, request: PageRequest): Promise<readonly T[]> {
  const seen: T[] = [];
  let after: Json = null;
  do {
    const { rows, next }: Page<T> = await page({ ...request, after });
    seen.push(...rows);
    after = next;
  } while (after !== null);
  return seen;
}

function linkOf(id: string, secondId: string) {
  return { id, rev: 0, linkType: 'm', linkQualifier: 'default', firstId: `s${id}`, secondId };
}
