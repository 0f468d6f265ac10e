import type * as acorn from 'acorn';
import { childrenOf } from './analyze-script.ts';
import { parseScript } from './parse-script.ts';
import { comparisonsIn, type Comparison } from './script-comparisons.ts';
import { isFunction, memberName } from './script-reads.ts';
import { normalizerOf, valuesOf } from './script-values.ts';
import { volatilities, type Volatility } from './volatility.ts';

/**
 * What the text of a script tells about the data that flows through it. It is read, never run; where the text does not tell,
 * nothing is claimed: it serves for advice, not for safety.
 */
export interface ScriptEffects {
  /** Attributes of each variable that are looked at; null: possibly any. Variables that are not looked at are absent. */
  readonly reads: ReadonlyMap<string, ReadonlySet<string> | null>;
  /** Why the value differs from one call to the next; null: nothing is known that would make it differ. */
  readonly volatility: Volatility | null;
  /** The value is the variable `source` through this method alone (`toLowerCase`, `trim`); `''`: as it is; null: otherwise. */
  readonly normalizer: string | null;
  readonly writes: readonly MemberWrite[];
  /** Variables that are given away or written by computed names: any attribute of them may be written. */
  readonly escaping: ReadonlySet<string>;
  /** Functions of `openidm` that change something: `create`, `update` … */
  readonly changes: ReadonlySet<string>;
  /** What a query that the script puts together compares with what. */
  readonly comparisons: readonly Comparison[];
}

/** An assignment to an attribute of a variable: `target.mail = …`. */
export interface MemberWrite {
  readonly variable: string;
  readonly attribute: string;
  /** Something decides whether it happens. */
  readonly isConditional: boolean;
  readonly volatility: Volatility | null;
  /** What is written grows out of what was there: `target.count += 1`. */
  readonly usesItself: boolean;
  /** What is written is made of what was there, in whatever way: `object.mail = object.mail.trim()`. */
  readonly isSelfMade: boolean;
  /** Attributes of `source` that it is made of; null: not known. */
  readonly sources: readonly string[] | null;
  /** The value is an attribute of `source` as it is. */
  readonly isCopy: boolean;
}

const CHANGING: ReadonlySet<string> = new Set('create update patch delete action'.split(' '));
const GROWING: ReadonlySet<string> = new Set('push unshift'.split(' '));
const CHANGED: ReadonlySet<string> = new Set([
  ...GROWING,
  ...'pop shift splice sort reverse add put remove'.split(' '),
]);

