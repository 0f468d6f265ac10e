import { describe, expect, it } from 'vitest';
import { openEngine } from '../../test/scenarios/engine.ts';
import { objects } from '../../test/scenarios/notation.ts';
import { MAPPING, NAME, over } from './testing/ldap-run.ts';

const SPEC = {
  mappings: [MAPPING],
  memory: { ldap: objects('a(key=1)') },
  managed: { user: objects('t(key=1) u(key=2) v(key=3)') },
  links: { [NAME]: 'a-t x-u y-v' },
  lockstep: { guard: { maxDeletes: 0 } },
};

describe('what a run holds, settled by two at once', () => {
  it.each([
    ['approve', 'reject'],
    ['reject', 'approve'],
    ['approve', 'approve'],
    ['reject', 'reject'],
  ])('%s and %s: one does it, the other gets 409', async (one, other) => {
    await using engine = await openEngine(SPEC);
    const { id, tree } = await over(engine);
    const settled = await Promise.allSettled([one, other].map((action) => tree.action(`recon/${id}`, action)));
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { status: 409 } });
    const winner = settled[0]!.status === 'fulfilled' ? one : other;
    const left = await engine.objects('managed/user');
    expect(left).toHaveLength(winner === 'approve' ? 1 : 3);
    const statuses = (await engine.lockstep.repository.runs.entries(id, { limit: 100 }))
      .filter(({ changeClass }) => changeClass === 'delete')
      .map(({ status }) => status);
    expect(statuses).toEqual(winner === 'approve' ? ['done', 'done'] : ['rejected', 'rejected']);
    const { counts } = await tree.read(`recon/${id}`);
    expect(counts).toMatchObject(winner === 'approve' ? { held: 0, deleted: 2 } : { held: 0, ignored: 2 });
  });

  it('is refused for a class of which nothing is held', async () => {
    await using engine = await openEngine(SPEC);
    const { id, tree } = await over(engine);
    await expect(tree.action(`recon/${id}`, 'approve', { class: 'unlink' })).rejects.toMatchObject({
      status: 409,
      message: `run ${id} holds no changes of class unlink`,
    });
    expect(await engine.objects('managed/user')).toHaveLength(3);
  });

  it('is carried out also where the link was removed meanwhile', async () => {
    await using engine = await openEngine(SPEC);
    const { id, tree } = await over(engine);
    const { repository } = engine.lockstep;
    const link = (await repository.links.page(NAME, null, 100)).rows.find(({ secondId }) => secondId === 'u');
    const units = [{ links: [{ kind: 'delete', id: link!.id, rev: link!.rev } as const] }];
    expect(await repository.commit({ units })).toMatchObject({ ok: true });
    expect(await tree.action(`recon/${id}`, 'approve')).toMatchObject({ done: 2, held: 0 });
    expect(await engine.objects('managed/user')).toMatchObject([{ _id: 't' }]);
  });
});
