import type { Json, JsonObject } from '../../base/json.ts';
import type { CommitBatch, CommitUnit, EntryWrite, LinkWrite, RowWrite } from '../../model/repository.ts';
import type { RunEntry, RunRecord } from '../../model/run.ts';
import { sealedCells } from './audit-cells.ts';
import { attributeKeys, type AttributeKeys } from './index-key.ts';
import type { Cell } from './sqlite-database.ts';

/**
 * A commit as it crosses to the thread of the database: one flat list of primitives, documents as JSON text. Objects cost
 * twice as much on the sending side and five times as much on the receiving one (measured, 1 KB documents).
 */
export interface CommitTape {
  readonly fence: CommitBatch['fence'] | null;
  readonly run: RawRun | null;
  /** Types of the objects, with the attributes whose index keys follow each document. */
  readonly types: readonly TapeType[];
  readonly unitCount: number;
  readonly cells: readonly TapeCell[];
  /** As `sealedCells` makes them. */
  readonly audit: readonly Cell[];
}

export interface TapeType {
  readonly name: string;
  readonly attributes: readonly string[];
}

type TapeCell = AttributeKeys | Cell;

export interface RawRun {
  readonly id: string;
  readonly mapping: string;
  readonly state: string;
  readonly startedMs: number;
  readonly record: string;
}

/** A unit as the tables take it. */
export interface RawUnit {
  readonly object: RawObject | null;
  readonly links: readonly LinkWrite[];
  readonly entry: RawEntry | null;
}

export interface RawObject {
  readonly kind: RowWrite['kind'];
  readonly type: TapeType;
  readonly id: string;
  /** 0 for a create. */
  readonly rev: number;
  /** Empty for a delete. */
  readonly doc: string;
  /** In the order of `type.attributes`. */
  readonly keys: readonly AttributeKeys[];
}

export type RawEntry =
  /** `columns`: everything after the key, in the order of the table. */
  | { readonly kind: 'insert'; readonly runId: string; readonly seq: number; readonly columns: readonly Cell[] }
  | Extract<EntryWrite, { kind: 'settle' }>;

const ENTRY_COLUMNS = 14;

export function writeTape(batch: CommitBatch, searchable: (type: string) => readonly string[]): CommitTape {
  const types: TapeType[] = [];
  const cells: TapeCell[] = [];
  const typeIndex = (name: string): number => {
    for (let i = 0; i < types.length; i++) if (types[i]!.name === name) return i;
    return types.push({ name, attributes: searchable(name) }) - 1;
  };
  for (const unit of batch.units) writeUnit(cells, unit, types, typeIndex);
  const run = batch.run ? rawRun(batch.run) : null;
  const audit = batch.audit === undefined ? [] : sealedCells(batch.audit);
  return { fence: batch.fence ?? null, run, types, unitCount: batch.units.length, cells, audit };
}

export function* readTape(tape: CommitTape): Generator<RawUnit> {
  const reader: Reader = { cells: tape.cells, at: 0 };
  for (let i = 0; i < tape.unitCount; i++) yield readUnit(reader, tape.types);
}

function rawRun(record: RunRecord): RawRun {
  const { id, mapping, state, startedMs } = record;
  return { id, mapping, state, startedMs, record: JSON.stringify(record) };
}

function writeUnit(
  cells: TapeCell[],
  { object, links, entry }: CommitUnit,
  types: readonly TapeType[],
  typeIndex: (name: string) => number,
): void {
  if (object) {
    const index = typeIndex(object.type);
    cells.push(object.kind, index, object.id, object.kind === 'create' ? 0 : object.rev);
    if (object.kind !== 'delete') {
      cells.push(JSON.stringify(object.doc));
      for (const attribute of types[index]!.attributes) cells.push(attributeKeys(object.doc, attribute));
    }
  } else cells.push(null);
  cells.push(links?.length ?? 0);
  for (const link of links ?? []) writeLink(cells, link);
  if (entry) writeEntry(cells, entry);
  else cells.push(null);
}

