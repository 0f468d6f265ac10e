import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import type { ObjectTypeConfig } from '../../connector/contract.ts';
import { forward } from '../../connector/forward.ts';
import { compileObjectType, type ObjectType } from '../../connector/object-type.ts';
import type { ObjectSet, ObjectWrite, StoredObject, WriteOutcome } from '../../model/object-set.ts';

/**
 * A scratch copy of an external collection that keeps what the collection would show after a write, as its object type tells:
 * attributes that are never read are not there, values have the declared type. Writes that the type refuses are refused.
 */
export function mirroredSet(scratch: ObjectSet, config: ObjectTypeConfig): ObjectSet {
  const type = compileObjectType(config);
  return {
    ...forward(scratch),
    write: async (writes, signal) => {
      const ids = writes.flatMap((write) => (write.kind === 'update' ? [write.id] : []));
      const before = await scratch.readMany(ids);
      const shown = writes.map((write) => asShown(type, write, before));
      const outcomes = await scratch.write(
        shown.filter((one) => 'write' in one).map(({ write }) => write),
        signal,
      );
      let next = 0;
      return shown.map((one) => ('write' in one ? outcomes[next++]! : one.refused));
    },
  };
}

type Shown = { readonly write: ObjectWrite } | { readonly refused: WriteOutcome };

function asShown(type: ObjectType, write: ObjectWrite, before: ReadonlyMap<string, StoredObject>): Shown {
  try {
    if (write.kind === 'create') {
      const { _id, ...object } = type.toObject(write.id ?? '', type.toCreate(write.object));
      return { write: { ...write, object } };
    }
    if (write.kind === 'delete') return { write };
    return { write: { ...write, object: updated(type, write, before.get(write.id)?.object ?? {}) } };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { refused: { ok: false, code: error.code, message: error.message } };
  }
}

function updated(
  type: ObjectType,
  { id, object, changed }: ObjectWrite & { kind: 'update' },
  before: JsonObject,
): JsonObject {
  const seen = type.toObject(id, type.toUpdate(object, changed));
  const { _id, ...after } = before;
  for (const name of changed) {
    const property = type.property(name);
    if (property === undefined || !property.isUpdateable) continue;
    if (Object.hasOwn(seen, name)) after[name] = seen[name]!;
    else delete after[name];
  }
  return after;
}
