import type * as acorn from 'acorn';
import { childrenOf, declarePattern, PURE_CALLS } from './analyze-script.ts';

/** Attributes of a variable that a script looks at; null: it may look at any. */
export type ReadsByVariable = Map<string, Set<string> | null>;

/**
 * What a script reads of its variables, if its value depends on nothing else and it leaves them as they are: then it does
 * not matter when it is called, nor what else lies in them. Null for every script of which this is not certain.
 */
export function scriptReads(
  program: acorn.Program,
  variables: readonly string[],
  constants: readonly string[],
): ReadsByVariable | null {
  const reader = new Reader(variables, constants);
  for (const statement of program.body) reader.collect(statement);
  for (const statement of program.body) reader.visit(statement);
  return reader.isCertain ? reader.reads : null;
}

const GLOBALS: ReadonlySet<string> = new Set(
  (
    'undefined NaN Infinity JSON Math String Number Boolean Date RegExp Array Object Error TypeError RangeError Map Set ' +
    'parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent encodeURI decodeURI escape unescape'
  ).split(' '),
);

/** A local variable with one of these names could be mistaken for what the name means elsewhere in the script. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'openidm identityServer logger console require load exports module java javax org com Packages print println ' +
    'globalThis eval Function arguments Reflect Proxy'
  ).split(' '),
);

const UNCERTAIN: ReadonlySet<string> = new Set([
  'ThisExpression',
  'WithStatement',
  'MetaProperty',
  'ImportExpression',
  'TaggedTemplateExpression',
  'YieldExpression',
  'AwaitExpression',
  'ClassDeclaration',
  'ClassExpression',
  'Super',
]);

const NEW_LIST_CALLS: ReadonlySet<string> = new Set(
  'split map filter slice concat flat match keys entries parse'.split(' '),
);

class Reader {
  readonly reads: ReadsByVariable = new Map();
  isCertain = true;
  readonly #variables: ReadonlySet<string>;
  readonly #constants: ReadonlySet<string>;
  /** Names that the script declares or assigns to → whether all that they ever hold was made by the script itself. */
  readonly #own = new Map<string, boolean>();

  constructor(variables: readonly string[], constants: readonly string[]) {
    this.#variables = new Set(variables);
    this.#constants = new Set(constants);
  }

  /** First pass: names, and what they are given. */
  collect(node: acorn.AnyNode): void {
    if (node.type === 'VariableDeclarator') this.#collectDeclarator(node);
    else if (node.type === 'AssignmentExpression' && node.left.type === 'Identifier')
      this.#hold(node.left.name, node.operator !== '=' || this.#isNew(node.right));
    else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') this.#collectPattern(node.left);
    else if (node.type === 'CatchClause' && node.param) this.#collectPattern(node.param);
    else if (isFunction(node)) {
      if (node.id) this.#hold(node.id.name, false);
      for (const parameter of node.params) this.#collectPattern(parameter);
    }
    for (const child of childrenOf(node)) this.collect(child);
  }

  visit(node: acorn.AnyNode): void {
    if (UNCERTAIN.has(node.type)) this.isCertain = false;
    else if (node.type === 'Identifier') this.#refer(node.name);
    else if (node.type === 'MemberExpression') this.#visitMember(node);
    else if (node.type === 'Property') this.#visitParts(node.computed ? node.key : null, node.value);
    else if (node.type === 'LabeledStatement') this.visit(node.body);
    else if (node.type === 'BreakStatement' || node.type === 'ContinueStatement') return;
    else {
      this.#checkEffect(node);
      for (const child of childrenOf(node)) this.visit(child);
    }
  }

  #visitParts(...nodes: readonly (acorn.AnyNode | null)[]): void {
    for (const node of nodes) if (node !== null) this.visit(node);
  }

  #visitMember(node: acorn.MemberExpression): void {
    const name = memberName(node);
    if (name === null) this.#visitParts(node.object, node.property);
    else if (node.object.type === 'Identifier' && this.#isPlainVariable(node.object.name))
      this.#read(node.object.name, name);
    else this.visit(node.object);
  }

  #isPlainVariable(name: string): boolean {
    return this.#variables.has(name) && !this.#own.has(name);
  }

  #read(variable: string, attribute: string): void {
    const known = this.reads.get(variable);
    if (attribute in Object.prototype || known === null) this.reads.set(variable, null);
    else if (known === undefined) this.reads.set(variable, new Set([attribute]));
    else known.add(attribute);
  }

  #refer(name: string): void {
    if (RESERVED.has(name)) this.isCertain = false;
    else if (this.#variables.has(name)) this.reads.set(name, null);
    else if (!this.#own.has(name) && !this.#constants.has(name) && !GLOBALS.has(name)) this.isCertain = false;
  }

  /** Whatever changes something must change what the script made itself. */
  #checkEffect(node: acorn.AnyNode): void {
    if (node.type === 'AssignmentExpression') this.#checkTarget(node.left);
    else if (node.type === 'UpdateExpression') this.#checkTarget(node.argument);
    else if (node.type === 'UnaryExpression' && node.operator === 'delete') this.#checkTarget(node.argument);
    else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') this.#checkTarget(node.left);
    else if (node.type === 'CallExpression' || node.type === 'NewExpression') this.#checkCall(node);
  }

  #checkTarget(target: acorn.AnyNode): void {
    if (target.type === 'MemberExpression') this.isCertain &&= this.#isOwn(target.object);
    else if (target.type === 'Identifier') this.isCertain &&= !GLOBALS.has(target.name);
    else if (target.type !== 'VariableDeclaration') this.isCertain = false;
  }

  #checkCall(node: acorn.CallExpression | acorn.NewExpression): void {
    const { callee } = node;
    if (callee.type === 'MemberExpression') {
      const name = memberName(callee);
      if (name === null || !PURE_CALLS.has(name)) this.isCertain &&= name !== null && this.#isOwn(callee.object);
    } else if (callee.type !== 'Identifier' && !isFunction(callee)) this.isCertain = false;
  }

  #isOwn(node: acorn.AnyNode): boolean {
    return node.type === 'Identifier' ? this.#own.get(node.name) === true : this.#isNew(node);
  }

  /** A value that nothing outside the script holds. */
  #isNew(node: acorn.AnyNode | null | undefined): boolean {
    if (!node) return true;
    if (/^(Literal|TemplateLiteral|BinaryExpression|UnaryExpression|(Array|Object|New)Expression)$/.test(node.type))
      return true;
    if (node.type === 'ConditionalExpression') return this.#isNew(node.consequent) && this.#isNew(node.alternate);
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return false;
    return NEW_LIST_CALLS.has(memberName(node.callee) ?? '');
  }

  #collectDeclarator(node: acorn.VariableDeclarator): void {
    if (node.id.type === 'Identifier') this.#hold(node.id.name, this.#isNew(node.init));
    else this.#collectPattern(node.id);
  }

  #collectPattern(pattern: acorn.AnyNode): void {
    const names = new Set<string>();
    declarePattern(pattern.type === 'VariableDeclaration' ? pattern.declarations[0]!.id : pattern, names);
    for (const name of names) this.#hold(name, false);
  }

  #hold(name: string, isNew: boolean): void {
    if (RESERVED.has(name)) this.isCertain = false;
    this.#own.set(name, isNew && this.#own.get(name) !== false);
  }
}

/** `a.b`, `a['b']`: `b`. */
export function memberName(node: acorn.MemberExpression): string | null {
  const { property } = node;
  if (!node.computed) return property.type === 'Identifier' ? property.name : null;
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : null;
}

export function isFunction(
  node: acorn.AnyNode,
): node is acorn.FunctionDeclaration | acorn.FunctionExpression | acorn.ArrowFunctionExpression {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}
