import type * as acorn from 'acorn';
import { childrenOf } from './analyze-script.ts';
import { isFunction, memberName } from './script-reads.ts';
import { returnedBy } from './script-values.ts';

/** Why an expression has another value each time, although the data is the same. */
export interface Volatility {
  readonly kind: 'random' | 'time' | 'encryption' | 'salt' | 'revision';
  /** As written: `Math.random`, `new Date`. */
  readonly cause: string;
}

const RANDOM: ReadonlySet<string> = new Set(
  'random randomUUID getRandomValues randomBytes randomInt nextInt nextLong nextDouble uuid uuidv4 uniqueId'.split(' '),
);
const NOW: ReadonlySet<string> = new Set('currentTimeMillis nanoTime now'.split(' '));
/** What is left of a time changes by the day or by the hour, not from one call to the next. */
const COARSE: ReadonlySet<string> = new Set(
  (
    'getFullYear getYear getMonth getDate getDay getHours getUTCFullYear getUTCMonth getUTCDate getUTCDay getUTCHours ' +
    'toDateString toLocaleDateString format slice substring substr split floor round ceil trunc parseInt charAt'
  ).split(' '),
);
const COMPARISON = /^([!=]==?|[<>]=?|in|instanceof)$/;
const MAX_DEPTH = 200;

/** Tells of the expressions of one program. A variable is as volatile as anything that it is ever given. */
export function volatilities(program: acorn.Program): (node: acorn.AnyNode) => Volatility | null {
  const given = new Map<string, acorn.AnyNode[]>();
  const functions = new Map<string, acorn.Function>();
  for (const statement of program.body) collect(statement, given, functions);
  const known = new Map<string, Volatility | null>();
  return (node) => volatility(node, { given, functions, known }, 0);
}

interface Names {
  readonly given: ReadonlyMap<string, readonly acorn.AnyNode[]>;
  readonly functions: ReadonlyMap<string, acorn.Function>;
  readonly known: Map<string, Volatility | null>;
}

function collect(
  node: acorn.AnyNode,
  given: Map<string, acorn.AnyNode[]>,
  functions: Map<string, acorn.Function>,
): void {
  const give = (name: string, value: acorn.AnyNode): void => {
    const values = given.get(name);
    if (values === undefined) given.set(name, [value]);
    else values.push(value);
  };
  if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init) {
    if (isFunction(node.init)) functions.set(node.id.name, node.init);
    else give(node.id.name, node.init);
  }
  if (node.type === 'AssignmentExpression' && node.left.type === 'Identifier') give(node.left.name, node.right);
  if (node.type === 'FunctionDeclaration' && node.id) functions.set(node.id.name, node);
  for (const child of childrenOf(node)) collect(child, given, functions);
}

function volatility(node: acorn.AnyNode, names: Names, depth: number): Volatility | null {
  if (depth > MAX_DEPTH) return null;
  const first = (nodes: readonly (acorn.AnyNode | null | undefined)[]): Volatility | null => {
    for (const one of nodes) {
      const found = one ? volatility(one, names, depth + 1) : null;
      if (found !== null) return found;
    }
    return null;
  };
  switch (node.type) {
    case 'Identifier':
      return ofVariable(node.name, names, first);
    case 'BinaryExpression':
      return COMPARISON.test(node.operator) ? null : first([node.left, node.right]);
    case 'UnaryExpression':
      return node.operator === '!' || node.operator === 'typeof' ? null : first([node.argument]);
    case 'LogicalExpression':
      return node.operator !== '&&' && looksAtTarget(node.left) ? null : first([node.left, node.right]);
    case 'ConditionalExpression':
      return looksAtTarget(node.test) ? null : first([node.consequent, node.alternate]);
    case 'AssignmentExpression':
      return first([node.right]);
    case 'SequenceExpression':
      return first([node.expressions.at(-1)]);
    case 'MemberExpression':
      return ofRevision(node, names) ?? first([node.object]);
    case 'NewExpression':
      return ofNew(node, names, first);
    case 'CallExpression':
      return ofCall(node, names, first);
    default:
      return isFunction(node) ? null : first(childrenOf(node));
  }
}

type First = (nodes: readonly (acorn.AnyNode | null | undefined)[]) => Volatility | null;

