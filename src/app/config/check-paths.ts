import { member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import { didYouMean } from './nearest-name.ts';
import type { ProjectFacts } from './project-facts.ts';
import { trimPath } from './read-mapping.ts';

/** Present in every connector. */
const ALL_TYPES = '__ALL__';

/** `source` and `target` name collections that exist. */
export function checkPaths(mapping: JsonNode, facts: ProjectFacts, findings: Findings): void {
  for (const key of ['source', 'target']) {
    const node = member(mapping, key);
    const text = textOf(node);
    if (text !== null) checkPath(node, trimPath(text), facts, findings);
  }
}

/** Attributes of a system's object type; null when they are not known, or the path is not one of a system. */
export function attributesOf(path: string, facts: ProjectFacts): ReadonlySet<string> | null {
  const [root, system, type, ...rest] = trimPath(path).split('/');
  if (root !== 'system' || rest.length > 0) return null;
  const attributes = facts.connectors.get(system ?? '')?.objectTypes.get(type ?? '');
  return attributes === undefined || attributes.size === 0 ? null : attributes;
}

function checkPath(node: JsonNode, path: string, facts: ProjectFacts, findings: Findings): void {
  const [root, ...rest] = path.split('/');
  const isComplete = rest.every((part) => part !== '');
  if (root === 'managed' && rest.length === 1 && isComplete) checkManaged(node, rest[0]!, facts, findings);
  else if (root === 'system' && rest.length === 2 && isComplete) checkSystem(node, rest[0]!, rest[1]!, facts, findings);
  else {
    const hint = 'It is written managed/<type> or system/<connector>/<type>.';
    report(findings, 'error', node, `"${path}" is not a collection that a mapping can use`, hint);
  }
}

function checkManaged(node: JsonNode, type: string, facts: ProjectFacts, findings: Findings): void {
  if (facts.managed === null || facts.managed.has(type)) return;
  const hint = didYouMean(type, facts.managed) ?? `Declare it in conf/managed.json: {"name": "${type}"}.`;
  report(findings, 'error', node, `the managed type "${type}" is not declared`, hint);
}

function checkSystem(node: JsonNode, name: string, type: string, facts: ProjectFacts, findings: Findings): void {
  const connector = facts.connectors.get(name);
  if (connector === undefined) {
    if (facts.hasUnreadableConnector) return;
    const hint =
      didYouMean(name, facts.connectors.keys()) ?? `Add conf/provisioner.openicf-${name}.json with "name": "${name}".`;
    report(findings, 'error', node, `the system "${name}" is not configured`, hint);
    return;
  }
  if (!connector.isEnabled)
    report(findings, 'warning', node, `the system "${name}" is disabled`, `Runs will fail: see ${connector.file}.`);
  if (type === ALL_TYPES || connector.objectTypes.has(type)) return;
  const hint = didYouMean(type, connector.objectTypes.keys()) ?? `Add it to "objectTypes" of ${connector.file}.`;
  report(findings, 'error', node, `the system "${name}" has no object type "${type}"`, hint);
}
