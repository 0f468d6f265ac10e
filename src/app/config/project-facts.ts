import type { NamedQuery } from './project-config.ts';
import { entries, items, member, textOf, type JsonNode } from './json-node.ts';
import type { ScriptFiles } from './script-files.ts';

/** What mappings refer to, as far as the other files say it; also of files that have faults. */
export interface ProjectFacts {
  /** Managed types; null when `managed.json` cannot be read, so that nothing is blamed on mappings. */
  readonly managed: ReadonlySet<string> | null;
  readonly connectors: ReadonlyMap<string, ConnectorFacts>;
  /** A provisioner file could not be read at all: a connector that seems to be missing may be in it. */
  readonly hasUnreadableConnector: boolean;
  readonly queries: Readonly<Record<string, NamedQuery>>;
  readonly scripts: ScriptFiles;
}

export interface ConnectorFacts {
  readonly file: string;
  readonly isEnabled: boolean;
  /** Attributes by object type. */
  readonly objectTypes: ReadonlyMap<string, ReadonlySet<string>>;
}

export function managedFacts(root: JsonNode | null): ReadonlySet<string> | null {
  if (root === null) return null;
  const names = items(member(root, 'objects')).map((object) => textOf(member(object, 'name')));
  return new Set(names.filter((name) => name !== null));
}

export function connectorFacts(roots: readonly JsonNode[]): ReadonlyMap<string, ConnectorFacts> {
  const connectors = new Map<string, ConnectorFacts>();
  for (const root of roots) {
    const name = textOf(member(root, 'name'));
    if (name === null) continue;
    const objectTypes = entries(member(root, 'objectTypes')).map(
      ([type, node]) => [type, new Set(entries(member(node, 'properties')).map(([key]) => key))] as const,
    );
    const enabled = member(root, 'enabled').value;
    const isEnabled = enabled !== false && enabled !== 'false';
    connectors.set(name, { file: root.document.file, isEnabled, objectTypes: new Map(objectTypes) });
  }
  return connectors;
}
