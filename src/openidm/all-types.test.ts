import { describe, expect, it } from 'vitest';
import { openEngine } from '../../test/scenarios/engine.ts';
import { openRunTree } from './testing/run-tree.ts';

const types = Object.fromEntries(
  ['account', 'group'].map((type) => [
    type,
    {
      nativeType: type,
      properties: { name: { type: 'string', nativeName: '__NAME__' }, mail: { type: 'string' } },
    },
  ]),
);
const SPEC = {
  mappings: [],
  files: {
    'conf/provisioner.openicf-dir.json': {
      name: 'dir',
      connectorRef: { connectorName: 'memory' },
      configurationProperties: {},
      objectTypes: types,
    },
    'conf/provisioner.openicf-bare.json': {
      name: 'bare',
      connectorRef: { connectorName: 'memory' },
      configurationProperties: {},
      objectTypes: {},
    },
    'conf/provisioner.openicf-off.json': { name: 'off', enabled: false, connectorRef: { connectorName: 'memory' } },
  },
};

describe('system/<name>/__ALL__', () => {
  it('has the objects of all types, page by page, and cannot be written', async () => {
    await using engine = await openEngine(SPEC);
    const tree = openRunTree(engine.lockstep);
    for (const id of ['a', 'b', 'c']) await tree.create('system/dir/account', id, { name: id, mail: 'm' });
    for (const id of ['g', 'h']) await tree.create('system/dir/group', id, { name: id });
    const all = await tree.query('system/dir/__ALL__', 'true');
    expect(all.objects.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'g', 'h']);
    expect((await tree.query('system/dir/__ALL__', 'mail eq "m"')).objects).toHaveLength(3);
    const seen: string[] = [];
    for (let cookie: string | null = null; ;) {
      const page = await tree.query('system/dir/__ALL__', null, { pageSize: 2, cookie });
      seen.push(...page.objects.map(({ id }) => id));
      if (page.cookie === null) break;
      cookie = page.cookie;
    }
    expect(seen).toEqual(['a', 'b', 'c', 'g', 'h']);
    expect(await tree.read('system/dir/__ALL__/h')).toMatchObject({ _id: 'h' });
    await expect(tree.read('system/dir/__ALL__/x')).rejects.toMatchObject({ status: 404 });
    await expect(tree.remove('system/dir/__ALL__/h')).rejects.toMatchObject({ status: 400 });
    await expect(tree.create('system/dir/__ALL__', null, { name: 'x' })).rejects.toMatchObject({ status: 400 });
    expect((await tree.query('system/dir/__ALL__', 'true')).objects).toHaveLength(5);
  });

  it('is there for every system that can be used', async () => {
    await using engine = await openEngine(SPEC);
    const tree = openRunTree(engine.lockstep);
    expect((await tree.query('system/bare/__ALL__', 'true')).objects).toEqual([]);
    await expect(tree.query('system/none/__ALL__', 'true')).rejects.toMatchObject({ status: 404 });
    await expect(tree.query('system/off/__ALL__', 'true')).rejects.toMatchObject({ status: 503 });
  });
});
