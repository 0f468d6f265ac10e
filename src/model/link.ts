import type { JsonObject } from '../base/json.ts';

/**
 * Remembers which source object belongs to which target object, for one link type and link qualifier.
 * `firstId` is the id on the source side of the mapping that owns the link type, `secondId` the one on its target side.
 * Ids are local (no collection prefix) and already in the letter case in which they are compared.
 */
export interface Link {
  readonly id: string;
  readonly rev: number;
  readonly linkType: string;
  readonly linkQualifier: string;
  readonly firstId: string;
  readonly secondId: string;
}

export const DEFAULT_QUALIFIER = 'default';

/** A link as `repo/link` shows it, and as filters over links see it (specification §8). */
export function linkObject({ id, rev, linkType, linkQualifier, firstId, secondId }: Link): JsonObject {
  return { _id: id, _rev: String(rev), linkType, linkQualifier, firstId, secondId };
}
