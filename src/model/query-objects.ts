import { Failure, messageOf } from '../base/failure.ts';
import { compileFilter, type Filter } from '../base/query-filter.ts';
import type { JsonObject } from '../base/json.ts';
import type { Query, QueryAnswer, StoredObject } from './object-set.ts';
import type { ObjectReads, ObjectRow } from './repository.ts';

/** A collection of the repository, as queries need it. */
export interface QueriedCollection {
  readonly reads: ObjectReads;
  readonly type: string;
  /** Attributes with an index. */
  readonly searchable: ReadonlySet<string>;
  /** The filter behind a predefined query; throws `Failure('bad-request')` for an unknown one. */
  readonly resolve: (queryId: string, parameters: JsonObject) => Filter;
  readonly toStored: (row: ObjectRow) => StoredObject;
}

/** How a query can be looked up: by the value of one indexed attribute (or the id), the rest being checked on the rows. */
interface Probe {
  readonly attribute: string;
  readonly value: string;
}

/** Rows that one query may ask for before it is refused; a correlation query with more candidates is a mistake. */
const MAX_ROWS = 10_000;

/**
 * Answers a batch of queries. Those that compare an indexed attribute with a text share one look-up per attribute, so
 * that correlating 500 objects costs one query; the others run one by one.
 */
export async function queryObjects(
  collection: QueriedCollection,
  queries: readonly Query[],
): Promise<readonly QueryAnswer[]> {
  const answers: QueryAnswer[] = Array.from({ length: queries.length });
  const probes: { readonly index: number; readonly filter: Filter; readonly probe: Probe }[] = [];
  for (const [index, query] of queries.entries()) {
    try {
      const filter = query.kind === 'filter' ? query.filter : collection.resolve(query.queryId, query.parameters);
      const probe = findProbe(filter, collection.searchable);
      if (probe === null) answers[index] = { ok: true, objects: await scan(collection, filter) };
      else probes.push({ index, filter, probe });
    } catch (error) {
      answers[index] = refusal(error);
    }
  }
  for (const [attribute, group] of Map.groupBy(probes, ({ probe }) => probe.attribute)) {
    const rows = await lookUp(collection, attribute, [...new Set(group.map(({ probe }) => probe.value))]);
    for (const { index, filter, probe } of group)
      answers[index] = { ok: true, objects: pick(rows.get(probe.value) ?? [], filter) };
  }
  return answers;
}

function refusal(error: unknown): QueryAnswer {
  if (error instanceof Failure) return { ok: false, code: error.code, message: messageOf(error) };
  throw error;
}

/** `a eq "x"`, alone or as a part of a conjunction, where `a` is indexed. */
function findProbe(filter: Filter, searchable: ReadonlySet<string>): Probe | null {
  if (filter.kind === 'and') {
    for (const part of filter.parts) {
      const probe = findProbe(part, searchable);
      if (probe !== null) return probe;
    }
    return null;
  }
  if (
    filter.kind !== 'compare' ||
    filter.operator !== 'eq' ||
    filter.pointer.length !== 1 ||
    typeof filter.value !== 'string'
  )
    return null;
  const attribute = filter.pointer[0]!;
  return attribute === '_id' || searchable.has(attribute) ? { attribute, value: filter.value } : null;
}

async function lookUp(
  collection: QueriedCollection,
  attribute: string,
  values: readonly string[],
): Promise<ReadonlyMap<string, readonly StoredObject[]>> {
  const { reads, type, toStored } = collection;
  const rows =
    attribute === '_id' ? await reads.readMany(type, values) : await reads.findByValue(type, attribute, values);
  const found = new Map<string, StoredObject[]>();
  const wanted = new Set(values);
  for (const row of rows) {
    const stored = toStored(row);
    const held = attribute === '_id' ? row.id : stored.object[attribute];
    for (const value of Array.isArray(held) ? new Set(held) : [held]) {
      if (typeof value !== 'string' || !wanted.has(value)) continue;
      const bucket = found.get(value);
      if (bucket === undefined) found.set(value, [stored]);
      else bucket.push(stored);
    }
  }
  return found;
}

function pick(rows: readonly StoredObject[], filter: Filter): readonly StoredObject[] {
  if (filter.kind === 'compare') return rows;
  const test = compileFilter(filter, { caseSensitive: true });
  return rows.filter((row) => test(row.object));
}

async function scan({ reads, type, toStored }: QueriedCollection, filter: Filter): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  let after = null as Awaited<ReturnType<ObjectReads['page']>>['next'];
  do {
    const page = await reads.page(type, { filter, after, limit: 1000 });
    for (const row of page.rows) objects.push(toStored(row));
    if (objects.length > MAX_ROWS)
      throw new Failure('bad-request', `the query on ${type} gives more than ${MAX_ROWS} objects`);
    after = page.next;
  } while (after !== null);
  return objects;
}
