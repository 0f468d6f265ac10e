import type { Caller } from '../resource/context.ts';
import type { ResourceRequest } from '../resource/request.ts';
import type { AccessRule } from './security-config.ts';

const ADMIN = ['openidm-admin'];
const USER = ['openidm-authorized'];
const ANYBODY = ['*'];
const OBJECTS = ['create', 'read', 'update', 'delete', 'patch', 'query'] as const;

const SYSTEM_ACTIONS =
  'test testConfig availableConnectors createCoreConfig createFullConfig createConfiguration liveSync activeSync replayDeadLetters authenticate'.split(
    ' ',
  );

/** What is allowed without further settings: specification §1.9, §1.11. */
export const DEFAULT_RULES: readonly AccessRule[] = [
  rule({ pattern: 'info/*', roles: [...ANYBODY, 'openidm-reg'], methods: ['read'] }),
  rule({
    pattern: 'authentication',
    roles: ANYBODY,
    methods: ['action'],
    actions: ['login', 'logout', 'reauthenticate'],
  }),
  rule({ pattern: 'managed/user/{self}', roles: USER, methods: ['read'] }),
  rule({ pattern: 'managed/user/{self}', roles: USER, methods: ['patch', 'update'], fields: 'userEditable' }),
  rule({
    pattern: 'policy/managed/user/{self}',
    roles: USER,
    methods: ['read', 'action'],
    actions: ['validateObject', 'validateProperty'],
  }),
  // Everybody sees and does what is his; the resources themselves see to that.
  ...['workflow/taskinstance', 'workflow/taskinstance/*'].map((pattern) =>
    rule({
      pattern,
      roles: ANYBODY,
      methods: ['read', 'query', 'update', 'patch', 'action'],
      actions: ['complete', 'claim', 'unclaim'],
    }),
  ),
  ...['workflow/processinstance', 'workflow/processinstance/*'].map((pattern) =>
    rule({ pattern, roles: ANYBODY, methods: ['create', 'read', 'query', 'action'], actions: ['create'] }),
  ),
  ...['workflow/processdefinition', 'workflow/processdefinition/*'].map((pattern) =>
    rule({ pattern, roles: USER, methods: ['read', 'query'] }),
  ),
  rule({
    pattern: '*',
    roles: ADMIN,
    methods: ['*'],
    actions: ['*'],
    exclude: ['repo', 'repo/*', 'system', 'system/*'],
  }),
  rule({ pattern: 'system', roles: ADMIN, methods: ['*'], actions: SYSTEM_ACTIONS }),
  rule({ pattern: 'system/*', roles: ADMIN, methods: ['*'], actions: SYSTEM_ACTIONS }),
  rule({ pattern: 'repo', roles: ADMIN, methods: [...OBJECTS] }),
  rule({ pattern: 'repo/*', roles: ADMIN, methods: [...OBJECTS] }),
  ...['repo/link', 'repo/links'].map((pattern) =>
    rule({ pattern, roles: ADMIN, methods: ['action'], actions: ['command'], commands: ['delete-mapping-links'] }),
  ),
];

/** The rules that allow this request to this caller, apart from what they say of fields; none: nothing allows it. */
export function findRules(
  rules: readonly AccessRule[],
  request: ResourceRequest,
  caller: Caller,
): readonly AccessRule[] {
  if (!isPlainPath(request.path) || usesNativeQuery(request)) return [];
  return rules.filter((rule) => applies(rule, request, caller) && reachesOnlyIts(rule, request, caller));
}

/**
 * Whether a rule is about everything that the request reaches beside its path. What is created under a given id is to be within
 * the pattern, or directly in the collection that it names, and not excluded. A query, or an action on several objects, cannot
 * leave out what is excluded below its path: such a rule does not allow it.
 */
