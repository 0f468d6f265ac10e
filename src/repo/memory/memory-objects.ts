import { Failure } from '../../base/failure.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { compileFilter, type Filter } from '../../base/query-filter.ts';
import type { ObjectReads, ObjectRow, ObjectTypeSpec, Page, PageRequest, RowWrite } from '../../model/repository.ts';
import { objectChanged, objectExists, objectMissing, type UnitConflict } from '../conflict.ts';
import { indexedStrings } from '../indexed-strings.ts';
import { cursorNumber } from '../page-cursor.ts';
import { OrderedRows, pageOf, type Slot } from './ordered-rows.ts';
import { sortedPage, type FilledSlot } from './sorted-page.ts';
import type { UndoLog } from './undo-log.ts';

type RowSlot = Slot<ObjectRow>;

interface Collection {
  readonly rows: OrderedRows<ObjectRow>;
  readonly byId: Map<string, RowSlot>;
  /** Attribute → value → the objects that have it. */
  readonly indexes: Map<string, Map<string, Set<RowSlot>>>;
}

export class MemoryObjects implements ObjectReads {
  readonly #collections = new Map<string, Collection>();

  async declareTypes(types: readonly ObjectTypeSpec[]): Promise<void> {
    for (const { name, searchable } of types) {
      let collection = this.#collections.get(name);
      if (!collection) {
        collection = { rows: new OrderedRows(), byId: new Map(), indexes: new Map() };
        this.#collections.set(name, collection);
      }
      for (const attribute of searchable) addIndex(collection, attribute);
    }
  }

  async count(type: string, filter?: Filter): Promise<number> {
    const collection = this.#collection(type);
    if (!filter) return collection.byId.size;
    let count = 0;
    for (const _ of matchingSlots(collection, filter)) count++;
    return count;
  }

  async readMany(type: string, ids: readonly string[]): Promise<readonly ObjectRow[]> {
    const { byId } = this.#collection(type);
    return rowsOf([...new Set(ids)].map((id) => byId.get(id)));
  }

  async findByValue(type: string, attribute: string, values: readonly string[]): Promise<readonly ObjectRow[]> {
    const collection = this.#collection(type);
    const index = collection.indexes.get(attribute);
    if (index) return rowsOf(new Set(values.flatMap((value) => [...(index.get(value) ?? [])])));
    const wanted = new Set(values);
    const test = (row: ObjectRow) => indexedStrings(row.doc, attribute).some((value) => wanted.has(value));
    return collection.rows.page(null, Infinity, test).rows;
  }

  async page(type: string, request: PageRequest): Promise<Page<ObjectRow>> {
    const collection = this.#collection(type);
    const { filter, sort = [], after = null, limit } = request;
    if (sort.length > 0) return sortedPage(matchingSlots(collection, filter), visible, { sort, after, limit });
    if (!filter) return collection.rows.page(after, limit, () => true);
    const test = rowTest(filter);
    const candidates = indexedCandidates(collection, filter);
    if (!candidates) return collection.rows.page(after, limit, test);
    const first = cursorNumber(after);
    const slots = [...candidates].filter((slot) => slot.number > first).sort((a, b) => a.number - b.number);
    return pageOf(slots, 0, limit, test);
  }

  async pageIds(type: string, after: Json, limit: number): Promise<Page<string>> {
    const { rows, next } = this.#collection(type).rows.page(after, limit, () => true);
    return { rows: rows.map((row) => row.id), next };
  }

  find(type: string, id: string): ObjectRow | null {
    return this.#collection(type).byId.get(id)?.row ?? null;
  }

  write(write: RowWrite, undo: UndoLog): UnitConflict | null {
    const collection = this.#collection(write.type);
    if (write.kind === 'create') return create(collection, write, undo);
    const slot = collection.byId.get(write.id);
    if (!slot?.row) return objectMissing(write.type, write.id);
    if (slot.row.rev !== write.rev) return objectChanged(write.type, write.id, write.rev);
    if (write.kind === 'update') {
      replace(collection, slot, { id: write.id, rev: write.rev + 1, doc: write.doc }, undo);
    } else remove(collection, slot, slot.row, undo);
    return null;
  }

