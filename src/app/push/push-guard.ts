import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { ManagedChange } from '../../model/managed-change.ts';
import { judge } from '../../recon/guard.ts';
import type { Lockstep } from '../lockstep.ts';
import { setAside } from './outbox-marks.ts';

/** Objects that are not pushed, by mapping, and why. */
export type Withheld = ReadonlyMap<string, { readonly ids: ReadonlySet<string>; readonly reason: string }>;

export const NOTHING_WITHHELD: Withheld = new Map();

type Deleted = Pick<ManagedChange, 'kind' | 'type' | 'id'>;

/**
 * What a run deleted passes the guard of each mapping that it would be pushed through, as if that mapping were run: an unusual
 * number is set aside as a whole, until somebody asks for it (`queue replay`).
 */
export async function withheldDeletes(
  lockstep: Lockstep,
  changes: readonly Deleted[],
  mappingsFrom: (collection: string) => readonly MappingConfig[],
): Promise<Withheld> {
  const withheld = new Map<string, { readonly ids: ReadonlySet<string>; readonly reason: string }>();
  const deletes = Map.groupBy(
    changes.filter(({ kind }) => kind === 'delete'),
    ({ type }) => type,
  );
  for (const [type, own] of deletes) {
    const ids = new Set(own.map(({ id }) => id));
    for (const mapping of mappingsFrom(`managed/${type}`)) {
      const linked = await lockstep.repository.links.count(mapping.links ?? mapping.name);
      const reason = judge('delete', ids.size, linked, mapping.guard);
      if (reason !== null) withheld.set(mapping.name, { ids, reason });
    }
  }
  for (const [name, { ids, reason }] of withheld) await hold(lockstep, name, [...ids], reason);
  return withheld;
}

const BATCH = 500;

async function hold(lockstep: Lockstep, name: string, ids: readonly string[], reason: string): Promise<void> {
  const mapping = lockstep.mappingConfig(name);
  for (let from = 0; from < ids.length; from += BATCH)
    await setAside(lockstep, mapping, ids.slice(from, from + BATCH), heldText(reason));
}

export function heldText(reason: string): string {
  return `held by the guard of the mapping: ${reason}; "lockstep queue replay" carries it out`;
}
