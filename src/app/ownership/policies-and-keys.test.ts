import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { js, type Files } from '../config/load-fixture.ts';
import { BACK, HR, OUT, copy, correlated, found, id, system, type Case } from './ownership-fixture.ts';

describe('policies', () => {
  const policies = (list: readonly (readonly [string, string])[], more: JsonObject = {}): Promise<readonly string[]> =>
    found(
      { mappings: [{ ...HR, ...more, policies: list.map(([situation, action]) => ({ situation, action })) }] },
      'unreachable-policy',
    );

  it.each<[string, string, JsonObject]>([
    ['FOUND', 'LINK', {}],
    ['UNQUALIFIED', 'UNLINK', {}],
    ['TARGET_IGNORED', 'DELETE', {}],
    ['MISSING', 'CREATE', { enableLinking: false }],
    ['SOURCE_MISSING', 'DELETE', { enableLinking: false }],
    ['UNQUALIFIED', 'UNLINK', { enableLinking: false, validSource: js('true') }],
  ])('for %s that asks for %s is missed in %j', async (situation, action, more) => {
    expect(await policies([[situation, action]], more)).toEqual(['warning unreachable-policy /mappings/0/policies/0']);
  });

  it.each<[string, string, JsonObject]>([
    ['FOUND', 'LINK', correlated('mail')],
    ['UNQUALIFIED', 'UNLINK', { validSource: js('true') }],
    ['UNQUALIFIED', 'UNLINK', { sourceCondition: '/source/mail pr' }],
    ['TARGET_IGNORED', 'DELETE', { validTarget: js('true') }],
    ['MISSING', 'CREATE', {}],
    ['UNASSIGNED', 'DELETE', {}],
    ['ABSENT', 'IGNORE', {}],
  ])('for %s that asks for %s is used in %j', async (situation, action, more) => {
    expect(await policies([[situation, action]], more)).toEqual([]);
  });

  it('that list every situation with its default are one note', async () => {
    const all = 'CONFIRMED:UPDATE FOUND:UPDATE ABSENT:CREATE AMBIGUOUS:EXCEPTION MISSING:EXCEPTION UNASSIGNED:EXCEPTION'
      .split(' ')
      .map((pair) => pair.split(':') as [string, string]);
    expect(await policies(all)).toEqual(['note unreachable-policy /mappings/0/policies/1']);
    expect(await policies(all, correlated('mail'))).toEqual([]);
  });

  it('under the same condition are never used', async () => {
    const policy = { situation: 'ABSENT', action: 'IGNORE', condition: '/object/mail pr' };
    const twice = [policy, { ...policy, action: 'CREATE' }, { ...policy, condition: '/object/name pr' }];
    expect(await found({ mappings: [{ ...HR, policies: twice }] }, 'unreachable-policy')).toEqual([
      'warning unreachable-policy /mappings/0/policies/1',
    ]);
  });
});

describe('correlation keys', () => {
  const keys = (project: Case): Promise<readonly string[]> => found(project, 'mutable-key');
  const at = (severity: string): readonly string[] => [`${severity} mutable-key /mappings/0/correlationQuery`];
  const other = { ...BACK, properties: [copy('mail')] };

  it('that another mapping changes are told', async () => {
    const mapping = { ...HR, ...correlated('mail'), properties: [copy('name')] };
    expect(await keys({ mappings: [mapping, other] })).toEqual(at('warning'));
  });

  it('that the mapping makes of something else are told', async () => {
    const mapping = { ...HR, ...correlated('mail'), properties: [copy('name', 'mail')] };
    expect(await keys({ mappings: [mapping] })).toEqual(at('warning'));
  });

  it('that follow their own source are a note, and a warning if they are known to change or there are no links', async () => {
    const mapping = { ...HR, ...correlated('level'), properties: [copy('level')] };
    expect(await keys({ mappings: [mapping] })).toEqual(at('note'));
    const byMail = { ...HR, ...correlated('mail'), properties: [copy('mail')] };
    expect(await keys({ mappings: [byMail] })).toEqual(at('warning'));
    expect(await keys({ mappings: [{ ...mapping, enableLinking: false }] })).toEqual(at('warning'));
  });

  it('that never change are not told, however far they came', async () => {
    const mappings = [
      { ...HR, ...correlated('number', 'id'), properties: [copy('id', 'number')] },
      { ...OUT, ...correlated('name', 'number'), properties: [copy('number', 'name')] },
    ];
    expect(await keys({ mappings })).toEqual([]);
    expect(await keys({ mappings: [{ ...HR, ...correlated('mail'), properties: [copy('name')] }] })).toEqual([]);
  });

  it('of expression trees and predefined queries are seen', async () => {
    const tree = {
      type: 'text/javascript',
      file: 'ui/correlateTreeToQueryFilter.js',
      expressionTree: { all: ['level', 'name'] },
    };
    expect(
      await keys({ mappings: [{ ...HR, correlationQuery: tree, properties: [copy('level'), copy('name')] }] }),
    ).toEqual(at('note'));
    const query = js("({_queryId: 'by-mail', value: source.mail})");
    const files = {
      'conf/repo.orientdb.json': {
        queries: { 'by-mail': 'SELECT * FROM ${unquoted:_resource} WHERE mail = ${value}' },
      },
    };
    expect(
      await keys({ mappings: [{ ...HR, correlationQuery: query, properties: [copy('mail')] }, other], files }),
    ).toEqual(at('warning'));
  });
});

describe('the schema of the target', () => {
  const schema = (properties: JsonObject): Files => ({
    'conf/managed.json': { objects: [{ name: 'user', schema: { properties } }] },
  });

  it('misspelt attributes of a managed type are a warning, others a note', async () => {
    const files = schema({ telephoneNumber: {}, mail: {} });
    const mappings = [{ ...HR, properties: [copy('name', 'telefoneNumber'), copy('mail'), copy('level')] }];
    expect(await found({ mappings, files }, 'unknown-attribute')).toEqual([
      'warning unknown-attribute /mappings/0/properties/0/target',
      'note unknown-attribute /mappings/0/properties/2/target',
    ]);
    const list = { 'conf/managed.json': { objects: [{ name: 'user', properties: [{ name: 'password' }] }] } };
    expect(await found({ mappings, files: list }, 'unknown-attribute')).toEqual([]);
  });

  it('required attributes that nothing sets are told, unless a script may set them', async () => {
    const files = system('ldap', { id: { ...id, required: true }, name: { type: 'string', required: true } });
    const required = (more: JsonObject) =>
      found({ mappings: [{ ...OUT, properties: [copy('id')], ...more }], files }, 'missing-required');
    const told = ['warning missing-required /mappings/0/properties'];
    expect(await required({})).toEqual(told);
    expect(await required({ onCreate: js("target.mail = 'x'") })).toEqual(told);
    expect(await required({ onCreate: js("target.name = 'x'") })).toEqual([]);
    expect(await required({ onCreate: js('fill(target)') })).toEqual([]);
    expect(await required({ policies: [{ situation: 'ABSENT', action: 'IGNORE' }] })).toEqual([]);
    expect(
      await found(
        {
          mappings: [{ ...HR, properties: [copy('name')] }],
          files: schema({ name: {}, userName: { required: true } }),
        },
        'missing-required',
      ),
    ).toEqual(told);
  });
});
