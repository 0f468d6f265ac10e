import { parsePointer } from '../../base/json-pointer.ts';
import { attributesOf } from './check-paths.ts';
import { items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import { didYouMean } from './nearest-name.ts';
import type { ProjectFacts } from './project-facts.ts';

/** What `properties` read and write. */
export function checkProperties(mapping: JsonNode, facts: ProjectFacts, findings: Findings): void {
  const properties = items(member(mapping, 'properties'));
  checkOverwritten(properties, findings);
  for (const property of properties) {
    const target = textOf(member(property, 'target'));
    if (target !== null && parsePointer(target).length === 0)
      report(findings, 'error', member(property, 'target'), 'cannot replace root object', 'Name an attribute.');
    checkAttribute(property, 'source', mapping, facts, findings);
    checkAttribute(property, 'target', mapping, facts, findings);
    if (isPointless(property))
      report(
        findings,
        'warning',
        property,
        `"${target ?? ''}" is always cleared: there is no "source", "transform" or "default"`,
        'Add one of the three.',
      );
  }
}

/** The first of two entries is pointless when the second has no condition. */
function checkOverwritten(properties: readonly JsonNode[], findings: Findings): void {
  const seen = new Map<string, number>();
  properties.forEach((property, i) => {
    const node = member(property, 'target');
    const target = textOf(node);
    if (target === null) return;
    const key = parsePointer(target).join('\0');
    const first = seen.get(key);
    if (first !== undefined && member(property, 'condition').value === undefined)
      report(
        findings,
        'warning',
        node,
        `"${target}" is written twice; this entry always wins`,
        `See properties/${first}.`,
      );
    seen.set(key, i);
  });
}

function checkAttribute(
  property: JsonNode,
  key: 'source' | 'target',
  mapping: JsonNode,
  facts: ProjectFacts,
  findings: Findings,
): void {
  const node = member(property, key);
  const path = textOf(member(mapping, key));
  const attribute = parsePointer(textOf(node) ?? '')[0];
  const known = path === null ? null : attributesOf(path, facts);
  if (attribute === undefined || known === null || known.has(attribute) || isInternal(attribute)) return;
  const effect = key === 'source' ? 'it reads as absent' : 'writing it will be refused';
  const hint = didYouMean(attribute, known) ?? `It has ${[...known].slice(0, 20).join(', ')}.`;
  report(findings, 'warning', node, `${path} has no attribute "${attribute}": ${effect}`, hint);
}

/** `_id`, `__NAME__`: not declared, but known to every connector. */
function isInternal(attribute: string): boolean {
  return attribute.startsWith('_');
}

function isPointless(property: JsonNode): boolean {
  const hasValue = ['source', 'transform', 'default'].some((key) => member(property, key).value !== undefined);
  return !hasValue && textOf(member(property, 'target')) !== null;
}
