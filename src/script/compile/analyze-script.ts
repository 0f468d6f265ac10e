import type * as acorn from 'acorn';

/** What the text of a script tells about what it can do. Every claim errs on the safe side. */
export interface ScriptTraits {
  /** Names assigned to without a declaration: they become variables of the script instead of globals. */
  readonly implicitNames: readonly string[];
  /** Top-level names that it declares (for `load`). */
  readonly declaredNames: readonly string[];
  /** Top-level `let`, `const` and `class`: a parameter of the same name would be an error. */
  readonly lexicalNames: readonly string[];
  /** May change an object that it was given, directly or through something it calls. */
  readonly mayMutate: boolean;
  readonly reach: RealmReach;
  readonly usesEval: boolean;
  /** Where a construct stands that cannot be allowed: `import(…)`. */
  readonly dynamicImport: acorn.Node | null;
}

/** How far a script may get at globals and built-ins: not at all, by assigning, by defining members that are hidden. */
export type RealmReach = 'none' | 'assign' | 'define';

export function furthest(reaches: readonly RealmReach[]): RealmReach {
  if (reaches.includes('define')) return 'define';
  return reaches.includes('assign') ? 'assign' : 'none';
}

export function analyzeScript(program: acorn.Program): ScriptTraits {
  const state: State = {
    scopes: [new Set()],
    assigned: [],
    mayMutate: false,
    reach: 'none',
    usesEval: false,
    dynamicImport: null,
  };
  declareHoisted(program.body, state.scopes[0]!);
  for (const statement of program.body) visit(state, statement);
  const declared = state.scopes[0]!;
  return {
    implicitNames: [...new Set(state.assigned)].filter((name) => !declared.has(name)),
    declaredNames: [...declared],
    lexicalNames: lexicalNames(program.body),
    mayMutate: state.mayMutate,
    reach: state.reach,
    usesEval: state.usesEval,
    dynamicImport: state.dynamicImport,
  };
}

interface State {
  readonly scopes: Set<string>[];
  readonly assigned: string[];
  mayMutate: boolean;
  reach: RealmReach;
  usesEval: boolean;
  dynamicImport: acorn.Node | null;
}

/** Methods and functions that leave their arguments and `this` alone. Calls of anything else may change an object. */
export const PURE_CALLS: ReadonlySet<string> = new Set(
  (
    'toLowerCase toUpperCase toLocaleLowerCase toLocaleUpperCase trim trimStart trimEnd charAt charCodeAt codePointAt ' +
    'substring substr slice split indexOf lastIndexOf includes startsWith endsWith concat join match matchAll replace ' +
    'replaceAll search test exec padStart padEnd repeat normalize localeCompare at toString valueOf toFixed toISOString ' +
    'toPrecision getTime getFullYear getMonth getDate getDay getHours getMinutes getSeconds getUTCFullYear getUTCMonth ' +
    'getUTCDate getUTCHours getUTCMinutes getUTCSeconds now parse stringify keys values entries hasOwnProperty isArray ' +
    'fromCharCode abs floor ceil round min max pow random parseInt parseFloat isNaN isFinite String Number Boolean Date ' +
    'RegExp Error encodeURIComponent decodeURIComponent encodeURI decodeURI escape unescape read query decrypt encrypt ' +
    'map filter forEach some every reduce find findIndex flat hash matches isEncrypted isHashed getProperty equals equalsIgnoreCase isEmpty contains size trace debug info warn ' +
    'error log println'
  ).split(' '),
);

/** Words that lead to the global object or to prototypes; without any of them a script changes neither on purpose. */
const ASSIGN_WORDS: ReadonlySet<string> = new Set(
  'prototype __proto__ constructor getPrototypeOf assign globalThis global self load require'.split(' '),
);
const DEFINE_WORDS: ReadonlySet<string> = new Set(
  'setPrototypeOf __defineGetter__ __defineSetter__ defineProperty defineProperties Reflect Proxy eval Function'.split(
    ' ',
  ),
);

function visit(state: State, node: acorn.AnyNode): void {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      visitFunction(state, node);
      return;
    case 'Identifier':
      noteWord(state, node.name);
      return;
    case 'Literal':
      if (typeof node.value === 'string') noteWord(state, node.value);
      return;
    case 'ThisExpression':
      reachFor(state, 'assign');
      return;
    case 'ImportExpression':
      state.dynamicImport ??= node;
      break;
    case 'AssignmentExpression':
      noteTarget(state, node.left);
      break;
    case 'UpdateExpression':
      noteTarget(state, node.argument);
      break;
    case 'UnaryExpression':
      if (node.operator === 'delete') noteTarget(state, node.argument);
      break;
    case 'ForInStatement':
    case 'ForOfStatement':
      if (node.left.type !== 'VariableDeclaration') noteTarget(state, node.left);
      break;
    case 'TaggedTemplateExpression':
      state.mayMutate = true;
      break;
    case 'CallExpression':
    case 'NewExpression':
      noteCall(state, node);
      break;
    default:
  }
  for (const child of childrenOf(node)) visit(state, child);
}