  compact(): void {
    for (const { rows } of this.#collections.values()) rows.compact();
  }

  #collection(type: string): Collection {
    const collection = this.#collections.get(type);
    if (!collection) throw new Failure('not-found', `object type ${JSON.stringify(type)} was not declared`);
    return collection;
  }
}

function create(
  collection: Collection,
  write: Extract<RowWrite, { kind: 'create' }>,
  undo: UndoLog,
): UnitConflict | null {
  if (collection.byId.has(write.id)) return objectExists(write.type, write.id);
  const row: ObjectRow = { id: write.id, rev: 0, doc: write.doc };
  const slot = collection.rows.add(row);
  collection.byId.set(row.id, slot);
  enterIndexes(collection, slot, row);
  undo.push(() => {
    collection.byId.delete(row.id);
    leaveIndexes(collection, slot, row);
    collection.rows.remove(slot);
  });
  return null;
}

function replace(collection: Collection, slot: RowSlot, row: ObjectRow, undo: UndoLog): void {
  const before = slot.row!;
  exchange(before, row);
  undo.push(() => exchange(row, before));

  function exchange(old: ObjectRow, next: ObjectRow): void {
    leaveIndexes(collection, slot, old);
    slot.row = next;
    enterIndexes(collection, slot, next);
  }
}

function remove(collection: Collection, slot: RowSlot, row: ObjectRow, undo: UndoLog): void {
  leaveIndexes(collection, slot, row);
  collection.byId.delete(row.id);
  collection.rows.remove(slot);
  undo.push(() => {
    collection.rows.restore(slot, row);
    collection.byId.set(row.id, slot);
    enterIndexes(collection, slot, row);
  });
}

function addIndex(collection: Collection, attribute: string): void {
  if (collection.indexes.has(attribute)) return;
  const index = new Map<string, Set<RowSlot>>();
  collection.indexes.set(attribute, index);
  for (const slot of collection.byId.values()) enterIndex(index, attribute, slot, slot.row!);
}

function enterIndexes(collection: Collection, slot: RowSlot, row: ObjectRow): void {
  for (const [attribute, index] of collection.indexes) enterIndex(index, attribute, slot, row);
}

function enterIndex(index: Map<string, Set<RowSlot>>, attribute: string, slot: RowSlot, row: ObjectRow): void {
  for (const value of indexedStrings(row.doc, attribute)) {
    const slots = index.get(value);
    if (slots) slots.add(slot);
    else index.set(value, new Set([slot]));
  }
}

function leaveIndexes(collection: Collection, slot: RowSlot, row: ObjectRow): void {
  for (const [attribute, index] of collection.indexes) {
    for (const value of indexedStrings(row.doc, attribute)) {
      const slots = index.get(value);
      if (slots?.delete(slot) && slots.size === 0) index.delete(value);
    }
  }
}

function visible(row: ObjectRow): JsonObject {
  return { _id: row.id, _rev: String(row.rev), ...row.doc };
}

function rowTest(filter: Filter): (row: ObjectRow) => boolean {
  const test = compileFilter(filter, { caseSensitive: true });
  return (row) => test(visible(row));
}

function* matchingSlots(collection: Collection, filter: Filter | undefined): Generator<FilledSlot<ObjectRow>> {
  const test = filter ? rowTest(filter) : () => true;
  const candidates = filter ? indexedCandidates(collection, filter) : null;
  for (const { number, row } of candidates ?? collection.byId.values())
    if (row !== null && test(row)) yield { number, row };
}

/** A superset of what matches, if an index knows one. */
function indexedCandidates(collection: Collection, filter: Filter): Iterable<RowSlot> | null {
  if (filter.kind === 'and') {
    for (const part of filter.parts) {
      const candidates = indexedCandidates(collection, part);
      if (candidates) return candidates;
    }
    return null;
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.pointer.length !== 1) return null;
  if (typeof filter.value !== 'string') return null;
  const index = collection.indexes.get(filter.pointer[0]!);
  if (index) return index.get(filter.value) ?? [];
  if (filter.pointer[0] !== '_id') return null;
  const slot = collection.byId.get(filter.value);
  return slot ? [slot] : [];
}

function rowsOf(slots: Iterable<RowSlot | undefined>): readonly ObjectRow[] {
  const rows: ObjectRow[] = [];
  for (const slot of slots) if (slot?.row) rows.push(slot.row);
  return rows;
}
