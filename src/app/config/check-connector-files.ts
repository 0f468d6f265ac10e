import { isJsonObject } from '../../base/json.ts';
import { connectorFileFaults, type FilePlaces, type FileTrust } from './file-places.ts';
import { items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';

/** A provisioner file: the files that it names must be ones that it may name. */
export function checkConnectorFiles(
  provisioner: JsonNode,
  places: FilePlaces,
  trust: FileTrust,
  findings: Findings,
): void {
  const node = member(provisioner, 'configurationProperties');
  if (!isJsonObject(node.value)) return;
  for (const { key, message, hint } of connectorFileFaults(node.value, places, trust))
    report(findings, 'error', member(node, key), message, hint);
}

/** `files.allowed` of `lockstep.json`, whatever else is in it. */
export function allowedPlaces(lockstep: JsonNode | null): readonly string[] {
  if (lockstep === null) return [];
  const texts = items(member(member(lockstep, 'files'), 'allowed')).map(textOf);
  return texts.filter((text): text is string => text !== null && text !== '' && !text.includes('\0'));
}