function writeLink(cells: TapeCell[], write: LinkWrite): void {
  if (write.kind === 'create') {
    const { id, rev, linkType, linkQualifier, firstId, secondId } = write.link;
    cells.push('create', id, rev, firstId, secondId, linkType, linkQualifier);
  } else if (write.kind === 'update') cells.push('update', write.id, write.rev, write.firstId, write.secondId);
  else cells.push('delete', write.id, write.rev);
}

function writeEntry(cells: TapeCell[], write: EntryWrite): void {
  if (write.kind === 'insert') {
    const e: RunEntry = write.entry;
    cells.push('insert', e.runId, e.seq, e.status, e.timestampMs, e.phase, e.situation, e.action, e.changeClass);
    cells.push(e.linkQualifier, e.sourceId, e.targetId, text(e.ambiguousTargetIds as Json), text(e.before));
    cells.push(text(e.after), e.message, text(e.detail));
    return;
  }
  const { runId, seq, from, status, message, targetId, timestampMs } = write;
  cells.push('settle', runId, seq, from, status, timestampMs, message === undefined ? 0 : 1, message ?? null);
  cells.push(targetId ?? null);
}

function text(value: Json): string | null {
  return value === null ? null : JSON.stringify(value);
}

interface Reader {
  readonly cells: readonly TapeCell[];
  at: number;
}

function readUnit(reader: Reader, types: readonly TapeType[]): RawUnit {
  const object = readObject(reader, types);
  const links: LinkWrite[] = [];
  for (let count = next<number>(reader); count > 0; count--) links.push(readLink(reader));
  return { object, links, entry: readEntry(reader) };
}

function readObject(reader: Reader, types: readonly TapeType[]): RawObject | null {
  const kind = next<RowWrite['kind'] | null>(reader);
  if (kind === null) return null;
  const type = types[next<number>(reader)]!;
  const id = next<string>(reader);
  const rev = next<number>(reader);
  if (kind === 'delete') return { kind, type, id, rev, doc: '', keys: [] };
  const doc = next<string>(reader);
  const keys = reader.cells.slice(reader.at, reader.at + type.attributes.length) as readonly AttributeKeys[];
  reader.at += type.attributes.length;
  return { kind, type, id, rev, doc, keys };
}

function readLink(reader: Reader): LinkWrite {
  const kind = next<LinkWrite['kind']>(reader);
  const id = next<string>(reader);
  const rev = next<number>(reader);
  if (kind === 'delete') return { kind, id, rev };
  const firstId = next<string>(reader);
  const secondId = next<string>(reader);
  if (kind === 'update') return { kind, id, rev, firstId, secondId };
  const linkType = next<string>(reader);
  return { kind, link: { id, rev, firstId, secondId, linkType, linkQualifier: next<string>(reader) } };
}

function readEntry(reader: Reader): RawEntry | null {
  const kind = next<EntryWrite['kind'] | null>(reader);
  if (kind === null) return null;
  const runId = next<string>(reader);
  const seq = next<number>(reader);
  if (kind === 'insert') {
    const columns = reader.cells.slice(reader.at, reader.at + ENTRY_COLUMNS) as readonly Cell[];
    reader.at += ENTRY_COLUMNS;
    return { kind, runId, seq, columns };
  }
  const from = next<RunEntry['status']>(reader);
  const status = next<RunEntry['status']>(reader);
  const timestampMs = next<number>(reader);
  const hasMessage = next<number>(reader) === 1;
  const message = next<string | null>(reader);
  const targetId = next<string | null>(reader);
  const settle = { kind, runId, seq, from, status, timestampMs } as const;
  return { ...settle, ...(hasMessage ? { message } : {}), ...(targetId === null ? {} : { targetId }) };
}

function next<T extends TapeCell>(reader: Reader): T {
  return reader.cells[reader.at++] as T;
}

/** The keys of a document for attributes that the sender did not know to be searchable. */
export function keysFromText(doc: string, attributes: readonly string[]): readonly AttributeKeys[] {
  const object = JSON.parse(doc) as JsonObject;
  return attributes.map((attribute) => attributeKeys(object, attribute));
}
