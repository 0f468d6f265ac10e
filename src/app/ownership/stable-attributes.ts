import type { ProjectConfig } from '../config/project-config.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import { overlap, type AttributeWrite } from './attribute-write.ts';
import { systemAttribute, systemOf } from './collections.ts';

/** Whether an attribute (tokens of its pointer) of a collection stays what it is as long as its object exists. */
export type IsStable = (collection: string, attribute: readonly string[]) => boolean;

/** Whether an attribute never changes: it is the identity of its object, or everything that writes it copies such a one. */
export function stableAttributes(project: AnalyzedProject): IsStable {
  const { config } = project;
  const writes = config.mappings.flatMap((mapping) => project.lastingOf(mapping));
  const keyOf = (collection: string, [name]: readonly string[]): string => `${collection}\0${name}`;
  const byPlace = Map.groupBy(writes, ({ mapping, target }) => keyOf(mapping.target, target));
  const changing = new Set<AttributeWrite>();
  const isStable: IsStable = (collection, attribute) => {
    if (isIdentity(config, collection, attribute)) return true;
    const own = (byPlace.get(keyOf(collection, attribute)) ?? []).filter(({ target }) => overlap(target, attribute));
    return own.length > 0 && !own.some((write) => changing.has(write));
  };
  const isFromStable = ({ mapping, value }: AttributeWrite): boolean => {
    if (value.kind === 'copy' || value.kind === 'normalized') return isStable(mapping.source, value.source);
    if (value.kind !== 'computed' || value.sources === null || value.sources.length === 0) return false;
    return value.sources.every((source) => isStable(mapping.source, source));
  };
  // Every round finds at least one more, or is the last.
  for (let before = -1; changing.size > before;) {
    before = changing.size;
    for (const write of writes) if (!changing.has(write) && !isFromStable(write)) changing.add(write);
  }
  return isStable;
}

const IDENTITIES = /^(_id|__UID__|entryUUID|objectGUID|nsUniqueId|ipaUniqueID)$/i;

function isIdentity(config: ProjectConfig, collection: string, attribute: readonly string[]): boolean {
  const [name = ''] = attribute;
  if (attribute.length !== 1) return false;
  const property = systemAttribute(config, collection, name);
  if (IDENTITIES.test(name) || property === null) return IDENTITIES.test(name);
  const { nativeName, flags } = property;
  const isNamedByIt = nativeName === '__NAME__' && !/ldap/i.test(systemOf(config, collection)?.connectorName ?? '');
  return IDENTITIES.test(nativeName) || flags.includes('NOT_UPDATEABLE') || isNamedByIt;
}