function reachesOnlyIts(rule: AccessRule, request: ResourceRequest, caller: Caller): boolean {
  const { path, verb } = request;
  if (verb === 'query' || verb === 'action')
    return !rule.exclude.some((pattern) => path === '' || pattern.startsWith(`${path}/`));
  const created = verb === 'create' ? createdPath(request) : null;
  if (created === null) return true;
  if (rule.exclude.some((pattern) => matchesPattern(pattern, created, caller))) return false;
  return matchesPattern(rule.pattern, created, caller) || (rule.pattern === path && !isObject(path));
}

/** Where a create puts its object; null: nobody knows yet. */
function createdPath({ path, newId, content }: Extract<ResourceRequest, { verb: 'create' }>): string | null {
  const id = newId ?? content['_id'];
  return typeof id === 'string' && id !== '' ? [path, id].filter((one) => one !== '').join('/') : null;
}

/** Whether a path is surely no collection, so that what is created below it has an id that begins like its own. */
function isObject(path: string): boolean {
  const [kind] = path.split('/');
  const length = kind === 'managed' ? 2 : kind === 'system' ? 3 : Infinity;
  return path.split('/').length > length;
}

/**
 * Whether a path means what it looks like: no empty step, `.` or `..` where resources are mounted. Behind that it is an
 * id, which may hold anything and is only compared as a whole.
 */
function isPlainPath(path: string): boolean {
  if (path === '') return true;
  const [first, second = 'none'] = path.split('/');
  return [first, second].every((step) => step !== '' && step !== '.' && step !== '..');
}

function matchesPattern(pattern: string, path: string, caller: Caller): boolean {
  if (pattern === '*') return true;
  const self = /^(.*)\/\{self\}$/.exec(pattern);
  // Literally: an id may hold `*`, `/` or `{self}`.
  if (self !== null) return isOwn(self[1]!, caller) && path === `${self[1]}/${caller.id}`;
  return pattern.endsWith('/*')
    ? path.startsWith(pattern.slice(0, -1)) && path.length > pattern.length - 1
    : path === pattern;
}

/** `managed/user` is the collection of a managed user, and `policy/managed/user` is about it. */
function isOwn(collection: string, caller: Caller): boolean {
  return caller.id !== '' && (collection === caller.component || collection === `policy/${caller.component}`);
}

function applies(rule: AccessRule, request: ResourceRequest, caller: Caller): boolean {
  return (
    hasRole(rule, caller) &&
    matchesPattern(rule.pattern, request.path, caller) &&
    !rule.exclude.some((pattern) => matchesPattern(pattern, request.path, caller)) &&
    (rule.methods.includes('*') || rule.methods.includes(request.verb)) &&
    (request.verb !== 'action' || allowsAction(rule, request))
  );
}

/** `*` is everybody with a name: the anonymous role has to be named. */
function hasRole({ roles }: AccessRule, caller: Caller): boolean {
  const isNamed = caller.roles.some((role) => role !== 'openidm-reg') || caller.component !== 'internal/anonymous';
  return caller.roles.some((role) => roles.includes(role)) || (roles.includes('*') && isNamed);
}

function allowsAction(rule: AccessRule, { action, parameters }: Extract<ResourceRequest, { verb: 'action' }>): boolean {
  if (!rule.actions.includes('*') && !rule.actions.includes(action)) return false;
  // Patching what a query finds, or the object itself, is a patch by another name: rules about fields could not see it.
  if (action === 'patch' && rule.fields !== '*') return false;
  if (rule.commands === undefined || action !== 'command') return true;
  const command = Object.entries(parameters).filter(([key]) => key.toLowerCase() === 'commandid');
  return command.length === 1 && rule.commands.includes(command[0]![1]);
}

/** Text for the database as a query is for scripts only. */
function usesNativeQuery(request: ResourceRequest): boolean {
  const isNative = (name: string): boolean => name.toLowerCase() === '_queryexpression';
  if (request.verb === 'query' && request.query.kind === 'id' && isNative(request.query.queryId)) return true;
  return Object.keys(request.parameters).some(isNative);
}

function rule(parts: Pick<AccessRule, 'pattern' | 'roles' | 'methods'> & Partial<AccessRule>): AccessRule {
  return { actions: [], exclude: [], fields: '*', ...parts };
}
