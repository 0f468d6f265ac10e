import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { DEFAULT_GUARD, type MappingConfig } from '../../mapping/mapping-config.ts';
import { configOf, js, withMapping, type Files } from './load-fixture.ts';

const mappingOf = async (mapping: JsonObject, more: Files = {}): Promise<MappingConfig> =>
  (await configOf(withMapping(mapping, more))).mappings[0]!;

describe('a mapping', () => {
  it('of the reference has its final shape', async () => {
    const mapping = await mappingOf({
      properties: [
        { target: 'sn', source: 'lastName' },
        { target: 'phoneExtension', default: '0047' },
        { target: 'mail', comment: 'Set mail if non-empty.', source: 'email', condition: js('(object.email != null)') },
        { target: 'displayName', source: '', transform: js("source.lastName +', ' + source.firstName;") },
      ],
    });
    expect(mapping.properties).toEqual([
      expect.objectContaining({ source: ['lastName'], target: ['sn'], default: null, ifAbsent: 'clear' }),
      expect.objectContaining({ source: null, target: ['phoneExtension'], default: '0047' }),
      expect.objectContaining({ source: ['email'], condition: expect.objectContaining({ kind: 'script' }) as unknown }),
      expect.objectContaining({ source: [], pointer: '/mappings/0/properties/3' }),
    ]);
    expect(mapping).toMatchObject({
      links: null,
      linkQualifiers: { kind: 'list', names: ['default'] },
      enableLinking: true,
      enableSync: true,
      sourceIdsCaseSensitive: true,
      correlation: [],
      policies: [],
      sourceQuery: { resourceName: null, query: { kind: 'all' } },
      sourceQueryFullEntry: null,
      runTargetPhase: null,
      taskThreads: 10,
      guard: DEFAULT_GUARD,
      file: 'conf/sync.json',
      pointer: '/mappings/0',
    });
  });

  it('keeps the scripts with all they have', async () => {
    const script = { type: 'text/javascript', file: 'x.js', globals: { a: 1 }, workflowName: 'w' };
    const mapping = await mappingOf(
      { validSource: script, policies: [{ situation: 'ABSENT', action: script, postAction: js('1') }] },
      { 'script/x.js': '1' },
    );
    const read = {
      type: 'text/javascript',
      source: null,
      file: 'x.js',
      globals: { a: 1 },
      constants: { workflowName: 'w' },
    };
    expect(mapping.scripts).toEqual({ validSource: { ...read, pointer: '/mappings/0/validSource' } });
    expect(mapping.policies[0]).toMatchObject({
      action: { kind: 'script', script: read },
      postAction: { source: '1', pointer: '/mappings/0/policies/0/postAction' },
    });
    expect(mapping.raw['validSource']).toEqual(script);
  });

  it('has conditions of three kinds', async () => {
    expect((await mappingOf({ sourceCondition: '/source/type eq "p"' })).sourceCondition).toMatchObject({
      kind: 'filter',
    });
    expect((await mappingOf({ sourceCondition: js('true') })).sourceCondition).toMatchObject({ kind: 'script' });
    const values = { type: 'person', active: true };
    expect((await mappingOf({ sourceCondition: values })).sourceCondition).toMatchObject({ kind: 'values', values });
    expect((await mappingOf({ sourceCondition: '' })).sourceCondition).toBeNull();
  });

  it('has correlation in every form', async () => {
    const query = js('({})');
    expect((await mappingOf({ correlationQuery: query })).correlation).toMatchObject([
      { kind: 'query', linkQualifier: null },
    ]);
    expect((await mappingOf({ correlationScript: query })).correlation).toMatchObject([{ kind: 'script' }]);
    const several = [query, { ...query, linkQualifier: 'admin' }];
    const list = await mappingOf({ correlationQuery: several, linkQualifiers: ['default', 'admin'] });
    expect(list.correlation.map((c) => c.linkQualifier)).toEqual(['default', 'admin']);
    const tree = {
      type: 'text/javascript',
      file: 'ui/correlateTreeToQueryFilter.js',
      mapping: 'm',
      expressionTree: { all: ['givenName', { any: ['mail', 'telephoneNumber'] }] },
    };
    const properties = ['givenName', 'mail', 'telephoneNumber'].map((target) => ({ source: 'cn', target }));
    expect((await mappingOf({ correlationQuery: tree, properties })).correlation).toEqual([
      {
        kind: 'tree',
        linkQualifier: null,
        mapping: 'm',
        pointer: '/mappings/0/correlationQuery',
        tree: {
          kind: 'all',
          parts: [
            { kind: 'leaf', attribute: 'givenName' },
            {
              kind: 'any',
              parts: [
                { kind: 'leaf', attribute: 'mail' },
                { kind: 'leaf', attribute: 'telephoneNumber' },
              ],
            },
          ],
        },
      },
    ]);
    const own = { 'script/ui/correlateTreeToQueryFilter.js': '({})' };
    expect((await mappingOf({ correlationQuery: tree, properties }, own)).correlation).toMatchObject([
      { kind: 'query' },
    ]);
  });

  it('has source and target queries in both spellings', async () => {
    const filter = 'employeeType eq "Permanent"';
    const mapping = await mappingOf({
      sourceQuery: { queryFilter: filter },
      targetQuery: { _queryId: 'for-userName', uid: 1 },
    });
    expect(mapping.sourceQuery.query).toMatchObject({ kind: 'filter', text: filter });
    expect(mapping.targetQuery.query).toEqual({ kind: 'id', queryId: 'for-userName', parameters: { uid: 1 } });
    expect((await mappingOf({ sourceQuery: { _queryId: 'query-all-ids' } })).sourceQuery.query).toEqual({
      kind: 'all',
    });
  });

  it('merges the limits of the guard: built in, lockstep.json, its own', async () => {
    const mapping = await mappingOf(
      { guard: { maxDeletes: 3, maxUnlinkPercent: null } },
      {
        'conf/lockstep.json': {
          guard: { maxDeletes: 1, percentFloor: 9 },
          mappings: { m: { guard: { maxUnlinks: 7 } } },
        },
      },
    );
    expect(mapping.guard).toEqual({
      ...DEFAULT_GUARD,
      delete: { max: 3, maxPercent: 10 },
      unlink: { max: 7, maxPercent: null },
      percentFloor: 9,
    });
  });

  it('takes null for absent', async () => {
    const mapping = await mappingOf({ validSource: null, links: null, taskThreads: null, sourceCondition: null });
    expect(mapping).toMatchObject({ scripts: {}, links: null, taskThreads: 10, sourceCondition: null });
  });
});
