import type * as acorn from 'acorn';
import { childrenOf } from './analyze-script.ts';
import { isFunction, memberName } from './script-reads.ts';

/** The expressions that may be the value of a program or of a function body that is written as one. */
export function valuesOf(body: readonly acorn.AnyNode[]): readonly acorn.AnyNode[] {
  return [...body.flatMap(returnsIn), ...lastValues(body)].flatMap(throughCall);
}

/** What a function that is called may return. */
export function returnedBy(node: acorn.Function): readonly acorn.AnyNode[] {
  const { body } = node;
  return body.type === 'BlockStatement' ? body.body.flatMap(returnsIn) : [body];
}

/** `(function () { … }())` is what it returns. */
function throughCall(node: acorn.AnyNode): readonly acorn.AnyNode[] {
  if (node.type !== 'CallExpression') return [node];
  const { callee } = node;
  if (isFunction(callee)) return returnedBy(callee).flatMap(throughCall);
  const isApplied = callee.type === 'MemberExpression' && /^(call|apply)$/.test(memberName(callee) ?? '');
  return isApplied && isFunction(callee.object) ? returnedBy(callee.object).flatMap(throughCall) : [node];
}

function returnsIn(node: acorn.AnyNode): readonly acorn.AnyNode[] {
  if (isFunction(node)) return [];
  if (node.type === 'ReturnStatement') return node.argument ? [node.argument] : [];
  return node.type.endsWith('Expression') ? [] : childrenOf(node).flatMap(returnsIn);
}

function lastValues(body: readonly acorn.AnyNode[]): readonly acorn.AnyNode[] {
  const last = body.findLast((node) => !/Declaration$|^EmptyStatement$/.test(node.type));
  return last === undefined ? [] : valuesOfStatement(last);
}

function valuesOfStatement(node: acorn.AnyNode): readonly acorn.AnyNode[] {
  switch (node.type) {
    case 'ExpressionStatement':
      return [node.expression];
    case 'BlockStatement':
      return lastValues(node.body);
    case 'IfStatement':
      return [...valuesOfStatement(node.consequent), ...(node.alternate ? valuesOfStatement(node.alternate) : [])];
    case 'TryStatement':
      return [...lastValues(node.block.body), ...(node.handler ? lastValues(node.handler.body.body) : [])];
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'LabeledStatement':
      return valuesOfStatement(node.body);
    case 'SwitchStatement':
      return node.cases.flatMap((one) => lastValues(one.consequent));
    default:
      return [];
  }
}

/** Methods that change nothing more when they are called on their own result. */
const NORMALIZERS: ReadonlySet<string> = new Set('toLowerCase toUpperCase trim toString normalize'.split(' '));

/** `source` → `''`; `source && source.toLowerCase()`, `source ? source.trim() : null` → the method; null: anything else. */
export function normalizerOf(value: acorn.AnyNode): string | null {
  if (value.type === 'Identifier') return value.name === 'source' ? '' : null;
  if (value.type === 'LogicalExpression') return value.operator === '&&' ? normalizerOf(value.right) : null;
  if (value.type === 'ConditionalExpression') return ofBranches(value);
  if (value.type !== 'CallExpression' || value.callee.type !== 'MemberExpression') return null;
  const method = memberName(value.callee) ?? '';
  return NORMALIZERS.has(method) && normalizerOf(value.callee.object) === '' ? method : null;
}

function ofBranches({ consequent, alternate }: acorn.ConditionalExpression): string | null {
  const isNothing = (node: acorn.AnyNode): boolean =>
    (node.type === 'Literal' && node.value === null) || normalizerOf(node) === '';
  if (isNothing(alternate)) return normalizerOf(consequent);
  return isNothing(consequent) ? normalizerOf(alternate) : null;
}
