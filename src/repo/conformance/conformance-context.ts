import { expect } from 'vitest';
import type { Json, JsonObject } from '../../base/json.ts';
import type { Filter } from '../../base/query-filter.ts';
import type { Link } from '../../model/link.ts';
import type { CommitConflict, CommitUnit, ObjectRow, Page, Repository, RowWrite } from '../../model/repository.ts';
import type { RunEntry, RunRecord } from '../../model/run.ts';

/** The repository under test and its clock. */
export interface Context {
  repo: Repository;
  nowMs: number;
}

export function create(id: string, doc: JsonObject): RowWrite & { kind: 'create' } {
  return { kind: 'create', type: 'user', id, doc };
}

export function update(id: string, rev: number, doc: JsonObject): RowWrite {
  return { kind: 'update', type: 'user', id, rev, doc };
}

export function remove(id: string, rev: number): RowWrite {
  return { kind: 'delete', type: 'user', id, rev };
}

export function linkOf(id: string, firstId: string, secondId: string, linkQualifier = 'default'): Link {
  return { id, rev: 0, linkType: 'm', linkQualifier, firstId, secondId };
}

export function runOf(id: string): RunRecord {
  return {
    id,
    kind: 'recon',
    mapping: 'hr',
    state: 'ACTIVE',
    stage: 'ACTIVE_INITIALIZED',
    startedMs: 5,
    endedMs: null,
    request: {},
    progress: { cursor: [1, 'x'] },
  };
}

export function insert(seq: number, change: Partial<RunEntry> = {}): { kind: 'insert'; entry: RunEntry } {
  const entry: RunEntry = {
    runId: 'r',
    seq,
    timestampMs: 1,
    phase: 'source',
    situation: null,
    action: 'CREATE',
    changeClass: 'create',
    status: 'done',
    linkQualifier: 'default',
    sourceId: null,
    targetId: null,
    ambiguousTargetIds: null,
    before: null,
    after: null,
    message: null,
    detail: null,
    ...change,
  };
  return { kind: 'insert', entry };
}

/** Writes each in a unit of its own, and leaves out what is already gone. */
export async function put(context: Context, ...writes: readonly RowWrite[]): Promise<void> {
  const units = writes.filter((write) => write.id !== '' || write.kind === 'create').map((object) => ({ object }));
  const result = await context.repo.commit({ units });
  if (result.ok) return;
  const gone = result.conflicts.filter(({ code, unit }) => code === 'not-found' && writes[unit]?.kind === 'delete');
  expect(result.conflicts).toEqual(gone);
  const left = units.filter((_, i) => !gone.some(({ unit }) => unit === i));
  expect(await context.repo.commit({ units: left })).toEqual({ ok: true });
}

export async function commit(context: Context, ...units: readonly CommitUnit[]): Promise<void> {
  expect(await context.repo.commit({ units })).toEqual({ ok: true });
}

export async function link(context: Context, ...links: readonly Link[]): Promise<void> {
  await commit(context, { links: links.map((link) => ({ kind: 'create', link })) });
}

export async function refused(context: Context, ...units: readonly CommitUnit[]): Promise<readonly CommitConflict[]> {
  const result = await context.repo.commit({ units });
  if (result.ok) throw new Error('was not refused');
  return result.conflicts;
}

export async function rowsById(context: Context): Promise<Record<string, ObjectRow>> {
  const { rows } = await context.repo.objects.page('user', { limit: 1000 });
  return Object.fromEntries(rows.map((row) => [row.id, row]));
}

export async function idsByValue(
  context: Context,
  attribute: string,
  values: readonly string[],
): Promise<readonly string[]> {
  const rows = await context.repo.objects.findByValue('user', attribute, values);
  return rows.map((row) => row.id).sort();
}

export async function expectFound(
  context: Context,
  attribute: string,
  stored: readonly Json[],
  wanted: readonly string[],
): Promise<void> {
  const has = (value: Json) => (Array.isArray(value) ? value : [value]).some((v) => wanted.includes(v as string));
  const expected = stored.flatMap((value, i) => (has(value) ? [`i${i}`] : []));
  expect({ wanted, ids: await idsByValue(context, attribute, wanted) }).toEqual({ wanted, ids: expected.sort() });
}

export async function walk(context: Context, filter: Filter, limit: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let after: Json = null;
  do {
    const page: Page<ObjectRow> = await context.repo.objects.page('user', { filter, after, limit });
    ids.push(...page.rows.map((row) => row.id));
    after = page.next;
  } while (after !== null);
  expect(new Set(ids).size).toBe(ids.length);
  return ids;
}

export async function clear(context: Context): Promise<void> {
  const { rows } = await context.repo.objects.page('user', { limit: 1000 });
  await put(context, ...rows.map((row) => remove(row.id, row.rev)));
}

export function visible(row: ObjectRow): JsonObject {
  return { _id: row.id, _rev: String(row.rev), ...row.doc };
}
