import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFilter } from '../base/query-filter.ts';
import type { Caller } from '../resource/context.ts';
import type { ResourceRequest, Verb } from '../resource/request.ts';
import { DEFAULT_RULES, findRules } from './access-rules.ts';
import { accessSchema } from './security-config.ts';

const ADMIN: Caller = caller('openidm-admin', 'internal/user', ['openidm-admin', 'openidm-authorized']);
const ANN: Caller = caller('ann', 'managed/user', ['openidm-authorized']);
const ANONYMOUS: Caller = caller('anonymous', 'internal/anonymous', ['openidm-reg']);
const NOBODY: Caller = caller('nobody', 'internal/user', []);

function caller(id: string, component: string, roles: readonly string[]): Caller {
  return { id, component, roles, isExternal: true };
}

function ask(verb: Verb, path: string, action = 'x', parameters: Record<string, string> = {}): ResourceRequest {
  const base = { path, parameters, fields: null };
  switch (verb) {
    case 'create':
      return { ...base, verb, newId: null, content: {} };
    case 'update':
      return { ...base, verb, rev: null, content: {} };
    case 'read':
      return { ...base, verb };
    case 'delete':
      return { ...base, verb, rev: null };
    case 'patch':
      return { ...base, verb, rev: null, operations: [] };
    case 'action':
      return { ...base, verb, action, content: null };
    case 'query': {
      const query = { kind: 'filter', filter: parseFilter('true') } as const;
      return { ...base, verb, query, sortKeys: [], pageSize: 0, cookie: null, offset: 0, totals: 'NONE' };
    }
  }
}

const STRANGE_PATHS = [
  'managed/user/ann/../bob',
  'managed/user/ann/',
  'managed/user//ann',
  'managed//user/ann',
  '/managed/user/ann',
  'managed/user/ANN',
  'MANAGED/user/ann',
  'managed/user/%61nn',
  'managed/user/ann%2F..%2Fbob',
  'managed/./user/ann',
  'managed/user/ann\u0000',
  'managed/user/ann?x',
  'managed/user/ann;x',
  'managed/user/{self}',
  'managed/user/*',
  'managed/user/',
  'managed/user',
  '',
  '.',
  '..',
  'info',
  'info/',
  '../repo/link',
  'managed/user/ann/roles',
] as const;

const may = (who: Caller, request: ResourceRequest): boolean => findRules(DEFAULT_RULES, request, who).length > 0;

const command = (commandId: string) => ask('action', 'repo/link', 'command', { commandId });

