import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { idOf, js, openSyncProject, out, system, user } from './sync-project.ts';

const TYPES = ['one', 'two', 'three', 'four'] as const;
type Arrow = readonly [from: number, to: number];

/** Mappings between managed types, by plain copies. Two arrows between the same types share their links. */
function project(arrows: readonly Arrow[], transform?: string): Readonly<Record<string, JsonObject>> {
  const mappings = arrows.map(([from, to], i): JsonObject => {
    const opposite = arrows.findIndex(([f, t], k) => k < i && f === to && t === from);
    return {
      name: `m${i}`,
      source: `managed/${TYPES[from]}`,
      target: `managed/${TYPES[to]}`,
      ...(opposite < 0 ? {} : { links: `m${opposite}` }),
      properties: [
        { source: 'key', target: 'key' },
        { source: 'mail', target: 'mail', ...(transform === undefined ? {} : { transform: js(transform) }) },
      ],
      correlationQuery: {
        type: 'text/javascript',
        file: 'ui/correlateTreeToQueryFilter.js',
        expressionTree: { any: ['key'] },
        mapping: `m${i}`,
        linkQualifier: 'default',
      },
      policies: [
        { situation: 'SOURCE_MISSING', action: 'DELETE' },
        { situation: 'MISSING', action: 'IGNORE' },
        { situation: 'FOUND_ALREADY_LINKED', action: 'IGNORE' },
      ],
    };
  });
  const objects = TYPES.map((name) => ({ name, schema: { properties: {} } }));
  return { 'conf/managed.json': { objects }, 'conf/sync.json': { mappings } };
}

const arrow = fc
  .tuple(fc.nat(TYPES.length - 1), fc.nat(TYPES.length - 1))
  .filter(([from, to]) => from !== to) as fc.Arbitrary<Arrow>;
const graph = fc.uniqueArray(arrow, { minLength: 1, maxLength: 6, selector: ([from, to]) => `${from}${to}` });

describe('mappings in every shape', () => {
  it('come to rest with equal objects wherever a change can flow', async () => {
    await fc.assert(
      fc.asyncProperty(graph, async (arrows) => {
        await using tree = await openSyncProject(project(arrows));
        const start = TYPES[arrows[0]![0]]!;
        await tree.create(`managed/${start}`, 'x', { key: 'k', mail: 'first' });
        await tree.patch(`managed/${start}/x`, [{ operation: 'replace', field: '/mail', value: 'second' }]);
        expect(tree.logged.filter((line) => line.startsWith('error'))).toEqual([]);
        expect(await tree.queue()).toEqual([]);
        for (const type of reached(arrows, arrows[0]![0])) {
          const found = await tree.query(`managed/${TYPES[type]}`, 'true');
          expect(found.map((one) => one['mail'])).toEqual(['second']);
        }
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('that never come to rest are stopped, and say so', async () => {
    const round: readonly Arrow[] = [
      [0, 1],
      [1, 0],
    ];
    await using tree = await openSyncProject(project(round, "source + '!'"));
    await tree.create('managed/one', 'x', { key: 'k', mail: 'a' });
    const [left] = await tree.queue();
    expect(left).toMatchObject({ state: 'FAILED', cause: expect.stringContaining('do not come to rest: m') });
    const { mail } = await tree.read('managed/one/x');
    expect(String(mail).length).toBeLessThan(30);
    await tree.drained();
    expect(await tree.read('managed/one/x')).toMatchObject({ mail });
  });

  it('two systems and a managed type between them: what one says reaches the other, and nothing echoes', async () => {
    const into = (name: string): JsonObject => ({
      name: `${name}_managedUser`,
      source: `system/${name}/account`,
      target: 'managed/user',
      links: `managedUser_${name}`,
      properties: [
        { source: 'name', target: 'userName' },
        { source: 'mail', target: 'mail' },
      ],
      correlationQuery: js("({ _queryFilter: 'userName eq \"' + source.name + '\"' })"),
    });
    const back = (name: string): JsonObject =>
      out(name, { correlationQuery: js("({ _queryFilter: 'name eq \"' + source.userName + '\"' })") });
    const objects = { account: [{ _id: '1', name: 'ann', mail: 'a@x' }] };
    await using tree = await openSyncProject({
      'conf/managed.json': user(),
      'conf/provisioner.openicf-a.json': { ...system('a'), configurationProperties: { objects } },
      'conf/provisioner.openicf-b.json': system('b'),
      'conf/sync.json': { mappings: [back('a'), back('b'), into('a'), into('b')] },
    });
    const recon = (mapping: string) => tree.action('recon', 'recon', { mapping, waitForCompletion: 'true' });
    await recon('a_managedUser');
    expect(Object.values(await tree.held('b'))).toEqual([{ name: 'ann', mail: 'a@x' }]);
    const [id] = Object.keys(await tree.held('b'));
    await tree.patch(`system/b/account/${id}`, [{ operation: 'replace', field: '/mail', value: 'b@x' }]);
    await recon('b_managedUser');
    expect(await tree.held('a')).toEqual({ '1': { name: 'ann', mail: 'b@x' } });
    for (const name of ['a', 'b'])
      for (const mapping of [`managedUser_${name}`, `${name}_managedUser`]) {
        const { progress } = (await tree.tree.runs.read(idOf(await recon(mapping))))!;
        expect([mapping, progress.counts.updated, progress.counts.created]).toEqual([mapping, 0, 0]);
      }
  });
});

function reached(arrows: readonly Arrow[], start: number): ReadonlySet<number> {
  const seen = new Set([start]);
  for (const type of seen) for (const [from, to] of arrows) if (from === type) seen.add(to);
  return seen;
}
