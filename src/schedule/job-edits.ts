import { Failure } from '../base/failure.ts';
import type { Job } from './job.ts';
import type { JobBook, JobRow, NewRow } from './job-row.ts';
import { firstFire } from './timing.ts';

export interface Books {
  /** Shared with other processes. */
  readonly stored: JobBook;
  readonly memory: JobBook;
}

/** The job in either book. */
export async function findJob({ stored, memory }: Books, id: string): Promise<JobRow | null> {
  return (await memory.read(id)) ?? stored.read(id);
}

/** Those of both books, by id. */
export async function listJobs({ stored, memory }: Books): Promise<readonly JobRow[]> {
  const all = [...(await memory.rows()), ...(await stored.rows())];
  const byId = new Map(all.toReversed().map((row) => [row.job.id, row]));
  return [...byId.values()].sort((a, b) => (a.job.id < b.job.id ? -1 : 1));
}

/** Throws `Failure('exists')`. */
export async function createJob(books: Books, job: Job, nowMs: number): Promise<JobRow> {
  const row =
    (await findJob(books, job.id)) === null ? await bookOf(books, job).create(freshRow(job, 'rest', nowMs)) : null;
  if (row === null) throw new Failure('exists', `there is a job "${job.id}" already`);
  return row;
}

/** Gives the job another content, and sets its trigger up anew. `rev` null: whatever it is. Throws `not-found` and `revision`. */
export async function updateJob(books: Books, job: Job, rev: string | null, nowMs: number): Promise<JobRow> {
  return changed(books, job.id, rev, async (row) => {
    const next = freshRow(job, row.origin, nowMs);
    if (row.job.persisted === job.persisted) return bookOf(books, job).write(row, next);
    if (!(await bookOf(books, row.job).remove(row))) return null;
    return bookOf(books, job).create(next);
  });
}

/** Throws `not-found` and `revision`. */
export async function deleteJob(books: Books, id: string, rev: string | null): Promise<JobRow> {
  return changed(books, id, rev, async (row) => ((await bookOf(books, row.job).remove(row)) ? row : null));
}

/** A job whose trigger begins now. */
export function freshRow(job: Job, origin: JobRow['origin'], nowMs: number): NewRow {
  return {
    job,
    origin,
    trigger: { setUpMs: nowMs, nextMs: firstFire(job, nowMs), previousMs: null, acquired: null },
  };
}

export function bookOf({ stored, memory }: Books, { persisted }: Job): JobBook {
  return persisted ? stored : memory;
}

const MAX_ATTEMPTS = 100;

/** A firing changes the row, too: without a revision that the caller insists on, the change is tried again. */
async function changed(
  books: Books,
  id: string,
  rev: string | null,
  change: (row: JobRow) => Promise<JobRow | null>,
): Promise<JobRow> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const row = await findJob(books, id);
    if (row === null) throw new Failure('not-found', `there is no job "${id.slice(0, 200)}"`);
    if (rev !== null && rev !== String(row.rev))
      throw new Failure(
        'revision',
        `the job "${id}" has the revision ${row.rev}, not ${rev.slice(0, 100)}: read it again`,
      );
    const result = await change(row);
    if (result !== null) return result;
  }
  throw new Failure('conflict', `the job "${id}" is changed again and again by others; try later`, { retryable: true });
}
