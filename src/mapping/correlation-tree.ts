import { formatFilter, type Filter } from '../base/query-filter.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { compileCondition } from './condition.ts';
import { getAt } from '../base/json-pointer.ts';
import type { PropertyStep } from './program-payload.ts';
import type { ProgramRuntime } from './script-host.ts';

type Leaf = (source: JsonObject, linkQualifier: string) => string | number | boolean;
type Node = (source: JsonObject, linkQualifier: string) => Filter;

/**
 * Compiles an `expressionTree` (specification §3.3): `{all: […]}` joins with and, `{any: […]}` with or, a string leaf `f`
 * asks for the value that the mapping would give the target attribute `f`. A leaf without a value asks for `""`.
 */
export function compileTree(
  tree: Json,
  properties: readonly PropertyStep[],
  runtime: ProgramRuntime,
): (source: JsonObject, linkQualifier: string) => JsonObject {
  const node = compileNode(tree, properties, runtime);
  return (source, linkQualifier) => ({ _queryFilter: formatFilter(node(source, linkQualifier)) });
}

function compileNode(tree: Json, properties: readonly PropertyStep[], runtime: ProgramRuntime): Node {
  if (typeof tree === 'string') {
    const value = compileLeaf(tree, properties, runtime);
    const pointer = tree.split('/').filter((token) => token !== '');
    return (source, qualifier) => ({ kind: 'compare', operator: 'eq', pointer, value: value(source, qualifier) });
  }
  if (!isJsonObject(tree)) return () => ({ kind: 'always', value: false });
  const kind = Array.isArray(tree['any']) ? 'or' : 'and';
  const children = (kind === 'or' ? tree['any'] : tree['all']) as Json[] | undefined;
  const nodes = (children ?? []).map((child) => compileNode(child, properties, runtime));
  if (nodes.length === 1) return nodes[0]!;
  return (source, qualifier) => ({ kind, parts: nodes.map((node) => node(source, qualifier)) });
}

function compileLeaf(attribute: string, properties: readonly PropertyStep[], runtime: ProgramRuntime): Leaf {
  const name = attribute.replace(/^\//, '');
  const step = properties.find((entry) => entry.target.join('/') === name);
  if (step === undefined) return () => '';
  const isMet = compileCondition(step.condition, runtime, 'object');
  return (source, linkQualifier) => {
    if (step.linkQualifier !== null && step.linkQualifier !== linkQualifier) return '';
    if (!isMet({ object: source, linkQualifier, target: null, oldSource: null })) return '';
    let value: Json = step.source === null ? null : (getAt(source, step.source) ?? null);
    if (step.transform !== null) value = runtime.call(step.transform, { source: value, linkQualifier });
    value ??= step.default;
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : '';
  };
}
