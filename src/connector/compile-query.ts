import { Failure, messageOf } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { compileFilter, type Filter } from '../base/query-filter.ts';
import type { Query, QueryAnswer, StoredObject } from '../model/object-set.ts';
import type { ObjectType } from './object-type.ts';

/** A query of a collection whose connector evaluates it in memory. */
export interface CompiledQuery {
  matches(object: JsonObject): boolean;
  /** What the answer holds of a matching object: all of it, or `_id` alone. */
  view(stored: StoredObject): StoredObject;
}

/**
 * Source: specification §1.4 (system objects) and §10.3: filters name attributes of the object type, one level deep;
 * `query-all-ids` is the only predefined query. Throws `Failure('bad-request' | 'unsupported')`.
 */
export function compileQuery(query: Query, type: ObjectType): CompiledQuery {
  if (query.kind === 'id') {
    if (query.queryId !== 'query-all-ids')
      throw new Failure('bad-request', `query id '${query.queryId}': system objects know only query-all-ids`);
    return { matches: () => true, view: ({ id, rev }) => ({ id, rev, object: idOnly(id, rev) }) };
  }
  checkAttributes(query.filter, type);
  return { matches: compileFilter(query.filter, { caseSensitive: true }), view: (stored) => stored };
}

/** The same for several queries at once; one that cannot be run is a `Failure` in its place. */
export function compileQueries(queries: readonly Query[], type: ObjectType): readonly (CompiledQuery | Failure)[] {
  return queries.map((query) => {
    try {
      return compileQuery(query, type);
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
  });
}

export function failedAnswer(error: unknown): QueryAnswer {
  if (!(error instanceof Failure)) throw error;
  return { ok: false, code: error.code, message: messageOf(error) };
}

function idOnly(id: string, rev: string | null): JsonObject {
  return rev === null ? { _id: id } : { _id: id, _rev: rev };
}

function checkAttributes(filter: Filter, type: ObjectType): void {
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const part of filter.parts) checkAttributes(part, type);
      return;
    case 'not':
      return checkAttributes(filter.part, type);
    case 'present':
    case 'compare':
      return checkAttribute(filter.pointer, type);
    case 'always':
      return;
  }
}

function checkAttribute(pointer: readonly string[], type: ObjectType): void {
  const [name] = pointer;
  if (pointer.length !== 1 || name === undefined)
    throw new Failure('bad-request', `query: /${pointer.join('/')}: only attributes of the first level can be queried`);
  if (name === '_id') return;
  const property = type.property(name);
  if (property === undefined) throw new Failure('bad-request', `query: attribute '${name}' is not in the object type`);
  if (!property.isQueryable || !property.isReturned)
    throw new Failure('unsupported', `query: attribute '${name}' is not returned by reads and cannot be queried`);
}
