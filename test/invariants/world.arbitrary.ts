import fc from 'fast-check';
import type { JsonObject } from '../../src/base/json.ts';
import type { EngineSpec } from '../scenarios/engine.ts';

/** A small world: sources, targets, links between them (some with ends that are gone), a mapping. */
export interface RandomWorld {
  readonly sources: readonly JsonObject[];
  readonly targets: readonly JsonObject[];
  /** `s1:A-t2` … */
  readonly links: string;
  readonly target: TargetKind;
  readonly options: JsonObject;
  readonly policies: Readonly<Record<string, string>>;
  readonly batchSize: number;
  readonly guard: JsonObject;
}

export type TargetKind = 'managed' | 'memory' | 'csv';
export const TARGET_PATHS: Readonly<Record<TargetKind, string>> = {
  managed: 'managed/user',
  memory: 'system/mem/account',
  csv: 'system/dir/account',
};

/** Actions that do not undo in the next run what was done in this one. */
const STABLE_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  CONFIRMED: ['UPDATE', 'UPDATE', 'UPDATE', 'IGNORE', 'REPORT', 'LINK', 'NOREPORT'],
  FOUND: ['UPDATE', 'UPDATE', 'EXCEPTION', 'IGNORE'],
  FOUND_ALREADY_LINKED: ['EXCEPTION', 'IGNORE', 'REPORT'],
  ABSENT: ['CREATE', 'CREATE', 'CREATE', 'EXCEPTION', 'ASYNC'],
  AMBIGUOUS: ['EXCEPTION', 'IGNORE', 'NOREPORT'],
  MISSING: ['EXCEPTION', 'CREATE', 'UPDATE', 'REPORT'],
  UNQUALIFIED: ['DELETE', 'UNLINK', 'EXCEPTION', 'REPORT'],
  SOURCE_IGNORED: ['IGNORE', 'REPORT', 'EXCEPTION'],
  SOURCE_MISSING: ['EXCEPTION', 'DELETE', 'DELETE', 'UNLINK', 'IGNORE'],
  UNASSIGNED: ['EXCEPTION', 'IGNORE', 'REPORT'],
};

const NAMES = ['Ann', 'Bob', 'Zoë'];
const text = fc.option(fc.constantFrom(...NAMES), { nil: undefined });

/** Every source object has a key of its own, so that no two of them claim one target. */
export function randomWorld(kinds: readonly TargetKind[]): fc.Arbitrary<RandomWorld> {
  return fc
    .record({
      sources: fc.array(fc.record({ name: text, mail: text, status: fc.constantFrom('on', 'on', 'off', undefined) }), {
        maxLength: 7,
      }),
      targets: fc.array(
        fc.record({
          key: fc.integer({ min: 0, max: 8 }),
          owner: fc.integer({ min: -3, max: 8 }),
          name: text,
          mail: text,
          qualifiers: fc.integer({ min: 1, max: 3 }),
          isForeign: fc.boolean(),
        }),
        { maxLength: 7 },
      ),
      dangling: fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { maxLength: 3 }),
      target: fc.constantFrom(...kinds),
      hasCorrelation: fc.boolean(),
      hasCondition: fc.boolean(),
      qualifiers: fc.constantFrom<readonly string[]>(['default'], ['default'], ['A', 'B']),
      enableLinking: fc.constantFrom(true, true, true, false),
      runTargetPhase: fc.constantFrom(true, true, false),
      correlateEmptyTargetSet: fc.boolean(),
      policies: fc.record(
        Object.fromEntries(
          Object.entries(STABLE_ACTIONS).map(([situation, actions]) => [
            situation,
            fc.option(fc.constantFrom(...actions), { nil: '' }),
          ]),
        ),
      ),
      batchSize: fc.integer({ min: 1, max: 4 }),
      guard: fc.constantFrom<JsonObject>(
        { enabled: false },
        {
          enabled: true,
          maxDeletes: 1,
          maxDeletePercent: null,
          maxUnlinks: 0,
          maxUnlinkPercent: null,
          percentFloor: 0,
        },
        { enabled: true },
      ),
    })
    .map(build);
}

interface Raw {
  readonly sources: readonly { name: string | undefined; mail: string | undefined; status: string | undefined }[];
  readonly targets: readonly {
    key: number;
    owner: number;
    name: string | undefined;
    mail: string | undefined;
    qualifiers: number;
    isForeign: boolean;
  }[];
  readonly dangling: readonly number[];
  readonly target: TargetKind;
  readonly hasCorrelation: boolean;
  readonly hasCondition: boolean;
  readonly qualifiers: readonly string[];
  readonly enableLinking: boolean;
  readonly runTargetPhase: boolean;
  readonly correlateEmptyTargetSet: boolean;
  readonly policies: Record<string, string>;
  readonly batchSize: number;
  readonly guard: JsonObject;
}

