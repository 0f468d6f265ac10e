import { checkConditions } from './check-conditions.ts';
import { checkCorrelation } from './check-correlation.ts';
import { checkLinks } from './check-links.ts';
import { checkPaths } from './check-paths.ts';
import { checkPolicies } from './check-policies.ts';
import { checkProperties } from './check-properties.ts';
import { checkQueries } from './check-queries.ts';
import { checkScripts } from './check-scripts.ts';
import { items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import type { ProjectFacts } from './project-facts.ts';

/**
 * Everything about mappings that no schema can say. Walks over the file as it is, so that a fault of the schema hides
 * nothing; what has the wrong type is passed by, because the schema reports it.
 */
export function checkMappings(root: JsonNode, facts: ProjectFacts, findings: Findings): void {
  const mappings = items(member(root, 'mappings'));
  checkNames(mappings, findings);
  checkLinks(mappings, findings);
  for (const mapping of mappings) {
    checkPaths(mapping, facts, findings);
    checkProperties(mapping, facts, findings);
    checkPolicies(mapping, findings);
    checkCorrelation(mapping, mappings, facts, findings);
    checkConditions(mapping, findings);
    checkQueries(mapping, facts, findings);
    checkScripts(mapping, facts.scripts, findings);
  }
}

function checkNames(mappings: readonly JsonNode[], findings: Findings): void {
  const seen = new Map<string, number>();
  mappings.forEach((mapping, i) => {
    const node = member(mapping, 'name');
    const name = textOf(node);
    if (name === null) return;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, i);
    else
      report(
        findings,
        'error',
        node,
        `two mappings have the name "${name}"`,
        `The other is /mappings/${first}: rename one.`,
      );
  });
}
