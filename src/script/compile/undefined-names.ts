import type * as acorn from 'acorn';
import { childrenOf, declarePattern } from './analyze-script.ts';
import { parseScript } from './parse-script.ts';
import { isFunction, memberName } from './script-reads.ts';

/** A name that means nothing where it stands, and its first place in the text, both from 1. */
export interface UndefinedName {
  readonly name: string;
  readonly line: number;
  readonly column: number;
}

/** What every script finds besides the variables of its place: the language, and what the realm of scripts adds to it. */
export const REALM_GLOBALS: ReadonlySet<string> = new Set(
  (
    'Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error ' +
    'AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError globalThis JSON Math Intl ' +
    'ArrayBuffer Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float16Array Float32Array Float64Array ' +
    'Uint8ClampedArray BigUint64Array BigInt64Array DataView Map BigInt Set Iterator WeakMap WeakSet WeakRef Proxy Reflect ' +
    'FinalizationRegistry DisposableStack AsyncDisposableStack decodeURI decodeURIComponent encodeURI encodeURIComponent escape ' +
    'unescape eval isFinite isNaN openidm identityServer logger console print global Packages java javax org com importClass ' +
    'importPackage JavaImporter JavaAdapter'
  ).split(' '),
);

/** Names that functions and scripts have without a declaration. */
const HIDDEN: ReadonlySet<string> = new Set(['arguments', 'require', 'load']);

/** Of a script that uses one of them, nothing is claimed: names may come from anywhere. */
const UNKNOWN_SCOPE: ReadonlySet<string> = new Set(['eval', 'Function', 'load', 'importClass', 'importPackage']);

/**
 * Names that a script reads and that are neither `known` nor global, neither declared nor assigned to anywhere in it: where it gets there, it
 * fails. Not told: what it asks `typeof` of, and what stands in a `try` whose errors it catches. It is advice: where the text does not tell,
 * nothing is claimed.
 */
export function undefinedNames(code: string, known: readonly string[]): readonly UndefinedName[] {
  const parsed = parseScript(code, { isModule: false });
  if (!('program' in parsed)) return [];
  const state: State = { own: new Set(known), used: new Map(), isUnknown: false };
  try {
    visit(state, parsed.program, false);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
  if (state.isUnknown) return [];
  return [...state.used]
    .filter(([name]) => !state.own.has(name) && !REALM_GLOBALS.has(name) && !HIDDEN.has(name))
    .map(([name, at]) => ({ name, ...placeIn(parsed.text, at, parsed.leading) }));
}

interface State {
  /** Given, declared, assigned to, or asked for with `typeof`, in whatever scope. */
  readonly own: Set<string>;
  /** Where each name is read first. */
  readonly used: Map<string, number>;
  isUnknown: boolean;
}

function visit(state: State, node: acorn.AnyNode, isCaught: boolean): void {
  declare(state, node);
  switch (node.type) {
    case 'Identifier':
      use(state, node, isCaught);
      return;
    case 'WithStatement':
      state.isUnknown = true;
      return;
    case 'MemberExpression':
      noteGlobalMember(state, node);
      visitAll(state, node.computed ? [node.object, node.property] : [node.object], isCaught);
      return;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      visitAll(state, node.computed ? [node.key, node.value] : [node.value], isCaught);
      return;
    case 'LabeledStatement':
      visit(state, node.body, isCaught);
      return;
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
      return;
    case 'TryStatement':
      visit(state, node.block, isCaught || node.handler != null);
      visitAll(state, [node.handler, node.finalizer], isCaught);
      return;
    default:
      visitAll(state, childrenOf(node), isCaught);
  }
}

function visitAll(state: State, nodes: readonly (acorn.AnyNode | null | undefined)[], isCaught: boolean): void {
  for (const node of nodes) if (node) visit(state, node, isCaught);
}

function use(state: State, { name, start }: acorn.Identifier, isCaught: boolean): void {
  if (UNKNOWN_SCOPE.has(name)) state.isUnknown = true;
  if (!isCaught && !state.used.has(name)) state.used.set(name, start);
}

function declare({ own }: State, node: acorn.AnyNode): void {
  if (isFunction(node)) {
    if (node.id) own.add(node.id.name);
    for (const parameter of node.params) declarePattern(parameter, own);
  }
  switch (node.type) {
    case 'VariableDeclarator':
      return declarePattern(node.id, own);
    case 'ClassDeclaration':
    case 'ClassExpression':
      if (node.id) own.add(node.id.name);
      return;
    case 'CatchClause':
      if (node.param) declarePattern(node.param, own);
      return;
    case 'AssignmentExpression':
      return assign(own, node.left);
    case 'ForInStatement':
    case 'ForOfStatement':
      return assign(own, node.left);
    case 'UnaryExpression':
      if (node.operator === 'typeof' && node.argument.type === 'Identifier') own.add(node.argument.name);
      return;
    default:
  }
}

/** What is assigned to without a declaration becomes a variable of the script. */
function assign(own: Set<string>, target: acorn.AnyNode): void {
  if (target.type === 'Identifier' || target.type.endsWith('Pattern')) declarePattern(target, own);
}

/** `globalThis.x`, `this.x`: whoever writes so knows that `x` is global. */
function noteGlobalMember({ own }: State, node: acorn.MemberExpression): void {
  const { object } = node;
  const isGlobal =
    object.type === 'ThisExpression' || (object.type === 'Identifier' && /^(globalThis|global)$/.test(object.name));
  const name = isGlobal ? memberName(node) : null;
  if (name !== null) own.add(name);
}

function placeIn(text: string, at: number, leading: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  return { line, column: line === 1 ? column - leading : column };
}
