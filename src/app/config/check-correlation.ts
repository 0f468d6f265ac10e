import { formatPointer, parsePointer } from '../../base/json-pointer.ts';
import type { CorrelationTree } from '../../mapping/mapping-config.ts';
import { items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import { didYouMean } from './nearest-name.ts';
import type { ProjectFacts } from './project-facts.ts';
import { isTreeScript, qualifierOf, readTree } from './read-correlation.ts';

export function checkCorrelation(
  mapping: JsonNode,
  mappings: readonly JsonNode[],
  facts: ProjectFacts,
  findings: Findings,
): void {
  const query = member(mapping, 'correlationQuery');
  const script = member(mapping, 'correlationScript');
  if (query.value !== undefined && script.value !== undefined && query.value !== null && script.value !== null) {
    const message = 'Cannot configure both correlationQuery and correlationScript in a single mapping';
    report(findings, 'error', script, message, 'Remove one of the two.');
  }
  checkQualifiers(mapping, items(query), findings);
  for (const one of Array.isArray(query.value) ? items(query) : [query]) {
    const file = member(one, 'file').value;
    if (isTreeScript(file) && facts.scripts.find(file).kind !== 'file') checkTree(one, mapping, mappings, findings);
  }
}

function checkQualifiers(mapping: JsonNode, queries: readonly JsonNode[], findings: Findings): void {
  const declared = items(member(mapping, 'linkQualifiers')).map(textOf);
  const seen = new Set<string>();
  for (const query of queries) {
    const qualifier = qualifierOf(query.value ?? null);
    const node = member(query, 'linkQualifier');
    if (seen.has(qualifier))
      report(
        findings,
        'error',
        query,
        `two correlation queries are for the link qualifier "${qualifier}"`,
        'Remove one.',
      );
    else if (declared.length > 0 && !declared.includes(qualifier)) {
      const hint =
        didYouMean(
          qualifier,
          declared.filter((name) => name !== null),
        ) ?? 'See "linkQualifiers".';
      report(findings, 'warning', node, `no link qualifier is called "${qualifier}": the query is never used`, hint);
    }
    seen.add(qualifier);
  }
}

function checkTree(query: JsonNode, own: JsonNode, mappings: readonly JsonNode[], findings: Findings): void {
  const node = member(query, 'expressionTree');
  const tree = readTree(node.value);
  if (tree === null) {
    const hint = 'A node is {"all": […]} or {"any": […]}; a leaf is the name of a target attribute.';
    report(findings, 'error', node, 'the expression tree cannot be read', hint);
    return;
  }
  const name = textOf(member(query, 'mapping'));
  const named = name === null ? own : mappings.find((mapping) => textOf(member(mapping, 'name')) === name);
  if (named === undefined) {
    const names = mappings.map((mapping) => textOf(member(mapping, 'name'))).filter((one) => one !== null);
    const hint = didYouMean(name ?? '', names) ?? 'Name a mapping of this file.';
    report(findings, 'error', member(query, 'mapping'), `the mapping "${name}" does not exist`, hint);
    return;
  }
  const written = items(member(named, 'properties')).map((property) => textOf(member(property, 'target')) ?? '');
  const targets = new Set(written.map((target) => formatPointer(parsePointer(target))));
  for (const attribute of new Set(leavesOf(tree))) {
    if (targets.has(formatPointer(parsePointer(attribute)))) continue;
    const hint = didYouMean(attribute, written) ?? 'Add it to "properties", or take it out of the tree.';
    const message = `no property of the mapping writes "${attribute}", so it is compared with empty text`;
    report(findings, 'warning', node, message, hint);
  }
}

export function leavesOf(tree: CorrelationTree): readonly string[] {
  return tree.kind === 'leaf' ? [tree.attribute] : tree.parts.flatMap(leavesOf);
}
