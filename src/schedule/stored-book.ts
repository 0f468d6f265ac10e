import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import { isStorableId } from '../model/object-set.ts';
import type { ObjectRow, Repository, RowWrite } from '../model/repository.ts';
import { jobJson } from './job.ts';
import type { Acquired, JobBook, JobRow, NewRow, Trigger } from './job-row.ts';
import { describeFault, readJob } from './read-job.ts';

/** Not below `repo/`: no request reaches it but through the scheduler. */
export const JOB_TYPE = 'schedule/job';

const PAGE_SIZE = 500;

/** Jobs in the repository, shared by every process that uses it. Rows that did not change are not read again. */
export async function storedBook(repository: Repository, log: Log): Promise<JobBook> {
  await repository.objects.declareTypes([{ name: JOB_TYPE, searchable: [] }]);
  const known = new Map<string, Known>();
  return {
    rows: () => readAll(repository, known, log),
    read: async (id) => {
      const [row] = isStorableId(id) ? await repository.objects.readMany(JOB_TYPE, [id]) : [];
      return row === undefined ? null : rowOf(row, log);
    },
    create: (row) => write(repository, { kind: 'create', ...target(row.job.id), doc: docOf(row) }, row, 0),
    write: (row, next) =>
      write(repository, { kind: 'update', ...target(row.job.id), rev: row.rev, doc: docOf(next) }, next, row.rev + 1),
    remove: async (row) =>
      (await write(repository, { kind: 'delete', ...target(row.job.id), rev: row.rev }, row, row.rev)) !== null,
  };
}

/** Null: what is stored cannot be understood. */
interface Known {
  readonly rev: number;
  readonly row: JobRow | null;
}

function target(id: string): { readonly type: string; readonly id: string } {
  if (!isStorableId(id))
    throw new Failure('bad-request', 'a job cannot have this id: it is too long, or no proper text');
  return { type: JOB_TYPE, id };
}

async function write(repository: Repository, object: RowWrite, row: NewRow, rev: number): Promise<JobRow | null> {
  const result = await repository.commit({ units: [{ object }] });
  if (result.ok) return { ...row, rev };
  const [conflict] = result.conflicts;
  if (conflict === undefined || ['exists', 'revision', 'not-found'].includes(conflict.code)) return null;
  throw new Failure(conflict.code, conflict.message);
}

async function readAll({ objects }: Repository, known: Map<string, Known>, log: Log): Promise<readonly JobRow[]> {
  const present = new Map<string, number>();
  let after: Json = null;
  do {
    const page = await objects.page(JOB_TYPE, { limit: PAGE_SIZE, idsOnly: true, after });
    for (const { id, rev } of page.rows) present.set(id, rev);
    after = page.next;
  } while (after !== null);
  for (const id of known.keys()) if (!present.has(id)) known.delete(id);
  const changed = [...present].filter(([id, rev]) => known.get(id)?.rev !== rev).map(([id]) => id);
  for (let at = 0; at < changed.length; at += PAGE_SIZE)
    for (const row of await objects.readMany(JOB_TYPE, changed.slice(at, at + PAGE_SIZE)))
      known.set(row.id, { rev: row.rev, row: rowOf(row, log) });
  return [...known.values()].flatMap(({ row }) => row ?? []);
}

function docOf({ job, origin, trigger }: NewRow): JsonObject {
  return { job: jobJson(job), origin, trigger: { ...trigger, acquired: trigger.acquired && { ...trigger.acquired } } };
}

function rowOf({ id, rev, doc }: ObjectRow, log: Log): JobRow | null {
  const { job, faults } = readJob(id, isJsonObject(doc['job']) ? doc['job'] : {}, { persisted: true });
  if (job === null) {
    log.write(
      'error',
      `the stored job ${id} cannot be used: ${faults.map((fault) => describeFault(fault, true)).join('; ')}`,
    );
    return null;
  }
  return { job, rev, origin: doc['origin'] === 'file' ? 'file' : 'rest', trigger: triggerOf(doc['trigger']) };
}

function triggerOf(json: Json | undefined): Trigger {
  const { setUpMs, nextMs, previousMs, acquired } = isJsonObject(json) ? json : ({} as JsonObject);
  return {
    setUpMs: timeOf(setUpMs) ?? 0,
    nextMs: timeOf(nextMs),
    previousMs: timeOf(previousMs),
    acquired: acquiredOf(acquired),
  };
}

function acquiredOf(json: Json | undefined): Acquired | null {
  if (!isJsonObject(json)) return null;
  const { owner, nodeId, sinceMs } = json;
  return { owner: String(owner), nodeId: String(nodeId), sinceMs: timeOf(sinceMs) ?? 0 };
}

function timeOf(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
