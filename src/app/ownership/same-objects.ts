import type { Filter } from '../../base/query-filter.ts';
import type { Json } from '../../base/json.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import { attaches, linkTypeOf } from './mapping-actions.ts';

/**
 * `same`: two mappings may write the same object. `own`: each writes only what it made itself, because nothing correlates and no
 * links are shared. `apart`: other collections, or what divides them can be read off the configuration.
 */
export type Meeting = 'same' | 'own' | 'apart';

export function meetingOf(one: MappingConfig, other: MappingConfig, mappings: readonly MappingConfig[]): Meeting {
  if (one.target !== other.target) return 'apart';
  if (one.source === other.source && areApart(fixedValues(one), fixedValues(other))) return 'apart';
  const [links, otherLinks] = [linkTypeOf(one, mappings), linkTypeOf(other, mappings)];
  if (links.name !== otherLinks.name) {
    if (attaches(one) || attaches(other)) return 'same';
    return one.correlation.length + other.correlation.length === 0 ? 'own' : 'apart';
  }
  return links.isReversed !== otherLinks.isReversed || !haveOtherQualifiers(one, other) ? 'same' : 'apart';
}

function haveOtherQualifiers(
  { linkQualifiers: one }: MappingConfig,
  { linkQualifiers: other }: MappingConfig,
): boolean {
  return one.kind === 'list' && other.kind === 'list' && !one.names.some((name) => other.names.includes(name));
}

/** Values that an object must have to take part, by attribute. */
function fixedValues({ sourceCondition }: MappingConfig): ReadonlyMap<string, Json> {
  if (sourceCondition?.kind === 'values') return new Map(Object.entries(sourceCondition.values));
  return new Map(sourceCondition?.kind === 'filter' ? fixedByFilter(sourceCondition.filter) : []);
}

function fixedByFilter(filter: Filter): readonly (readonly [string, Json])[] {
  if (filter.kind === 'and') return filter.parts.flatMap(fixedByFilter);
  const isFixed = filter.kind === 'compare' && filter.operator === 'eq' && filter.pointer[0] === 'source';
  return isFixed ? [[filter.pointer.slice(1).join('/'), filter.value]] : [];
}

function areApart(one: ReadonlyMap<string, Json>, other: ReadonlyMap<string, Json>): boolean {
  return [...one].some(([name, value]) => {
    const theirs = other.get(name);
    return isPlain(value) && isPlain(theirs) && value !== theirs;
  });
}

function isPlain(value: Json | undefined): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
