import { beforeEach, describe, expect, it } from 'vitest';
import { openRepoTree, type RepoTree } from './testing/repo-tree.ts';

describe('repo/link', () => {
  let tree: RepoTree;

  beforeEach(async () => {
    tree = await openRepoTree();
    await tree.create('repo/link', '1', linkOf('s1', 't1'));
  });

  it('makes a link, with an id if none is given and the default qualifier', async () => {
    expect(await tree.read('repo/link/1')).toEqual({
      _id: '1',
      _rev: '0',
      linkType: 'm',
      linkQualifier: 'default',
      firstId: 's1',
      secondId: 't1',
    });
    const made = await tree.create('repo/link', null, { ...linkOf('s2', 't2'), linkQualifier: 'b' });
    expect(await tree.repository.links.findByFirst('m', ['s2'])).toMatchObject([
      { id: made['_id'], linkQualifier: 'b' },
    ]);
  });

  it('refuses a second link of an end with 412', async () => {
    await expect(tree.create('repo/link', '2', linkOf('s1', 't2'))).rejects.toMatchObject({ status: 412 });
    await expect(tree.create('repo/link', '2', linkOf('s2', 't1'))).rejects.toMatchObject({ status: 412 });
    await expect(tree.create('repo/link', '1', linkOf('s2', 't2'))).rejects.toMatchObject({ status: 412 });
    await tree.create('repo/link', '2', linkOf('s2', 't2'));
    await expect(tree.update('repo/link/2', linkOf('s1', 't2'))).rejects.toMatchObject({ status: 412 });
    expect(await tree.repository.links.count('m')).toBe(2);
  });

  it.each([{}, { linkType: 'm', firstId: 's' }, { ...linkOf('', 't') }, { ...linkOf('s', 't'), linkQualifier: 7 }])(
    'refuses %j',
    async (content) => {
      await expect(tree.create('repo/link', null, content)).rejects.toMatchObject({ status: 400 });
      await expect(tree.update('repo/link/1', content)).rejects.toMatchObject({ status: 400 });
    },
  );

  it('changes a link under its id and revision, also its type', async () => {
    expect(await tree.update('repo/link/1', linkOf('s1', 't9'), '0')).toMatchObject({ _rev: '1', secondId: 't9' });
    await expect(tree.update('repo/link/1', linkOf('s1', 't8'), '0')).rejects.toMatchObject({ status: 412 });
    expect(await tree.update('repo/link/1', { ...linkOf('s1', 't9'), linkType: 'n' })).toMatchObject({ _rev: '2' });
    expect(await tree.read('repo/link/1')).toMatchObject({ _rev: '2', linkType: 'n', secondId: 't9' });
    expect(await tree.repository.links.count('m')).toBe(0);
    await expect(tree.update('repo/link/9', linkOf('s', 't'))).rejects.toMatchObject({ status: 404 });
  });

  it('deletes a link of the revision that is named', async () => {
    await expect(tree.delete('repo/link/1', null)).rejects.toMatchObject({ status: 409 });
    await expect(tree.delete('repo/link/1', '4')).rejects.toMatchObject({ status: 412 });
    await expect(tree.delete('repo/link/9', '0')).rejects.toMatchObject({ status: 404 });
    expect(await tree.delete('repo/link/1', '0')).toMatchObject({ firstId: 's1' });
    expect((await tree.query('repo/link', 'true')).objects).toEqual([]);
  });

  it('answers its predefined queries, filters, sort keys and pages', async () => {
    await tree.create('repo/link', '2', linkOf('s2', 't2'));
    await tree.create('repo/link', '3', { ...linkOf('s1', 't1'), linkType: 'other' });
    const ids = async (...[query, request]: [Parameters<RepoTree['query']>[1], Parameters<RepoTree['query']>[2]?]) =>
      (await tree.query('repo/link', query, request)).objects.map(({ _id }) => _id);
    const first = { linkType: 'm', firstId: 's1' };
    expect(await ids({ kind: 'id', queryId: 'links-for-firstId', parameters: first })).toEqual(['1']);
    expect(await ids({ kind: 'id', queryId: 'links-for-linkType', parameters: { linkType: 'm' } })).toEqual(['1', '2']);
    await expect(ids({ kind: 'id', queryId: 'links-for-linkType', parameters: {} })).rejects.toMatchObject({
      status: 400,
    });
    expect(await ids('firstId eq "s1" and secondId sw "t"')).toEqual(['1', '3']);
    const sortKeys = [{ pointer: ['linkType'], isDescending: true }];
    const page = await tree.query('repo/link', 'true', { sortKeys, pageSize: 2, totals: 'EXACT' });
    expect([page.objects.map(({ _id }) => _id), page.total]).toEqual([['3', '1'], 3]);
    expect(await ids('true', { sortKeys, pageSize: 2, cookie: page.cookie })).toEqual(['2']);
  });

  it('drops all links of a mapping, but not while it reconciles', async () => {
    for (let i = 2; i < 1200; i++) await tree.create('repo/link', `${i}`, linkOf(`s${i}`, `t${i}`));
    await tree.create('repo/link', 'o', { ...linkOf('s1', 't1'), linkType: 'other' });
    const command = { commandId: 'delete-mapping-links', mapping: 'm' };
    const token = await tree.repository.leases.acquire('recon/m', 'run', 60_000);
    await expect(tree.command('repo/link', command)).rejects.toMatchObject({ status: 409 });
    await tree.repository.leases.release('recon/m', token!);
    expect(await tree.as({ mode: 'plan' }).command('repo/link', command)).toBe(1199);
    expect(await tree.command('repo/link', command)).toBe(1199);
    expect(await tree.command('repo/links', command)).toBe(0);
    expect((await tree.query('repo/link', 'true')).objects).toHaveLength(1);
  });

  it.each([
    ['repo/link', {}, 400],
    ['repo/link', { commandId: 'delete-mapping-links' }, 400],
    ['repo/link', { commandId: 'purge-by-recon-expired' }, 501],
    ['repo/link', { commandId: '__proto__' }, 400],
    ['repo/managed/user', { commandId: 'delete-mapping-links', mapping: 'm' }, 400],
  ])('the command on %s with %j is answered with %i', async (path, parameters, status) => {
    await expect(tree.command(path, parameters)).rejects.toMatchObject({ status });
    expect(await tree.repository.links.count('m')).toBe(1);
  });
});

function linkOf(firstId: string, secondId: string) {
  return { linkType: 'm', firstId, secondId };
}
