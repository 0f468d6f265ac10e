import { randomUUID } from 'node:crypto';
import { Failure } from '../../base/failure.ts';
import { NAME } from '../../connector/object-type.ts';
import type { NativeObject, ObjectType } from '../../connector/object-type.ts';
import type { ObjectWrite, WriteOutcome } from '../../model/object-set.ts';
import { cellText } from './csv-cell.ts';
import type { CsvFormat } from './csv-format.ts';
import type { CsvHeader } from './csv-header.ts';

/** A row of the file whose id occurs in the writes. */
export interface FoundRow {
  readonly startByte: number;
  readonly endByte: number;
  readonly line: number;
  readonly cells: readonly string[];
  /** Why the row cannot be changed: it is broken, or its id is not unique. */
  readonly problem: string | null;
}

/** What is done to the file. Cells null: the row goes. */
export interface EditPlan {
  readonly outcomes: readonly WriteOutcome[];
  /** In the order of the file. */
  readonly edits: readonly { readonly row: FoundRow; readonly cells: readonly string[] | null }[];
  readonly appended: readonly (readonly string[])[];
}

export interface EditContext {
  readonly format: CsvFormat;
  readonly type: ObjectType;
  readonly header: CsvHeader;
  /** For messages: `system/hr/account`. */
  readonly path: string;
}

/** A row while the writes are worked through. `row` null: it is new. `cells` null: it is deleted. */
interface RowState {
  readonly row: FoundRow | null;
  cells: readonly string[] | null;
}

/** Applies the writes one after the other to the rows that were found; pure. `found` is by id. */
export function planEdits(
  writes: readonly ObjectWrite[],
  found: ReadonlyMap<string, FoundRow>,
  context: EditContext,
): EditPlan {
  const states: RowState[] = [];
  const byId = new Map<string, RowState>();
  for (const [id, row] of found) {
    const state: RowState = { row, cells: row.cells };
    states.push(state);
    byId.set(id, state);
  }
  const outcomes = writes.map((write) => {
    try {
      return apply(write, byId, states, context);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { ok: false, code: error.code, message: `${context.path}: ${error.message}` } as const;
    }
  });
  return { outcomes, edits: editsOf(states), appended: states.filter(isNew).map((state) => state.cells) };
}

/** Ids whose rows must be known before `planEdits`. */
export function touchedIds(writes: readonly ObjectWrite[], context: EditContext): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const write of writes) {
    if (write.kind !== 'create') ids.add(write.id);
    if (write.kind === 'delete') continue;
    for (const property of context.type.properties)
      if (isUid(property.nativeName, context)) {
        const value = Object.hasOwn(write.object, property.name) ? write.object[property.name] : null;
        for (const item of Array.isArray(value) ? value : [value])
          if (item !== null && typeof item !== 'object') ids.add(String(item));
      }
  }
  return ids;
}

function apply(
  write: ObjectWrite,
  byId: Map<string, RowState>,
  states: RowState[],
  context: EditContext,
): WriteOutcome {
  if (write.kind === 'create') return create(write, byId, states, context);
  const state = byId.get(write.id);
  if (state === undefined || state.cells === null) throw new Failure('not-found', `object ${write.id} not found`);
  ensureUsable(write.id, state);
  if (write.kind === 'delete') {
    state.cells = null;
    byId.delete(write.id);
    return { ok: true, id: write.id, rev: null };
  }
  const cells = filledCells(state.cells, context.type.toUpdate(write.object, write.changed), context);
  const id = cells[context.header.uidIndex]!;
  if (id === '') throw new Failure('invalid-data', `object ${write.id}: its uid cannot be removed`);
  if (id !== write.id) {
    ensureFree(id, byId);
    byId.delete(write.id);
    byId.set(id, state);
  }
  state.cells = cells;
  return { ok: true, id, rev: null };
}

function create(
  write: Extract<ObjectWrite, { kind: 'create' }>,
  byId: Map<string, RowState>,
  states: RowState[],
  context: EditContext,
): WriteOutcome {
  const empty = context.header.columns.map(() => '');
  const cells = filledCells(empty, context.type.toCreate(write.object), context);
  const { uidIndex } = context.header;
  if (write.id !== null && write.id !== cells[uidIndex])
    throw new Failure('unsupported', 'Create with client provided ID is not supported.');
  if (cells[uidIndex] === '') cells[uidIndex] = randomUUID();
  const id = cells[uidIndex]!;
  ensureFree(id, byId);
  const state: RowState = { row: null, cells };
  states.push(state);
  byId.set(id, state);
  return { ok: true, id, rev: null };
}

function filledCells(before: readonly string[], native: NativeObject, context: EditContext): string[] {
  const { format, header } = context;
  const cells = [...before];
  const written = new Map<number, string>();
  for (const [name, value] of Object.entries(native)) {
    const index = header.indexOf(name);
    if (index < 0) continue;
    const text = cellText(name, value, format);
    const other = written.get(index);
    if (other !== undefined && other !== text)
      throw new Failure('bad-request', `two attributes give column ${header.columns[index]} different values`);
    written.set(index, text);
    cells[index] = text;
  }
  return cells;
}

function ensureFree(id: string, byId: ReadonlyMap<string, RowState>): void {
  const state = byId.get(id);
  if (state === undefined) return;
  ensureUsable(id, state);
  throw new Failure('exists', `object ${id} exists already`);
}

function ensureUsable(id: string, { row }: RowState): void {
  if (row !== null && row.problem !== null)
    throw new Failure('invalid-data', `object ${id}: line ${row.line}: ${row.problem}; correct the file`);
}

function editsOf(states: readonly RowState[]): EditPlan['edits'] {
  return states
    .flatMap(({ row, cells }) => (row === null || isEqual(row.cells, cells) ? [] : [{ row, cells }]))
    .sort((a, b) => a.row.startByte - b.row.startByte);
}

function isEqual(a: readonly string[], b: readonly string[] | null): boolean {
  return b !== null && a.every((cell, i) => cell === b[i]);
}

function isNew(state: RowState): state is RowState & { readonly cells: readonly string[] } {
  return state.row === null && state.cells !== null;
}

function isUid(nativeName: string, { format }: EditContext): boolean {
  return nativeName === format.headerUid || (nativeName === NAME && format.headerName === format.headerUid);
}
