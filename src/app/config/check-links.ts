import { member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import { didYouMean } from './nearest-name.ts';
import { trimPath } from './read-mapping.ts';

/** `links` names a mapping that owns its links and connects the same two collections (specification §8). */
export function checkLinks(mappings: readonly JsonNode[], findings: Findings): void {
  const byName = new Map<string, JsonNode>();
  for (const mapping of mappings) {
    const name = textOf(member(mapping, 'name'));
    if (name !== null && !byName.has(name)) byName.set(name, mapping);
  }
  for (const mapping of mappings) checkOne(mapping, byName, findings);
}

function checkOne(mapping: JsonNode, byName: ReadonlyMap<string, JsonNode>, findings: Findings): void {
  const node = member(mapping, 'links');
  const links = textOf(node);
  if (links === null || links === '' || links === textOf(member(mapping, 'name'))) return;
  const owner = byName.get(links);
  if (owner === undefined) {
    const hint = didYouMean(links, byName.keys()) ?? 'Name a mapping of this file.';
    report(findings, 'error', node, `"links" names the mapping "${links}", which does not exist`, hint);
    return;
  }
  const ownerLinks = textOf(member(owner, 'links'));
  if (ownerLinks !== null && ownerLinks !== '' && ownerLinks !== links)
    report(findings, 'error', node, `the mapping "${links}" has no links of its own`, `Use "links": "${ownerLinks}".`);
  const [source, target] = ends(mapping);
  const [ownerSource, ownerTarget] = ends(owner);
  if ([source, target, ownerSource, ownerTarget].includes(null)) return;
  const isSame = source === ownerSource && target === ownerTarget;
  const isReversed = source === ownerTarget && target === ownerSource;
  if (isSame || isReversed) return;
  const message = `the links of "${links}" are between ${ownerSource} and ${ownerTarget}`;
  report(findings, 'error', node, message, 'Only mappings between the same two collections can share links.');
}

function ends(mapping: JsonNode): readonly [string | null, string | null] {
  const path = (key: string) => {
    const text = textOf(member(mapping, key));
    return text === null ? null : trimPath(text);
  };
  return [path('source'), path('target')];
}
