import { randomUUID } from 'node:crypto';
import { Failure, messageOf } from '../../base/failure.ts';
import { setOwn } from '../../base/json.ts';
import type { Filter } from '../../base/query-filter.ts';
import type {
  ObjectSet,
  ObjectSetTraits,
  ObjectWrite,
  Query,
  QueryAnswer,
  RowFault,
  ScanPage,
  ScanRequest,
  StoredObject,
  WriteOutcome,
} from '../../model/object-set.ts';
import { compileQuery, failedAnswer } from '../../connector/compile-query.ts';
import type { NativeObject, ObjectType } from '../../connector/object-type.ts';
import { MemoryStore, type Entry } from './memory-store.ts';

const TRAITS: ObjectSetTraits = { lookup: 'direct', isTransactional: false, storesNull: false, acceptsIds: true };

/** Objects in memory. Not a mock: a full connector whose external system happens to be a map. */
export class MemorySet implements ObjectSet {
  readonly path: string;
  readonly traits = TRAITS;
  readonly #type: ObjectType;
  readonly #store: MemoryStore;
  /** Native name of the attribute that names an object; null when ids are given by the caller or random. */
  readonly #idAttribute: string | null;

  constructor(path: string, type: ObjectType, idAttribute: string | null) {
    this.path = path;
    this.#type = type;
    this.#store = new MemoryStore(type);
    this.#idAttribute = idAttribute;
  }

  get size(): number {
    return this.#store.size;
  }

  // oxlint-disable-next-line require-await -- the contract is asynchronous
  async *scan(request: ScanRequest): AsyncIterable<ScanPage> {
    const query = request.query === undefined ? null : compileQuery(request.query, this.#type);
    const after = cursorSequence(request.after);
    const last = this.#store.lastSequence;
    let page = newPage();
    let sequence = after;
    for (const entry of this.#store.entries()) {
      if (entry.sequence <= after || entry.sequence > last) continue;
      if (page.objects.length + page.faults.length >= request.pageSize) {
        request.signal?.throwIfAborted();
        yield { ...page, cursor: sequence, isLast: false, total: this.#store.size };
        page = newPage();
      }
      sequence = entry.sequence;
      const stored = this.#readable(entry, page.faults);
      if (stored !== null && (query === null || query.matches(stored.object)))
        page.objects.push(query === null ? stored : query.view(stored));
    }
    request.signal?.throwIfAborted();
    yield { ...page, cursor: sequence, isLast: true, total: this.#store.size };
  }

  readMany(ids: readonly string[]): Promise<ReadonlyMap<string, StoredObject>> {
    const found = new Map<string, StoredObject>();
    for (const id of ids) {
      const entry = this.#store.get(id);
      if (entry !== undefined) found.set(id, this.#store.stored(entry));
    }
    return Promise.resolve(found);
  }

  query(queries: readonly Query[]): Promise<readonly QueryAnswer[]> {
    return Promise.resolve(
      queries.map((query) => {
        try {
          return { ok: true, objects: this.#answer(query) };
        } catch (error) {
          return failedAnswer(error);
        }
      }),
    );
  }

  write(writes: readonly ObjectWrite[]): Promise<readonly WriteOutcome[]> {
    return Promise.resolve(
      writes.map((write) => {
        try {
          return this.#apply(write);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          return { ok: false, code: error.code, message: `${this.path}: ${messageOf(error)}` };
        }
      }),
    );
  }

  preferredWriteCount(): number {
    return 500;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #readable(entry: Entry, faults: RowFault[]): StoredObject | null {
    try {
      return this.#store.stored(entry);
    } catch (error) {
      faults.push({ id: entry.id, place: `${this.path}/${entry.id}`, message: messageOf(error) });
      return null;
    }
  }

  #answer(query: Query): readonly StoredObject[] {
    const compiled = compileQuery(query, this.#type);
    const objects: StoredObject[] = [];
    for (const entry of this.#candidates(query)) {
      const stored = this.#store.stored(entry);
      if (compiled.matches(stored.object)) objects.push(compiled.view(stored));
    }
    return objects;
  }

  *#candidates(query: Query): Iterable<Entry> {
    const lookup = query.kind === 'filter' ? equality(query.filter) : null;
    if (lookup === null) yield* this.#store.entries();
    else if (lookup.attribute === '_id') yield* this.#present([lookup.value]);
    else yield* this.#present(this.#store.idsWith(lookup.attribute, lookup.value));
  }

  *#present(ids: Iterable<string>): Iterable<Entry> {
    for (const id of ids) {
      const entry = this.#store.get(id);
      if (entry !== undefined) yield entry;
    }
  }

  #apply(write: ObjectWrite): WriteOutcome {
    if (write.kind === 'create') {
      const native = this.#type.toCreate(write.object);
      return succeeded(this.#store.add(this.#newId(write.id, native), native));
    }
    const entry = this.#store.get(write.id);
    if (entry === undefined) throw new Failure('not-found', `object ${write.id} not found`);
    if (write.rev !== null && write.rev !== String(entry.rev))
      throw new Failure('revision', `object ${write.id} has revision ${entry.rev}, not ${write.rev}`);
    if (write.kind === 'delete') {
      this.#store.remove(entry);
      return { ok: true, id: write.id, rev: null };
    }
    const native = merged(entry.native, this.#type.toUpdate(write.object, write.changed));
    return succeeded(this.#store.replace(entry, this.#nameOf(native) ?? write.id, native));
  }

  #newId(given: string | null, native: NativeObject): string {
    const name = this.#nameOf(native);
    if (given !== null && name !== null && given !== name)
      throw new Failure('bad-request', `id ${given} differs from the naming attribute, which is ${name}`);
    return given ?? name ?? randomUUID();
  }

  #nameOf(native: NativeObject): string | null {
    const name = this.#idAttribute === null ? undefined : native[this.#idAttribute];
    return typeof name === 'string' ? name : null;
  }
}

function newPage(): { readonly objects: StoredObject[]; readonly faults: RowFault[] } {
  return { objects: [], faults: [] };
}

function succeeded(entry: Entry): WriteOutcome {
  return { ok: true, id: entry.id, rev: String(entry.rev) };
}

function cursorSequence(after: ScanRequest['after']): number {
  if (after === undefined) return 0;
  if (typeof after === 'number') return after;
  throw new Failure('conflict', 'the scan cannot be continued: this cursor is not of this set');
}

function merged(native: NativeObject, changes: NativeObject): NativeObject {
  const result = { ...native };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete result[name];
    else setOwn(result, name, value);
  }
  return result;
}

/** An equality with a text that every match must satisfy, so that an index can find the candidates. */
function equality(filter: Filter): { readonly attribute: string; readonly value: string } | null {
  if (filter.kind === 'and') {
    for (const part of filter.parts) {
      const found = equality(part);
      if (found !== null) return found;
    }
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq') return null;
  const [attribute] = filter.pointer;
  return attribute === undefined || typeof filter.value !== 'string' ? null : { attribute, value: filter.value };
}
