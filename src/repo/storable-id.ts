import { isStorableId, MAX_ID_LENGTH } from '../model/object-set.ts';
import type { LinkWrite, RowWrite } from '../model/repository.ts';
import type { UnitConflict } from './conflict.ts';

/**
 * Ids are kept as UTF-8 in databases: two ids with lone surrogates would become the same one there. Refused everywhere,
 * so that what works in one store works in all.
 */
export function findBadId(unit: UnitIds): UnitConflict | null {
  const { object } = unit;
  if (object?.kind === 'create' && !isStorableId(object.id)) return badId(object.id);
  for (const write of unit.links ?? []) {
    if (write.kind === 'delete') continue;
    const link = write.kind === 'create' ? write.link : write;
    for (const id of [link.id, link.firstId, link.secondId]) if (!isStorableId(id)) return badId(id);
  }
  return null;
}

interface UnitIds {
  readonly object?: { readonly kind: RowWrite['kind']; readonly id: string } | null;
  readonly links?: readonly LinkWrite[];
}

function badId(id: string): UnitConflict {
  const shown = JSON.stringify(id.length > 80 ? `${id.slice(0, 80)}…` : id);
  return {
    code: 'invalid-data',
    message: `id ${shown} cannot be stored: ids have at most ${MAX_ID_LENGTH} characters and no lone surrogates`,
  };
}
