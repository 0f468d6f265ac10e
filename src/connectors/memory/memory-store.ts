import { Failure } from '../../base/failure.ts';
import type { Json } from '../../base/json.ts';
import type { StoredObject } from '../../model/object-set.ts';
import { UID, type NativeObject, type ObjectType } from '../../connector/object-type.ts';

/** One stored object. `sequence` grows in order of creation and is what a scan's cursor points at. */
export interface Entry {
  readonly sequence: number;
  readonly id: string;
  readonly rev: number;
  readonly native: NativeObject;
  /** As it is read, once it was: frozen, so that all readers can be given the same. */
  stored: StoredObject | null;
}

/** The objects of one type, by id, in order of creation, with hash indexes that are built when first asked for. */
export class MemoryStore {
  readonly #type: ObjectType;
  readonly #entries = new Map<string, Entry>();
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  #nextSequence = 1;

  constructor(type: ObjectType) {
    this.#type = type;
  }

  get size(): number {
    return this.#entries.size;
  }

  get lastSequence(): number {
    return this.#nextSequence - 1;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** In order of creation; what is added while iterating comes too. */
  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** Throws `Failure('invalid-data')` for values that are not of the declared kind. */
  stored(entry: Entry): StoredObject {
    if (entry.stored !== null) return entry.stored;
    const rev = String(entry.rev);
    const object = this.#type.toObject(entry.id, entry.native);
    object['_rev'] = rev;
    return (entry.stored = { id: entry.id, rev, object: frozen(object) });
  }

  add(id: string, native: NativeObject): Entry {
    if (this.#entries.has(id)) throw new Failure('exists', `object ${id} exists already`);
    return this.#put({ sequence: this.#nextSequence++, id, rev: 0, native, stored: null });
  }

  /** Replaces an entry, under another id if it is renamed; a renamed entry keeps its revision count. */
  replace(before: Entry, id: string, native: NativeObject): Entry {
    if (id !== before.id && this.#entries.has(id)) throw new Failure('exists', `object ${id} exists already`);
    this.#unindex(before);
    if (id === before.id) return this.#put({ ...before, rev: before.rev + 1, native, stored: null });
    this.#entries.delete(before.id);
    return this.#put({ sequence: this.#nextSequence++, id, rev: before.rev + 1, native, stored: null });
  }

  remove(entry: Entry): void {
    this.#unindex(entry);
    this.#entries.delete(entry.id);
  }

  /** Ids of the entries that may have the text `value` in an attribute. */
  idsWith(attribute: string, value: string): Iterable<string> {
    let index = this.#indexes.get(attribute);
    if (index === undefined) {
      index = new Map();
      this.#indexes.set(attribute, index);
      for (const entry of this.#entries.values()) addTo(index, this.#keys(entry, attribute), entry.id);
    }
    return index.get(value) ?? [];
  }

  #put(entry: Entry): Entry {
    this.#entries.set(entry.id, entry);
    for (const [attribute, index] of this.#indexes) addTo(index, this.#keys(entry, attribute), entry.id);
    return entry;
  }

  #unindex(entry: Entry): void {
    for (const [attribute, index] of this.#indexes)
      for (const key of this.#keys(entry, attribute)) {
        const ids = index.get(key);
        ids?.delete(entry.id);
        if (ids?.size === 0) index.delete(key);
      }
  }

  #keys(entry: Entry, attribute: string): readonly string[] {
    const property = this.#type.property(attribute);
    if (property === undefined) return [];
    if (property.nativeName === UID) return [entry.id];
    const value = entry.native[property.nativeName];
    return value === undefined ? [] : texts(value);
  }
}

/** Down to the last list: who changes what he was given finds out at once. */
function frozen<T extends Json>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

function addTo(index: Map<string, Set<string>>, keys: readonly string[], id: string): void {
  for (const key of keys) {
    const ids = index.get(key);
    if (ids === undefined) index.set(key, new Set([id]));
    else ids.add(id);
  }
}

/** Texts that an equality can find. Numbers and booleans count as text too: the index only proposes candidates. */
function texts(value: Json): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  return typeof value === 'object' ? [] : [String(value)];
}
