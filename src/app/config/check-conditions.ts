import type { Filter } from '../../base/query-filter.ts';
import { items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import { didYouMean } from './nearest-name.ts';
import { readFilter } from './read-filter.ts';
import { isScript } from './read-mapping.ts';
import { scriptSchema } from './schema-script.ts';

/** What the filters of each place are evaluated against (specification §9.4). */
const PROPERTY_ROOTS = ['object', 'target', 'linkQualifier', 'oldSource', 'oldTarget'];
const POLICY_ROOTS = ['object', 'linkQualifier'];
const SOURCE_ROOTS = ['source', 'linkQualifier'];

/** Conditions that are query filters. */
export function checkConditions(mapping: JsonNode, findings: Findings): void {
  checkSourceScript(member(mapping, 'sourceCondition'), findings);
  checkCondition(member(mapping, 'sourceCondition'), SOURCE_ROOTS, findings);
  for (const property of items(member(mapping, 'properties')))
    checkCondition(member(property, 'condition'), PROPERTY_ROOTS, findings);
  for (const policy of items(member(mapping, 'policies')))
    checkCondition(member(policy, 'condition'), POLICY_ROOTS, findings);
}

/** An object that looks like a script and is none would be taken for values that source objects must have. */
function checkSourceScript(node: JsonNode, findings: Findings): void {
  const value = node.value;
  if (!isScript(value) || scriptSchema.safeParse(value).success) return;
  const hint = 'A script has a "type", and a "source" or a "file", all of them texts.';
  report(findings, 'error', node, 'this looks like a script, but its text or file is not a text', hint);
}

/** The filter of a text, after a fault in it was reported; null if there is none. */
export function checkFilter(node: JsonNode, findings: Findings): Filter | null {
  const text = textOf(node);
  if (text === null) return null;
  const result = readFilter(text);
  if (result.ok) return result.filter;
  const hint = 'A filter is written: attribute eq "value" and …';
  report(findings, 'error', node, `the query filter cannot be read: ${result.message}`, hint);
  return null;
}

function checkCondition(node: JsonNode, roots: readonly string[], findings: Findings): void {
  if (textOf(node)?.trim() === '') return;
  const filter = checkFilter(node, findings);
  if (filter === null) return;
  for (const root of new Set(rootsOf(filter))) {
    if (roots.includes(root)) continue;
    const hint = didYouMean(root, roots) ?? `Paths begin with ${roots.map((name) => `/${name}`).join(', ')}.`;
    report(findings, 'warning', node, `the filter asks for /${root}, which is never there`, hint);
  }
}

function rootsOf(filter: Filter): readonly string[] {
  if ('parts' in filter) return filter.parts.flatMap(rootsOf);
  if ('part' in filter) return rootsOf(filter.part);
  return 'pointer' in filter ? filter.pointer.slice(0, 1) : [];
}
