import { describe, expect, it } from 'vitest';
import { openEngine, type Engine, type EngineSpec } from '../../test/scenarios/engine.ts';
import type { JsonObject } from '../base/json.ts';
import type { Caller } from '../resource/context.ts';
import { openRunTree, type RunTree } from './testing/run-tree.ts';

const ADMIN: Caller = { id: 'openidm-admin', component: 'internal/user', roles: ['openidm-admin'], isExternal: true };

const SPEC: EngineSpec = {
  mappings: [
    { name: 'm', source: 'managed/user', target: 'managed/person', properties: [{ source: 'key', target: 'key' }] },
    {
      name: 'elsewhere',
      source: 'managed/user',
      target: 'managed/person',
      sourceQuery: { resourceName: 'managed/person', _queryFilter: 'true' },
      properties: [{ source: 'key', target: 'key' }],
    },
  ],
  managed: {
    user: [
      { _id: 'ann', key: '1', pin: '4711' },
      { _id: 'bob', key: '2', pin: '0815' },
    ],
    person: [],
  },
  files: {
    'conf/managed.json': {
      objects: [
        {
          name: 'user',
          schema: { properties: { key: { type: 'string' }, pin: { type: 'string', scope: 'private' } } },
        },
        { name: 'person', schema: { properties: { pin: { type: 'string', scope: 'private' } } } },
      ],
    },
    'conf/repo.orientdb.json': {
      queries: {
        'by-pin': 'SELECT * FROM ${unquoted:_resource} WHERE pin = ${pin}',
        sql: 'SELECT COUNT(*) FROM x GROUP BY y',
      },
    },
  },
};

async function statusOf(work: Promise<unknown>): Promise<number> {
  return work.then(
    () => 200,
    (error: { status: number }) => error.status,
  );
}

/** What a body is answered with, by the call that takes one. */
const CALLS: Readonly<Record<string, (tree: RunTree, body: JsonObject, mapping?: string) => Promise<unknown>>> = {
  recon: (tree, body, mapping = 'm') => tree.action('recon', 'recon', { mapping, waitForCompletion: 'true' }, body),
  plan: (tree, body, mapping = 'm') => tree.action('recon', 'plan', { mapping }, body),
  reconById: (tree, body, mapping = 'm') =>
    tree.action('recon', 'reconById', { mapping, ids: 'ann', waitForCompletion: 'true' }, body),
  sync: (tree, body, mapping = 'm') => tree.action('sync', 'recon', { mapping }, body),
};

function runCount({ lockstep }: Engine): Promise<number> {
  return lockstep.repository.runs.list({ limit: 100 }).then(({ length }) => length);
}

describe.each(Object.keys(CALLS))('the queries in the body of %s', (name) => {
  const call = CALLS[name]!;
  const guesses: readonly JsonObject[] = [
    { sourceQuery: { _queryFilter: 'pin sw "4"' } },
    { sourceQuery: { _queryFilter: '!(key pr) or (key eq "1" and /pin/x pr)' } },
    { sourceQuery: { queryFilter: 'pin pr' } },
    { targetQuery: { _queryFilter: 'pin eq "4711"' } },
    { sourceQuery: { _queryId: 'get-by-field-value', field: 'pin', value: '4711' } },
    { sourceQuery: { _queryId: 'by-pin', pin: '4711' } },
  ];

  it.each(guesses)('do not tell private properties to the outside: %j', async (body) => {
    await using engine = await openEngine(SPEC);
    const outside = openRunTree(engine.lockstep, { caller: ADMIN });
    expect(await statusOf(call(outside, body))).toBe(403);
    expect(await runCount(engine)).toBe(0);
    const inside = openRunTree(engine.lockstep, { caller: { ...ADMIN, isExternal: false } });
    expect(await statusOf(call(inside, body))).toBe(200);
  });

  it('lead nowhere but where the mapping reads', async () => {
    await using engine = await openEngine(SPEC);
    const tree = openRunTree(engine.lockstep, { caller: ADMIN });
    const at = (resourceName: string): JsonObject => ({ sourceQuery: { resourceName, _queryFilter: 'true' } });
    for (const other of ['managed/person', 'managed/user/', 'system/x/account', 'repo/internal/user'])
      expect(await statusOf(call(tree, at(other)))).toBe(403);
    expect(await statusOf(call(tree, { targetQuery: { resourceName: 'managed/user', _queryFilter: 'true' } }))).toBe(
      403,
    );
    expect(await runCount(engine)).toBe(0);
    expect(await statusOf(call(tree, at('managed/user')))).toBe(200);
    expect(await statusOf(call(tree, at('managed/person'), 'elsewhere'))).toBe(200);
  });

  it.each([
    { sourceQuery: { _queryExpression: 'select 1' } },
    { sourceQuery: { _queryId: 'nobody-knows' } },
    { targetQuery: { _queryId: 'nobody-knows' } },
    { sourceQuery: { _queryId: 'sql' } },
    { sourceQuery: { _queryId: 'for-userName' } },
    { mapping: { name: 'x', source: 'managed/user', target: 'managed/person' } },
    { mapping: 'elsewhere' },
  ] as readonly JsonObject[])(
    'are refused before a run is recorded if they cannot be carried out: %j',
    async (body) => {
      await using engine = await openEngine(SPEC);
      const tree = openRunTree(engine.lockstep, { caller: ADMIN });
      expect(await statusOf(call(tree, body))).toBe(400);
      expect(await runCount(engine)).toBe(0);
    },
  );
});
