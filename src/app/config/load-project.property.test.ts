import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { loadProject } from './load-project.ts';
import { tempProject } from './temp-project.ts';

const NAMES = ['sync', 'managed', 'lockstep', 'provisioner.openicf-x', 'repo.jdbc', 'schedule-x'];
const script = { type: 'text/javascript', source: '1' };
const VALID: Readonly<Record<string, JsonObject>> = {
  sync: {
    mappings: [
      {
        name: 'm',
        source: 'system/x/account',
        target: 'managed/user',
        links: 'm',
        linkQualifiers: ['a', 'b'],
        correlationQuery: [{ ...script, linkQualifier: 'a' }],
        sourceCondition: '/source/a pr',
        properties: [{ source: 'a', target: 'b', condition: script, transform: script, default: 1 }],
        policies: [{ situation: 'ABSENT', action: 'CREATE', condition: '/object/a pr', postAction: script }],
        sourceQuery: { _queryFilter: 'a pr' },
        guard: { maxDeletes: 1 },
      },
    ],
  },
  managed: {
    objects: [{ name: 'user', onCreate: script, schema: { properties: { a: { type: 'string', scope: 'private' } } } }],
  },
  lockstep: {
    batchSize: 5,
    guard: { maxDeletes: 1 },
    managed: { user: { searchable: ['a'] } },
    mappings: { m: { guard: {} } },
  },
  'provisioner.openicf-x': {
    name: 'x',
    connectorRef: { connectorName: 'c' },
    objectTypes: { account: { properties: { a: { type: 'string', flags: [] } } } },
    syncFailureHandler: { postRetryAction: { script } },
  },
  'repo.jdbc': { queries: { genericTables: { q: 'SELECT * FROM ${unquoted:_resource} WHERE a = ${b}' } } },
  'schedule-x': {
    schedule: '0 0 3 * * ?',
    timeZone: 'UTC',
    invokeService: 'sync',
    invokeContext: { mapping: { name: 'n', source: 'managed/user', target: 'system/x/account', properties: [] } },
  },
};

const key = fc.constantFrom(
  'mappings',
  'objects',
  'name',
  'source',
  'type',
  'file',
  'queries',
  '__proto__',
  'constructor',
  '0',
);
const oddJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      null,
      true,
      0,
      -1,
      1e300,
      '',
      'toString',
      '&{a}',
      '${a}',
      'managed/user',
      '/a eq 1',
      '((',
      '../..',
      '\0',
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** Everything that can be replaced in a value, as paths. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, child]) => pathsOf(child, [...path, name]))];
}

function replaced(value: unknown, path: readonly string[], by: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  copy[first] = replaced(copy[first], rest, by);
  return copy;
}

async function load(files: Readonly<Record<string, unknown>>): Promise<void> {
  const texts = Object.entries(files).map(
    ([name, value]) => [`conf/${name}.json`, JSON.stringify(value) ?? 'null'] as const,
  );
  using project = tempProject(Object.fromEntries(texts));
  const { config, diagnostics } = await loadProject(project.directory, { env: {} });
  const errors = diagnostics.filter((d) => d.severity === 'error');
  expect(config === null).toBe(errors.length > 0);
  for (const d of diagnostics) expect(d.message).not.toBe('');
}

it('any JSON in place of any file gives diagnostics, never a throw', { timeout: 60_000 }, async () => {
  await load(VALID);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...NAMES), oddJson, (name, value) => load({ ...VALID, [name]: value })),
    { numRuns: 300 },
  );
});

it('any JSON in place of any value of a file gives diagnostics, never a throw', { timeout: 60_000 }, async () => {
  const places = NAMES.flatMap((name) => pathsOf(VALID[name]).map((path) => ({ name, path })));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), oddJson, ({ name, path }, value) =>
      load({ ...VALID, [name]: replaced(VALID[name], path, value) }),
    ),
    { numRuns: 500 },
  );
});
