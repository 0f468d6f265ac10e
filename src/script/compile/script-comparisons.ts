import type * as acorn from 'acorn';
import { childrenOf } from './analyze-script.ts';
import { memberName } from './script-reads.ts';

/** A part of a query that a script puts together: `uid eq "` + `source.name` + `"`. */
export interface Comparison {
  /** Attribute that is compared, or, with `queryId`, the parameter of that predefined query. */
  readonly name: string;
  readonly queryId: string | null;
  /** Attribute of `source` that it is compared with; null: not known, or another value. */
  readonly with: string | null;
}

const COMPARED = /(?:^|[\s("'`])\/?([A-Za-z_][\w/.-]{0,100})\s+(?:eq|sw|co)\s+["']?$/;
const INSIDE = /(?:^|[\s("'`])\/?([A-Za-z_][\w/.-]{0,100})\s+eq\s+["']?\w/g;
const QUERY_KEYS: ReadonlySet<string> = new Set(['_queryId', 'queryId']);

export function comparisonsIn(program: acorn.Program): readonly Comparison[] {
  const found = new Map<string, Comparison>();
  for (const one of program.body.flatMap(inNode)) found.set(JSON.stringify(one), one);
  return [...found.values()];
}

function inNode(node: acorn.AnyNode): readonly Comparison[] {
  if (node.type === 'BinaryExpression' && node.operator === '+') return inText(textParts(node));
  if (node.type === 'TemplateLiteral')
    return inText(node.quasis.flatMap((quasi, i) => [quasi.value.cooked ?? '', node.expressions[i] ?? '']));
  if (node.type === 'Literal' && typeof node.value === 'string') return inText([node.value]);
  const own = node.type === 'ObjectExpression' ? predefined(node) : [];
  return [...own, ...childrenOf(node).flatMap(inNode)];
}

type Part = string | acorn.AnyNode;

/** The operands of a concatenation, in order; texts that follow each other are one. */
function textParts(node: acorn.AnyNode): readonly Part[] {
  if (node.type === 'BinaryExpression' && node.operator === '+')
    return [...textParts(node.left), ...textParts(node.right)];
  return [node.type === 'Literal' && typeof node.value === 'string' ? node.value : node];
}

function inText(parts: readonly Part[]): readonly Comparison[] {
  return parts.flatMap((part, i): readonly Comparison[] => {
    if (typeof part !== 'string') return inNode(part);
    const fixed = [...part.matchAll(INSIDE)].map(([, name]) => comparison(name!, null));
    const next = parts[i + 1];
    const open = COMPARED.exec(part)?.[1];
    if (open === undefined || next === undefined || typeof next === 'string') return fixed;
    return [...fixed, comparison(open, sourceIn(next))];
  });
}

function comparison(name: string, from: string | null): Comparison {
  return { name, queryId: null, with: from };
}

/** `{_queryId: 'for-userName', uid: source.name}` */
function predefined(node: acorn.ObjectExpression): readonly Comparison[] {
  const members = node.properties.flatMap((one) => {
    if (one.type !== 'Property' || one.computed) return [];
    const name = one.key.type === 'Identifier' ? one.key.name : String((one.key as acorn.Literal).value);
    return [{ name, value: one.value }];
  });
  const id = members.find(({ name }) => QUERY_KEYS.has(name))?.value;
  if (id?.type !== 'Literal' || typeof id.value !== 'string') return [];
  const queryId = id.value;
  return members
    .filter(({ name }) => !QUERY_KEYS.has(name))
    .map(({ name, value }) => ({ name, queryId, with: sourceIn(value) }));
}

/** The one attribute of `source` that an expression is made of, whatever is done to it. */
function sourceIn(node: acorn.AnyNode): string | null {
  const names = new Set(sourcesIn(node));
  return names.size === 1 ? [...names][0]! : null;
}

function sourcesIn(node: acorn.AnyNode): readonly string[] {
  if (node.type === 'MemberExpression' && node.object.type === 'Identifier' && node.object.name === 'source')
    return [memberName(node) ?? ''];
  return childrenOf(node).flatMap(sourcesIn);
}
