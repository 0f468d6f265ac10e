import { describe, expect, it } from 'vitest';
import { parseFilter } from '../base/query-filter.ts';
import type { JsonObject } from '../base/json.ts';
import type { Caller } from '../resource/context.ts';
import type { ResourceRequest } from '../resource/request.ts';
import { DEFAULT_RULES, findRules } from './access-rules.ts';
import { accessSchema } from './security-config.ts';

const CLERK: Caller = { id: 'carl', component: 'managed/user', roles: ['clerk'], isExternal: true };
const ADMIN: Caller = { id: 'root', component: 'internal/user', roles: ['openidm-admin'], isExternal: true };

const create = (path: string, newId: string | null, content: JsonObject = {}): ResourceRequest => ({
  verb: 'create',
  path,
  parameters: {},
  fields: null,
  newId,
  content,
});
const query = (path: string): ResourceRequest => ({
  verb: 'query',
  path,
  parameters: {},
  fields: null,
  query: { kind: 'filter', filter: parseFilter('true') },
  sortKeys: [],
  pageSize: 0,
  cookie: null,
  offset: 0,
  totals: 'NONE',
});
const action = (path: string, name: string): ResourceRequest => ({
  verb: 'action',
  path,
  parameters: { _queryFilter: 'true' },
  fields: null,
  action: name,
  content: [],
});

function may(request: ResourceRequest, pattern: string, exclude: readonly string[] = []): boolean {
  const rule = { pattern, roles: ['clerk'], methods: ['*'], actions: ['*'], exclude };
  return findRules(accessSchema.parse({ rules: [rule] }).rules, request, CLERK).length > 0;
}

const BOSS = ['managed/user/boss'];

describe('a rule that excludes an object', () => {
  it.each<[string, ResourceRequest]>([
    ['created by its path', create('managed/user', 'boss')],
    ['created by its content', create('managed/user', null, { _id: 'boss' })],
    ['found by a query', query('managed/user')],
    ['patched by a query', action('managed/user', 'patch')],
    ['checked by a query', action('managed/user', 'triggerSyncCheck')],
    ['found from above', query('managed')],
  ])('does not let it be %s', (_, request) => {
    for (const pattern of ['*', 'managed/user', 'managed/*']) expect(may(request, pattern, BOSS)).toBe(false);
  });

  it('allows the rest', () => {
    expect(may(create('managed/user', 'ann'), 'managed/user', BOSS)).toBe(true);
    expect(may(create('managed/user', null, { sn: 'x' }), 'managed/user', BOSS)).toBe(true);
    expect(may(query('managed/role'), 'managed/*', BOSS)).toBe(true);
    expect(may(query('managed/user'), 'managed/user', ['managed/userx/a'])).toBe(true);
    expect(may(action('managed/user/ann', 'patch'), 'managed/*', BOSS)).toBe(true);
  });
});

describe('a rule about one object', () => {
  it('allows nothing that is created below it', () => {
    expect(may(create('managed/user/carl', 'x'), 'managed/user/{self}')).toBe(false);
    expect(may(create('managed/user/carl', null, { _id: 'x' }), 'managed/user/{self}')).toBe(false);
    expect(may(create('managed/user/ann', 'x'), 'managed/user/ann')).toBe(false);
    expect(may(create('system/hr/account/a', 'x'), 'system/hr/account/a')).toBe(false);
  });
});

it('administrators create wherever they could', () => {
  for (const request of [
    create('managed/user', 'a'),
    create('repo/a/b', 'c'),
    create('system/hr/account', 'x'),
    query('repo/link'),
  ])
    expect(findRules(DEFAULT_RULES, request, ADMIN).length).toBeGreaterThan(0);
});
