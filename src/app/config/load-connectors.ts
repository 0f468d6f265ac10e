import { isJsonObject } from '../../base/json.ts';
import { parsePointer } from '../../base/json-pointer.ts';
import type { ConnectorKind } from '../../connector/contract.ts';
import { ALL_OBJECT_TYPES } from '../../model/change-feed.ts';
import { checkSchema } from './check-schema.ts';
import { checkScripts } from './check-scripts.ts';
import { entries, items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import type { LoadedFile } from './loaded-file.ts';
import { didYouMean } from './nearest-name.ts';
import type { ProvisionerConfig } from './project-config.ts';
import { readProvisioner } from './read-provisioner.ts';
import { provisionerSchema } from './schema-provisioner.ts';
import type { ScriptFiles } from './script-files.ts';

type Kind = Pick<ConnectorKind, 'connectorNames' | 'check'> & Partial<Pick<ConnectorKind, 'knownProperties'>>;

/** Null if there is an error. */
export function loadConnectors(
  files: readonly LoadedFile[],
  scripts: ScriptFiles,
  kinds: readonly Kind[] | null,
  findings: Findings,
): readonly ProvisionerConfig[] | null {
  checkNames(files, findings);
  const connectors: ProvisionerConfig[] = [];
  for (const file of files) {
    if (file.root === null) continue;
    checkScripts(member(file.root, 'syncFailureHandler'), scripts, findings);
    const json = checkSchema(provisionerSchema, file.root, file, findings);
    if (json === null) continue;
    const config = readProvisioner(json, isJsonObject(file.root.value) ? file.root.value : {}, file.file);
    if (config.enabled && entries(member(file.root, 'objectTypes')).length === 0)
      report(
        findings,
        'warning',
        file.root,
        `the system "${config.name}" has no "objectTypes"`,
        'Nothing can be mapped.',
      );
    checkFollowed(config, file, findings);
    if (kinds !== null) checkKind(config, file, kinds, findings);
    connectors.push(config);
  }
  return connectors.length === files.length ? connectors : null;
}

/** The types that `liveSync.objectTypes` names have to be there: nothing else would ever be followed. */
function checkFollowed({ liveSync, objectTypes, name }: ProvisionerConfig, file: LoadedFile, findings: Findings): void {
  if (file.root === null || liveSync.objectTypes === null) return;
  const known = [...Object.keys(objectTypes), ALL_OBJECT_TYPES];
  const list = member(member(file.root, 'liveSync'), 'objectTypes');
  const types = items(list);
  for (const node of types) {
    const type = textOf(node);
    if (type === null || known.includes(type)) continue;
    const message = `the system "${name}" has no object type "${type}", so its changes cannot be followed`;
    report(findings, 'error', node, message, didYouMean(type, known) ?? `It has: ${known.join(', ')}.`);
  }
  const hasAll = liveSync.objectTypes.includes(ALL_OBJECT_TYPES);
  if (hasAll && types.length > 1)
    report(findings, 'error', list, `${ALL_OBJECT_TYPES} stands for every type`, 'Name it alone, or leave it out.');
  if (liveSync.mode !== 'push')
    report(
      findings,
      'warning',
      list,
      '"objectTypes" of "liveSync" has no effect',
      'Changes are followed only with "mode": "push".',
    );
}

function checkKind(config: ProvisionerConfig, file: LoadedFile, kinds: readonly Kind[], findings: Findings): void {
  const root = file.root;
  if (root === null) return;
  const kind = kinds.find((one) => one.connectorNames.includes(config.connectorName));
  if (kind === undefined) {
    const hint =
      didYouMean(
        config.connectorName,
        kinds.flatMap((one) => one.connectorNames),
      ) ?? 'The system is unavailable.';
    const message = `the connector ${config.connectorName} is not available here`;
    report(findings, 'warning', member(member(root, 'connectorRef'), 'connectorName'), message, hint);
    return;
  }
  checkProperties(member(root, 'configurationProperties'), kind, findings);
  if (!config.enabled) return;
  for (const fault of kind.check(config))
    report(findings, fault.severity, nodeAt(root, fault.pointer), fault.message, fault.hint);
}

function checkProperties(node: JsonNode, { knownProperties }: Kind, findings: Findings): void {
  if (knownProperties === undefined) return;
  for (const [key, value] of entries(node))
    if (!knownProperties.includes(key))
      report(
        findings,
        'warning',
        value,
        `unknown key "${key}"; the connector ignores it`,
        didYouMean(key, knownProperties),
      );
}

function nodeAt(root: JsonNode, pointer: string): JsonNode {
  return { document: root.document, tokens: parsePointer(pointer), value: undefined };
}

function checkNames(files: readonly LoadedFile[], findings: Findings): void {
  const seen = new Map<string, string>();
  for (const { root, file } of files) {
    const node = root === null ? null : member(root, 'name');
    const name = node === null ? null : textOf(node);
    if (node === null || name === null) continue;
    if (!/^[\p{L}\p{N}_]+$/u.test(name))
      report(
        findings,
        'warning',
        node,
        `the name "${name}" has other characters than letters and digits`,
        'OpenIDM refuses it; paths and scripts are simpler without.',
      );
    const first = seen.get(name);
    if (first === undefined) seen.set(name, file);
    else
      report(findings, 'error', node, `two systems have the name "${name}"`, `The other is in ${first}: rename one.`);
  }
}
