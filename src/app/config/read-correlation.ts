import { isJsonObject, type Json } from '../../base/json.ts';
import type { CorrelationConfig, CorrelationTree } from '../../mapping/mapping-config.ts';
import { DEFAULT_QUALIFIER } from '../../model/link.ts';
import { readScript } from './read-script.ts';
import type { ScriptJson } from './schema-script.ts';
import type { MappingJson } from './schema-sync.ts';

/** The script of OpenIDM that turns an expression tree into a query: known here without running it. */
export const TREE_SCRIPT = 'ui/correlateTreeToQueryFilter.js';

const MAX_LEAVES = 1000;

export function readCorrelation(
  json: Pick<MappingJson, 'name' | 'correlationQuery' | 'correlationScript'>,
  pointer: string,
  hasScript: (file: string) => boolean,
): readonly CorrelationConfig[] {
  const { correlationQuery: query, correlationScript } = json;
  if (correlationScript !== undefined)
    return [
      { kind: 'script', linkQualifier: null, script: readScript(correlationScript, `${pointer}/correlationScript`) },
    ];
  if (query === undefined) return [];
  if (!Array.isArray(query)) return [readQuery(query, null, `${pointer}/correlationQuery`, json.name, hasScript)];
  return query.map((one, i) =>
    readQuery(one, qualifierOf(one), `${pointer}/correlationQuery/${i}`, json.name, hasScript),
  );
}

export function qualifierOf(script: Json | ScriptJson): string {
  const qualifier = isJsonObject(script) ? script['linkQualifier'] : undefined;
  return typeof qualifier === 'string' ? qualifier : DEFAULT_QUALIFIER;
}

export function isTreeScript(file: unknown): file is string {
  return typeof file === 'string' && (file === TREE_SCRIPT || file.endsWith(`/${TREE_SCRIPT}`));
}

/** Null when it is no tree: a leaf that is no text, a node that is neither `all` nor `any`. */
export function readTree(json: Json | undefined): CorrelationTree | null {
  let leaves = 0;
  const read = (node: Json | undefined): CorrelationTree | null => {
    if (typeof node === 'string')
      return node === '' || ++leaves > MAX_LEAVES ? null : { kind: 'leaf', attribute: node };
    if (!isJsonObject(node)) return null;
    const kind = 'all' in node ? 'all' : 'any';
    const list = node[kind];
    if (!Array.isArray(list) || list.length === 0) return null;
    const parts = list.map(read);
    return parts.every((part) => part !== null) ? { kind, parts } : null;
  };
  return read(json);
}

function readQuery(
  json: ScriptJson,
  linkQualifier: string | null,
  pointer: string,
  ownName: string,
  hasScript: (file: string) => boolean,
): CorrelationConfig {
  const tree = isTreeScript(json.file) && !hasScript(json.file) ? readTree(json['expressionTree'] as Json) : null;
  if (tree === null) return { kind: 'query', linkQualifier, script: readScript(json, pointer) };
  const mapping = typeof json['mapping'] === 'string' ? json['mapping'] : ownName;
  return { kind: 'tree', linkQualifier, tree, mapping, pointer };
}