function ofVariable(name: string, names: Names, first: First): Volatility | null {
  const known = names.known.get(name);
  if (known !== undefined) return known;
  names.known.set(name, null);
  const found = first(names.given.get(name) ?? []);
  names.known.set(name, found);
  return found;
}

function ofNew(node: acorn.NewExpression, names: Names, first: First): Volatility | null {
  const callee = aliased(node.callee, names);
  const name = callee.type === 'Identifier' ? callee.name : lastName(callee);
  if (name === 'Date' && node.arguments.length === 0) return { kind: 'time', cause: 'new Date()' };
  if (name === 'SecureRandom' || name === 'Random') return { kind: 'random', cause: `new ${name}()` };
  return first(node.arguments);
}

function ofCall(node: acorn.CallExpression, names: Names, first: First): Volatility | null {
  const callee = aliased(node.callee, names);
  const name = callee.type === 'Identifier' ? callee.name : lastName(callee);
  const own = ofName(name, callee, node.arguments.length);
  if (own !== null) return own;
  const called = isFunction(callee)
    ? callee
    : callee.type === 'Identifier'
      ? names.functions.get(callee.name)
      : undefined;
  const parts = [...(called === undefined ? [] : returnedBy(called)), ...node.arguments];
  const found = first(callee.type === 'MemberExpression' ? [callee.object, ...parts] : parts);
  return found?.kind === 'time' && COARSE.has(name) ? null : found;
}

/** What a name stands for that is given one thing only: `var r = Math.random; r()`. Also `Math.random.call(…)`. */
function aliased(callee: acorn.AnyNode, names: Names, depth = 0): acorn.AnyNode {
  if (callee.type === 'MemberExpression' && /^(call|apply)$/.test(memberName(callee) ?? '') && depth < MAX_ALIASES)
    return aliased(callee.object, names, depth + 1);
  if (callee.type !== 'Identifier' || depth >= MAX_ALIASES) return callee;
  const given = names.given.get(callee.name) ?? [];
  const [value] = given;
  const isName = value?.type === 'MemberExpression' || value?.type === 'Identifier';
  return given.length === 1 && isName ? aliased(value, names, depth + 1) : callee;
}

const MAX_ALIASES = 5;

/** An object has another revision after each write, also after one that this value caused. */
function ofRevision(node: acorn.MemberExpression, names: Names): Volatility | null {
  if (memberName(node) !== '_rev' || !isRead(node.object, names, 0)) return null;
  return { kind: 'revision', cause: '_rev of what openidm.read() gives' };
}

/** What `openidm.read` or `openidm.query` gives, or a part of it. */
function isRead(node: acorn.AnyNode, names: Names, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (node.type === 'MemberExpression') return isRead(node.object, names, depth + 1);
  if (node.type === 'LogicalExpression')
    return isRead(node.left, names, depth + 1) || isRead(node.right, names, depth + 1);
  if (node.type === 'Identifier')
    return (names.given.get(node.name) ?? []).some((value) => value !== node && isRead(value, names, depth + 20));
  if (node.type !== 'CallExpression') return false;
  const { callee } = node;
  if (callee.type !== 'MemberExpression') return false;
  return nameOf(callee.object) === 'openidm' && /^(read|query)$/.test(memberName(callee) ?? '');
}

function ofName(name: string, callee: acorn.AnyNode, count: number): Volatility | null {
  const owner = callee.type === 'MemberExpression' ? nameOf(callee.object) : '';
  const cause = `${owner === '' ? '' : `${owner}.`}${name}()`;
  if (owner === 'openidm' && name === 'encrypt') return { kind: 'encryption', cause };
  if (owner === 'openidm' && name === 'hash') return { kind: 'salt', cause };
  if (RANDOM.has(name)) return { kind: 'random', cause };
  if (count === 0 && (NOW.has(name) || (name === 'Date' && owner === ''))) return { kind: 'time', cause };
  return null;
}

/** A value that is chosen by what the target holds stays what it is. */
function looksAtTarget(node: acorn.AnyNode): boolean {
  if (node.type === 'Identifier') return /^(target|oldTarget|existingTarget|oldSource)$/.test(node.name);
  return childrenOf(node).some(looksAtTarget);
}

function lastName(node: acorn.AnyNode): string {
  return node.type === 'MemberExpression' ? (memberName(node) ?? '') : '';
}

function nameOf(node: acorn.AnyNode): string {
  return node.type === 'Identifier' ? node.name : lastName(node);
}