function visitFunction(
  state: State,
  node:
    | acorn.FunctionDeclaration
    | acorn.AnonymousFunctionDeclaration
    | acorn.FunctionExpression
    | acorn.ArrowFunctionExpression,
): void {
  const scope = new Set<string>();
  if (node.id && node.type === 'FunctionExpression') scope.add(node.id.name);
  if (node.type !== 'ArrowFunctionExpression') scope.add('arguments');
  for (const parameter of node.params) declarePattern(parameter, scope);
  declareHoisted(node.body.type === 'BlockStatement' ? node.body.body : [], scope);
  state.scopes.push(scope);
  for (const parameter of node.params) visit(state, parameter);
  visit(state, node.body);
  state.scopes.pop();
}

function noteWord(state: State, word: string): void {
  if (DEFINE_WORDS.has(word)) reachFor(state, 'define');
  else if (ASSIGN_WORDS.has(word)) reachFor(state, 'assign');
  if (word === 'eval' || word === 'Function') state.usesEval = true;
}

function reachFor(state: State, reach: RealmReach): void {
  state.reach = furthest([state.reach, reach]);
}

/** Something that is written to. */
function noteTarget(state: State, target: acorn.AnyNode): void {
  if (target.type === 'Identifier') {
    if (!state.scopes.some((scope) => scope.has(target.name))) state.assigned.push(target.name);
  } else if (target.type === 'MemberExpression') {
    state.mayMutate = true;
    if (rootIsUndeclared(state, target)) reachFor(state, 'assign');
  } else for (const child of childrenOf(target)) noteTarget(state, child);
}

/** `Math.x = 1`: the base is no variable of the script, so it may be a built-in. Variables of the place pass as such. */
function rootIsUndeclared(state: State, target: acorn.MemberExpression): boolean {
  let base: acorn.AnyNode = target.object;
  while (base.type === 'MemberExpression') base = base.object;
  if (base.type !== 'Identifier') return true;
  const { name } = base;
  return /^[A-Z]/.test(name) && !state.scopes.some((scope) => scope.has(name));
}

function noteCall(state: State, node: acorn.CallExpression | acorn.NewExpression): void {
  const callee = node.callee;
  const name =
    callee.type === 'Identifier'
      ? callee.name
      : callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier'
        ? callee.property.name
        : '';
  if (!PURE_CALLS.has(name)) state.mayMutate = true;
}

/** `var`, function and (a little too widely) block-scoped names of one function. */
function declareHoisted(nodes: readonly acorn.AnyNode[], scope: Set<string>): void {
  for (const node of nodes) {
    if (node.type === 'VariableDeclaration') for (const one of node.declarations) declarePattern(one.id, scope);
    if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id) scope.add(node.id.name);
    if (node.type === 'CatchClause' && node.param) declarePattern(node.param, scope);
    if (!/^(Function|Arrow|Class)/.test(node.type)) declareHoisted(childrenOf(node), scope);
  }
}

function lexicalNames(body: readonly acorn.AnyNode[]): readonly string[] {
  const names = new Set<string>();
  for (const node of body) {
    if (node.type === 'ClassDeclaration' && node.id) names.add(node.id.name);
    if (node.type !== 'VariableDeclaration' || node.kind === 'var') continue;
    for (const one of node.declarations) declarePattern(one.id, names);
  }
  return [...names];
}

export function declarePattern(pattern: acorn.AnyNode, scope: Set<string>): void {
  if (pattern.type === 'Identifier') scope.add(pattern.name);
  else if (pattern.type === 'AssignmentPattern') declarePattern(pattern.left, scope);
  else if (pattern.type === 'Property') declarePattern(pattern.value, scope);
  else for (const child of childrenOf(pattern)) declarePattern(child, scope);
}

export function childrenOf(node: acorn.AnyNode): readonly acorn.AnyNode[] {
  const children: acorn.AnyNode[] = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const one of value) pushNode(children, one);
    else pushNode(children, value);
  }
  return children;
}

function pushNode(list: acorn.AnyNode[], value: unknown): void {
  if (typeof value === 'object' && value !== null && typeof (value as acorn.Node).type === 'string')
    list.push(value as acorn.AnyNode);
}
