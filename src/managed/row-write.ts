import { assert } from '../base/assert.ts';
import type { IdentifiedWrite } from '../model/managed-set.ts';
import type { RowWrite } from '../model/repository.ts';

/** The row that a write comes to as it stands. Changes need the revision that was read. */
export function rowWrite(type: string, write: IdentifiedWrite): RowWrite {
  if (write.kind === 'create') return { kind: 'create', type, id: write.id, doc: write.object };
  const rev = write.rev === null ? Number.NaN : Number(write.rev);
  assert(Number.isInteger(rev), `managed/${type}/${write.id} needs the revision that was read`);
  if (write.kind === 'delete') return { kind: 'delete', type, id: write.id, rev };
  return { kind: 'update', type, id: write.id, rev, doc: write.object };
}
