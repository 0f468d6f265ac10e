import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openMapping, type OpenMapping } from '../../src/mapping/open-mapping.ts';
import type { ScriptHost } from '../../src/mapping/script-host.ts';
import type { DecideItem, SourceItem } from '../../src/mapping/stages.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import { js, openEngine, type Engine } from './engine.ts';

const SCRIPTED: JsonObject = {
  name: 'm',
  source: 'system/hr/account',
  target: 'managed/user',
  correlateEmptyTargetSet: true,
  linkQualifiers: ['A', 'B'],
  validSource: js(`source.status !== 'off'`),
  correlationQuery: [
    { linkQualifier: 'A', ...js(`({ '_queryFilter': 'key eq "' + source.key.trim() + '"' })`) },
    {
      linkQualifier: 'B',
      expressionTree: { all: ['mail'] },
      mapping: 'm',
      type: 'text/javascript',
      file: 'ui/correlateTreeToQueryFilter.js',
    },
  ],
  properties: [
    { source: 'key', target: 'key' },
    { source: 'mail', target: 'mail', transform: js('source.toLowerCase()'), condition: '/object/mail pr' },
    {
      source: '',
      target: 'name',
      transform: js(`source.name + ' ' + linkQualifier`),
      condition: js('object.name !== "skip"'),
    },
    { source: 'tags', target: 'tags', transform: js('var t = source.slice(); t.sort(); t'), default: ['none'] },
  ],
  policies: [
    { situation: 'ABSENT', action: js(`source.dept === 'x' ? 'IGNORE' : 'CREATE'`) },
    { situation: 'CONFIRMED', action: 'UPDATE', condition: js('object.key.length > 0') },
  ],
};

const text = fc.constantFrom<Json>('', ' a ', 'B', 'skip', 'off', 'x', 7, null);
const source = fc.record(
  {
    key: text,
    name: text,
    mail: text,
    status: text,
    dept: text,
    tags: fc.constantFrom<Json>(['b', 'a'], 'x', null, []),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;
const qualifier = fc.constantFrom('A', 'B');
const sourceItem = fc.record({ source, linkQualifier: qualifier, wantsCorrelation: fc.boolean() });
const target = fc.option(
  fc.record({ _id: fc.constant('t'), _rev: fc.constant('0'), key: text, mail: text }),
) as fc.Arbitrary<JsonObject | null>;

function decideItem({ source: object, linkQualifier }: SourceItem, existing: JsonObject | null): DecideItem {
  return {
    phase: 'source',
    situation: existing === null ? 'ABSENT' : 'CONFIRMED',
    source: object,
    target: existing,
    oldSource: null,
    linkQualifier,
    sourceId: 's',
    targetId: existing === null ? null : 't',
    ambiguousTargetIds: null,
    reconId: 'r',
  };
}

interface Watched {
  readonly mapping: OpenMapping;
  /** Stages for which the script host was asked, with the number of objects. */
  readonly crossings: string[];
}

async function open({ lockstep }: Engine, asks: boolean): Promise<Watched> {
  const crossings: string[] = [];
  const host: ScriptHost = {
    ...lockstep.scripts,
    reads: (script) => (asks ? lockstep.scripts.reads(script) : null),
    open: async (spec) => {
      const session = await lockstep.scripts.open(spec);
      return {
        close: () => session.close(),
        run: (stage, items, mode) => {
          crossings.push(`${stage} ${items.length}`);
          return session.run(stage, items, mode);
        },
      };
    },
  };
  const answer = () => Promise.resolve({ ok: true, value: null } as const);
  const limits = { timeoutMs: 1000, memoryMiB: 128 };
  const compiled = lockstep.compile(lockstep.mappingConfig('m'));
  return { crossings, mapping: await openMapping(compiled, { host, limits, answer, resolveModule: () => null }) };
}

describe('scripts that are asked ahead', () => {
  it('give what they give when they are asked stage by stage', async () => {
    await using engine = await openEngine({ mappings: [SCRIPTED], memory: { hr: [] } });
    const ahead = await open(engine, true);
    const staged = await open(engine, false);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(sourceItem, target), { minLength: 1, maxLength: 60 }), async (cases) => {
        const items = cases.map(([item]) => item);
        const decisions = cases.map(([item, existing]) => decideItem(item, existing));
        for (const [stage, given] of [
          ['source', items],
          ['decide', decisions],
        ] as const) {
          const expected = await staged.mapping.run(stage, given as never, 'live');
          expect(await ahead.mapping.run(stage, given as never, 'live')).toEqual(expected);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('cross once for both stages, and again only for objects that fail', async () => {
    await using engine = await openEngine({ mappings: [SCRIPTED], memory: { hr: [] } });
    const { mapping, crossings } = await open(engine, true);
    const sources: JsonObject[] = [
      { key: 'a', name: 'n', mail: 'M', tags: ['b', 'a'] },
      { key: 'b', name: 'n' },
    ];
    const items = sources.map((one): SourceItem => ({ source: one, linkQualifier: 'A', wantsCorrelation: true }));
    const found = await mapping.run('source', items, 'live');
    expect(found[0]).toEqual({ ok: true, value: { isValid: true, query: { _queryFilter: 'key eq "a"' } } });
    const decided = await mapping.run(
      'decide',
      items.map((item) => decideItem(item, null)),
      'live',
    );
    expect(decided[0]).toMatchObject({
      ok: true,
      value: { object: { key: 'a', mail: 'm', name: 'n A', tags: ['a', 'b'] } },
    });
    expect(decided[1]).toMatchObject({ ok: false, message: expect.stringMatching(/property "\/tags": transform/) });
    expect(crossings).toEqual(['ask 2', 'decide 1']);
  });

  it('are not asked again ahead when one hangs, and only its object fails', async () => {
    const mappings = [{ ...SCRIPTED, validSource: js(`while (source.status === 'off') {} true`) }];
    await using engine = await openEngine({ mappings, memory: { hr: [] }, lockstep: { scripts: { timeoutMs: 200 } } });
    const { mapping, crossings } = await open(engine, true);
    const sources: JsonObject[] = [{ key: 'a' }, { key: 'b', status: 'off' }, { key: 'c' }];
    const items = sources.map((one): SourceItem => ({ source: one, linkQualifier: 'A', wantsCorrelation: false }));
    const found = await mapping.run('source', items, 'live');
    expect(found.map((one) => one.ok)).toEqual([true, false, true]);
    await mapping.run('source', [items[0]!], 'live');
    expect(crossings).toEqual(['ask 3', 'source 1', 'source 1']);
  });

  it.each([
    ['a hook that writes the target', { onCreate: js('target.x = 1') }],
    ['a condition that looks at the target', { properties: [{ target: 'x', condition: js('target.y === 1') }] }],
    [
      'an action that looks at the target',
      { policies: [{ situation: 'ABSENT', action: js('target === null ? "CREATE" : "IGNORE"') }] },
    ],
  ])('are not asked ahead beside %s', async (_, more) => {
    await using engine = await openEngine({ mappings: [{ ...SCRIPTED, ...more }], memory: { hr: [] } });
    const { mapping, crossings } = await open(engine, true);
    const item: SourceItem = { source: { key: 'a' }, linkQualifier: 'A', wantsCorrelation: false };
    await mapping.run('decide', [decideItem(item, null)], 'live');
    expect(crossings).toEqual(['decide 1']);
  });
});