describe('the access rules', () => {
  it.each<[string, Caller, ResourceRequest, boolean]>([
    ['admin reads users', ADMIN, ask('read', 'managed/user/ann'), true],
    ['admin queries users', ADMIN, ask('query', 'managed/user'), true],
    ['admin writes configuration', ADMIN, ask('update', 'config/sync'), true],
    ['admin runs', ADMIN, ask('action', 'recon', 'recon'), true],
    ['admin tests systems', ADMIN, ask('action', 'system', 'test'), true],
    ['admin tests a system', ADMIN, ask('action', 'system/ldap', 'test'), true],
    ['admin runs no script in a system', ADMIN, ask('action', 'system/ldap', 'script'), false],
    ['admin writes accounts', ADMIN, ask('patch', 'system/ldap/account/uid=a,ou=b'), true],
    ['admin reads the repository', ADMIN, ask('query', 'repo/link'), true],
    ['admin clears links', ADMIN, command('delete-mapping-links'), true],
    ['admin purges nothing', ADMIN, command('purge-by-recon-expired'), false],
    ['admin clears links by one name', ADMIN, ask('action', 'repo/link', 'command'), false],
    ['admin gives no commands elsewhere', ADMIN, ask('action', 'repo/audit/recon', 'command'), false],
    ['admin patches no query of the repository', ADMIN, ask('action', 'repo/managed/user', 'patch'), false],
    ['ann reads herself', ANN, ask('read', 'managed/user/ann'), true],
    ['ann changes herself', ANN, ask('patch', 'managed/user/ann'), true],
    ['ann does not delete herself', ANN, ask('delete', 'managed/user/ann'), false],
    ['ann patches herself with no action', ANN, ask('action', 'managed/user/ann', 'patch'), false],
    ['ann reads nobody else', ANN, ask('read', 'managed/user/bob'), false],
    ['ann queries nobody', ANN, ask('query', 'managed/user'), false],
    ['ann reads no role of her name', ANN, ask('read', 'managed/role/ann'), false],
    ['ann reads no raw self', ANN, ask('read', 'repo/managed/user/ann'), false],
    ['ann reads no audit', ANN, ask('query', 'audit/activity'), false],
    ['ann reads no configuration', ANN, ask('read', 'config/sync'), false],
    ['ann evaluates no script', ANN, ask('action', 'script', 'eval'), false],
    ['ann logs out', ANN, ask('action', 'authentication', 'logout'), true],
    ['anonymous reads info', ANONYMOUS, ask('read', 'info/ping'), true],
    ['anonymous logs nobody out', ANONYMOUS, ask('action', 'authentication', 'logout'), false],
    ['anonymous reads nothing else', ANONYMOUS, ask('read', 'managed/user/anonymous'), false],
    ['nobody special does nothing', NOBODY, ask('read', 'managed/user/nobody'), false],
  ])('%s', (_, who, request, isAllowed) => {
    expect(may(who, request)).toBe(isAllowed);
  });

  it.each(
    STRANGE_PATHS.flatMap((path) =>
      (['read', 'update', 'patch', 'delete', 'query'] as const).map((verb) => [verb, path] as const),
    ),
  )('ann may not %s %j', (verb, path) => {
    expect(may(ANN, ask(verb, path))).toBe(false);
  });

  it.each(['*', 'ann/*', '{self}', '../bob', 'bob/', '', '/', 'a/b'])('an id such as %j is one id', (id) => {
    const strange = caller(id, 'managed/user', ['openidm-authorized']);
    const others = ['managed/user/bob', 'managed/user/ann/x', 'managed/user/../bob', 'managed/user'];
    const reached = others.filter((path) => may(strange, ask('read', path)));
    expect(reached).toEqual(others.filter((path) => path === `managed/user/${id}`));
    expect(may(strange, ask('read', `managed/user/${id}`))).toBe(id !== '');
  });

  it('is nobody’s own object that has the id in another collection', () => {
    const internal = caller('ann', 'internal/user', ['openidm-authorized']);
    const token = caller('ann', 'internal/token', ['openidm-authorized']);
    for (const who of [internal, token]) expect(may(who, ask('read', 'managed/user/ann'))).toBe(false);
  });

  it('let users reach nothing but themselves, info and the door, whatever they ask for', () => {
    const step = fc.oneof(
      fc.constantFrom('managed', 'user', 'ann', 'info', 'repo', 'link', 'config', '', '.', '..', '{self}', '*'),
      fc.string(),
    );
    const verbs: readonly Verb[] = ['create', 'read', 'update', 'delete', 'patch', 'action', 'query'];
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), fc.constantFrom(...verbs), fc.string(), (steps, verb, action) => {
        const path = steps.join('/');
        if (!may(ANN, ask(verb, path, action))) return;
        expect(
          ['managed/user/ann', 'policy/managed/user/ann', 'authentication'].includes(path) || path.startsWith('info/'),
        ).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('refuse a native query in any spelling', () => {
    const native: ResourceRequest = {
      ...(ask('query', 'repo/link') as Extract<ResourceRequest, { verb: 'query' }>),
      query: { kind: 'id', queryId: '_queryExpression', parameters: {} },
    };
    expect(may(ADMIN, native)).toBe(false);
    expect(may(ADMIN, ask('query', 'managed/user', '', { _QUERYEXPRESSION: 'select 1' }))).toBe(false);
  });

  it('can be extended, and replaced', () => {
    const { rules } = accessSchema.parse({
      rules: [
        { pattern: 'managed/user/*', roles: ['helpdesk'], methods: ['read', 'query'], exclude: ['managed/user/boss'] },
        { pattern: 'managed/user', roles: ['helpdesk'], methods: ['query'] },
      ],
    });
    const helper = caller('h', 'internal/user', ['helpdesk']);
    const mayHelp = (request: ResourceRequest): boolean => findRules(rules, request, helper).length > 0;
    expect(mayHelp(ask('read', 'managed/user/ann'))).toBe(true);
    expect(mayHelp(ask('query', 'managed/user'))).toBe(true);
    expect(mayHelp(ask('read', 'managed/user/boss'))).toBe(false);
    expect(mayHelp(ask('patch', 'managed/user/ann'))).toBe(false);
    expect(mayHelp(ask('read', 'managed/users/ann'))).toBe(false);
    expect(findRules(rules, ask('read', 'config/sync'), ADMIN)).toEqual([]);
  });
});