function build(raw: Raw): RandomWorld {
  const sources = raw.sources.map((one, i) => present({ _id: `s${i}`, key: `k${i}`, ...one }));
  const hasCorrelation = raw.hasCorrelation || !raw.enableLinking;
  const links: string[] = [];
  const used = new Set<string>();
  const link = (sourceId: string, qualifier: string, targetId: string): void => {
    if (used.has(`${sourceId}:${qualifier}`)) return;
    used.add(`${sourceId}:${qualifier}`);
    links.push(`${sourceId}:${qualifier}-${targetId}`);
  };
  const keys = new Set<string>(
    raw.enableLinking
      ? raw.targets
          .flatMap(({ owner }) => (owner >= 0 && owner < sources.length ? [`k${owner}`] : []))
          .concat(raw.dangling.map((n) => `k${n}`))
      : [],
  );
  const targets = raw.targets.map(({ key, owner, name, mail, qualifiers, isForeign }, i) => {
    const isOwned = raw.enableLinking && owner >= 0;
    const exists = owner < sources.length;
    if (isOwned)
      for (const [q, qualifier] of raw.qualifiers.entries())
        if ((qualifiers & (1 << q)) !== 0 || raw.qualifiers.length === 1)
          link(exists ? `s${owner}` : `x${owner}`, qualifier, `t${i}`);
    const isLinked = links.some((one) => one.endsWith(`-t${i}`));
    const ownKey = targetKey(`k${key}`);
    function targetKey(anyKey: string): string {
      // A linked target that changes its key in the run would make what others correlate depend on the moment.
      if (isLinked && exists) return isForeign && raw.qualifiers.length === 1 ? `foreign${i}` : `k${owner}`;
      if (!raw.hasCondition || !hasCorrelation) return anyKey;
      // One that an invalid source finds under the link of another would be deleted (known-limits.test.ts); one that it
      // finds only after it lost its own would be deleted by the second run.
      return isLinked || keys.has(anyKey) ? `foreign${i}` : anyKey;
    }
    if (isOwned) keys.add(ownKey);
    return present({ _id: `t${i}`, key: ownKey, name, mail });
  });
  if (raw.enableLinking)
    for (const n of raw.dangling) link(n < sources.length ? `s${n}` : `x${n}`, raw.qualifiers[0]!, `gone${n}`);
  const { target, batchSize, guard } = raw;
  const options: JsonObject = {
    linkQualifiers: [...raw.qualifiers],
    enableLinking: raw.enableLinking,
    runTargetPhase: raw.runTargetPhase,
    correlateEmptyTargetSet: raw.correlateEmptyTargetSet || !raw.enableLinking || target === 'csv',
    ...(raw.hasCondition ? { sourceCondition: '/source/status eq "on"' } : {}),
    ...(hasCorrelation
      ? {
          correlationQuery: {
            type: 'text/javascript',
            file: 'ui/correlateTreeToQueryFilter.js',
            mapping: 'm',
            expressionTree: { all: ['key'] },
          },
        }
      : {}),
  };
  return { sources, targets, links: links.join(' '), target, options, policies: raw.policies, batchSize, guard };
}

function present(object: Readonly<Record<string, string | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

export function specOf(world: RandomWorld): EngineSpec {
  const { target, options, policies, batchSize, guard } = world;
  const properties: JsonObject[] = [
    { source: 'key', target: 'key' },
    { source: 'name', target: 'name', condition: '/object/status eq "on" or !(/object/status pr)' },
    { source: 'mail', target: 'mail', default: 'none' },
  ];
  const mapping: JsonObject = {
    name: 'm',
    source: 'system/hr/account',
    target: TARGET_PATHS[target],
    properties:
      target === 'csv' ? [...properties, { source: 'key', target: 'uid', condition: '!(/target/uid pr)' }] : properties,
    policies: Object.entries(policies)
      .filter(([, action]) => action !== '')
      .map(([situation, action]) => ({ situation, action })),
    ...options,
  };
  return {
    mappings: [mapping],
    memory: { hr: world.sources, ...(target === 'memory' ? { mem: world.targets } : {}) },
    csv: target === 'csv' ? { dir: world.targets } : {},
    managed: { user: target === 'managed' ? world.targets : [] },
    links: { m: world.links },
    lockstep: { batchSize, guard },
  };
}