/** Null for a text that does not parse, or is nested too deeply. */
export function scriptEffects(code: string, variables: readonly string[]): ScriptEffects | null {
  const parsed = parseScript(code, { isModule: false });
  if (!('program' in parsed)) return null;
  try {
    return effectsOf(parsed.program, variables);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function effectsOf(program: acorn.Program, variables: readonly string[]): ScriptEffects {
  const volatilityOf = volatilities(program);
  const walk: Walk = {
    variables: new Set(variables),
    volatilityOf,
    reads: new Map(),
    writes: [],
    escaping: new Set(),
    changes: new Set(),
  };
  for (const statement of program.body) visit(walk, statement, false);
  const values = valuesOf(program.body);
  return {
    reads: walk.reads,
    volatility: values.map(volatilityOf).find((one) => one !== null) ?? null,
    normalizer: values.length === 1 ? normalizerOf(values[0]!) : null,
    writes: walk.writes,
    escaping: walk.escaping,
    changes: walk.changes,
    comparisons: comparisonsIn(program),
  };
}

interface Walk {
  readonly variables: ReadonlySet<string>;
  readonly volatilityOf: (node: acorn.AnyNode) => Volatility | null;
  readonly reads: Map<string, Set<string> | null>;
  readonly writes: MemberWrite[];
  readonly escaping: Set<string>;
  readonly changes: Set<string>;
}

const DECIDING: ReadonlySet<string> = new Set(
  (
    'IfStatement ConditionalExpression LogicalExpression SwitchCase ForStatement ForInStatement ForOfStatement ' +
    'WhileStatement DoWhileStatement CatchClause FunctionDeclaration FunctionExpression ArrowFunctionExpression'
  ).split(' '),
);

function visit(walk: Walk, node: acorn.AnyNode, isConditional: boolean, isCalledAtOnce = false): void {
  noteRead(walk, node);
  noteWrite(walk, node, isConditional);
  if (node.type === 'CallExpression') noteCall(walk, node, isConditional);
  const called = node.type === 'CallExpression' && isFunction(node.callee) ? node.callee : null;
  const isDecided = isConditional || (DECIDING.has(node.type) && !isCalledAtOnce);
  for (const child of childrenOf(node)) if (!isUnread(node, child)) visit(walk, child, isDecided, child === called);
}

/** A name that is no variable: the key of a literal, a label, the property of a member that is noted with its object. */
function isUnread(parent: acorn.AnyNode, child: acorn.AnyNode): boolean {
  if (child.type !== 'Identifier') return false;
  if (parent.type === 'MemberExpression')
    return parent.property === child ? !parent.computed : memberName(parent) !== null;
  if (parent.type === 'Property') return parent.key === child && !parent.computed && !parent.shorthand;
  return parent.type === 'LabeledStatement' || parent.type === 'BreakStatement' || parent.type === 'ContinueStatement';
}

function noteRead(walk: Walk, node: acorn.AnyNode): void {
  if (node.type === 'Identifier') {
    if (walk.variables.has(node.name)) walk.reads.set(node.name, null);
    return;
  }
  if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return;
  const { name } = node.object;
  const attribute = memberName(node);
  if (attribute === null || !walk.variables.has(name)) return;
  const known = walk.reads.get(name);
  if (known === undefined) walk.reads.set(name, new Set([attribute]));
  else known?.add(attribute);
}

function noteWrite(walk: Walk, node: acorn.AnyNode, isConditional: boolean): void {
  const target = writtenBy(node);
  if (target === null) return;
  const place = placeOf(walk, target);
  if (place === null) return;
  if (place.attribute === null) {
    walk.escaping.add(place.variable);
    return;
  }
  const { variable, attribute } = place;
  const value = node.type === 'AssignmentExpression' ? node.right : null;
  const isCompound =
    node.type === 'UpdateExpression' || (node.type === 'AssignmentExpression' && node.operator !== '=');
  walk.writes.push({
    variable,
    attribute,
    isConditional: isConditional || (node.type === 'AssignmentExpression' && /^(\|\||&&|\?\?)=$/.test(node.operator)),
    volatility: value === null ? null : walk.volatilityOf(value),
    usesItself: (isCompound && !isDefaulting(node)) || (value !== null && growsFrom(value, variable, attribute)),
    isSelfMade: isCompound || (value !== null && mentions(value, variable, attribute)),
    sources: value === null ? null : sourcesOf(value),
    isCopy: value !== null && sourceMember(value) !== null,
  });
}

function isDefaulting(node: acorn.AnyNode): boolean {
  return node.type === 'AssignmentExpression' && /^(\|\||\?\?|&&)=$/.test(node.operator);
}

function writtenBy(node: acorn.AnyNode): acorn.AnyNode | null {
  if (node.type === 'AssignmentExpression') return node.left;
  if (node.type === 'UpdateExpression') return node.argument;
  return node.type === 'UnaryExpression' && node.operator === 'delete' ? node.argument : null;
}

interface Place {
  readonly variable: string;
  /** Null: a computed name. */
  readonly attribute: string | null;
}

/** `target.address.city`: the attribute `address` of `target`. */
function placeOf(walk: Walk, target: acorn.AnyNode): Place | null {
  let node = target;
  while (node.type === 'MemberExpression' && node.object.type === 'MemberExpression') node = node.object;
  if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return null;
  const { name } = node.object;
  return walk.variables.has(name) ? { variable: name, attribute: memberName(node) } : null;
}

function noteCall(walk: Walk, node: acorn.CallExpression, isConditional: boolean): void {
  const { callee } = node;
  for (const argument of node.arguments)
    if (argument.type === 'Identifier' && walk.variables.has(argument.name)) walk.escaping.add(argument.name);
  if (callee.type !== 'MemberExpression') return;
  const name = memberName(callee) ?? '';
  if (callee.object.type === 'Identifier' && callee.object.name === 'openidm' && CHANGING.has(name))
    walk.changes.add(name);
  const place = CHANGED.has(name) ? placeOf(walk, callee.object) : null;
  if (place === null || place.attribute === null) return;
  const { variable, attribute } = place;
  const usesItself = GROWING.has(name);
  const unknown = { volatility: null, sources: null, isCopy: false, isSelfMade: true };
  walk.writes.push({ variable, attribute, isConditional, usesItself, ...unknown });
}

/** `target.a + 'x'`, `target.a.concat(…)`: longer than what was there each time. `target.a || 'x'` is not. */
function growsFrom(value: acorn.AnyNode, variable: string, attribute: string): boolean {
  const isIt = (node: acorn.AnyNode): boolean => isMember(node, variable, attribute);
  if (value.type === 'BinaryExpression' && /^[+*/-]$/.test(value.operator))
    return [value.left, value.right].some((part) => isIt(part) || growsFrom(part, variable, attribute));
  if (value.type === 'TemplateLiteral') return value.expressions.some(isIt);
  if (value.type === 'ArrayExpression')
    return value.elements.some((one) => one?.type === 'SpreadElement' && isIt(one.argument));
  if (value.type !== 'CallExpression' || value.callee.type !== 'MemberExpression') return false;
  return memberName(value.callee) === 'concat' && isIt(value.callee.object);
}

function isMember(node: acorn.AnyNode, variable: string, attribute: string): boolean {
  if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return false;
  return node.object.name === variable && memberName(node) === attribute;
}

function mentions(node: acorn.AnyNode, variable: string, attribute: string): boolean {
  return isMember(node, variable, attribute) || childrenOf(node).some((child) => mentions(child, variable, attribute));
}

/** Attributes of `source` in an expression; null when it uses something else that may hold some. */
function sourcesOf(value: acorn.AnyNode): readonly string[] | null {
  const found: string[] = [];
  const isKnown = (node: acorn.AnyNode): boolean => {
    const attribute = sourceMember(node);
    if (attribute !== null) return found.push(attribute) > 0;
    if (node.type === 'Identifier') return /^[A-Z]|^(undefined|NaN)$/.test(node.name);
    return childrenOf(node).every((child) => isUnread(node, child) || isKnown(child));
  };
  return isKnown(value) ? found : null;
}

function sourceMember(node: acorn.AnyNode): string | null {
  if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return null;
  return node.object.name === 'source' ? memberName(node) : null;
}
