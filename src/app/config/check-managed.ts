import { CBC, GCM } from '../../crypto/envelope.ts';
import { MANAGED_PROPERTY_HOOKS } from '../../managed/managed-config.ts';
import { checkScripts } from './check-scripts.ts';
import { entries, items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import { nearestName } from './nearest-name.ts';
import type { ScriptFiles } from './script-files.ts';

const READ_KEYS = [
  'encryption',
  'secureHash',
  'scope',
  'isVirtual',
  'returnByDefault',
  'searchable',
  ...MANAGED_PROPERTY_HOOKS,
];

export function checkManaged(root: JsonNode, scripts: ScriptFiles, findings: Findings): void {
  const objects = items(member(root, 'objects'));
  checkUnique(objects, (name) => `two types of managed objects have the name "${name}"`, findings);
  for (const object of objects) {
    checkScripts(object, scripts, findings);
    const listed = items(member(object, 'properties'));
    checkUnique(listed, (name) => `the attribute "${name}" is declared twice`, findings);
    const mapped = entries(member(member(object, 'schema'), 'properties')).map(([, property]) => property);
    for (const property of [...listed, ...mapped]) checkProperty(property, findings);
  }
}

function checkUnique(nodes: readonly JsonNode[], message: (name: string) => string, findings: Findings): void {
  const seen = new Set<string>();
  for (const node of nodes) {
    const name = textOf(member(node, 'name'));
    if (name === null) continue;
    if (seen.has(name)) report(findings, 'error', member(node, 'name'), message(name), 'Rename or remove one.');
    seen.add(name);
  }
}

function checkProperty(property: JsonNode, findings: Findings): void {
  if (isRelationship(property)) {
    const hint = 'What is written is stored as it is: no reference is verified, and the other side does not change.';
    report(findings, 'warning', property, 'relationships are kept as plain values', hint);
    return;
  }
  checkPropertyKeys(property, findings);
  const cipher = member(member(property, 'encryption'), 'cipher');
  const name = textOf(cipher);
  if (name !== null && name !== GCM && name !== CBC)
    report(
      findings,
      'warning',
      cipher,
      `there is no cipher "${name}": no value can be stored`,
      `Use ${GCM} or ${CBC}.`,
    );
}

function isRelationship(property: JsonNode): boolean {
  const types = [member(property, 'type'), member(member(property, 'items'), 'type')].flatMap(
    ({ value }) => value ?? [],
  );
  return types.includes('relationship');
}

/** A property may have any key of JSON Schema and more: only what looks like a slip is mentioned. */
function checkPropertyKeys(property: JsonNode, findings: Findings): void {
  for (const [key, node] of entries(property)) {
    if (key.length < 5 || READ_KEYS.includes(key)) continue;
    const nearest = nearestName(key, READ_KEYS);
    if (nearest === null || Math.abs(nearest.length - key.length) > 2) continue;
    report(findings, 'warning', node, `the key "${key}" has no effect`, `Did you mean "${nearest}"?`);
  }
}
