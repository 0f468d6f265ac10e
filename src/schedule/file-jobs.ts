import { deepEqual } from '../base/json.ts';
import { jobJson, type Job } from './job.ts';
import { bookOf, findJob, freshRow, type Books } from './job-edits.ts';
import type { JobRow } from './job-row.ts';

/**
 * Brings the jobs that come from files of the project to what the files say now. A job that is as its file says keeps its trigger, so
 * that what was missed while no process ran is made up for; one whose file is gone goes. `isOwner`: persisted ones, too.
 */
export async function followFiles(books: Books, jobs: readonly Job[], nowMs: number, isOwner: boolean): Promise<void> {
  const wanted = new Set(jobs.map(({ id }) => id));
  const present = [...(await books.memory.rows()), ...(isOwner ? await books.stored.rows() : [])];
  for (const row of present)
    if (row.origin === 'file' && !wanted.has(row.job.id)) await bookOf(books, row.job).remove(row);
  for (const job of jobs) if (isOwner || !job.persisted) await followFile(books, job, nowMs, isOwner);
}

const MAX_ATTEMPTS = 100;

/** Another process may do the same at the same moment. */
async function followFile(books: Books, job: Job, nowMs: number, isOwner: boolean): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const row = await findJob(books, job.id);
    if (row !== null && row.origin === 'file' && isSame(row, job)) return;
    if (row !== null && row.job.persisted !== job.persisted) {
      if (row.job.persisted && !isOwner) return;
      await bookOf(books, row.job).remove(row);
      continue;
    }
    const fresh = freshRow(job, 'file', nowMs);
    const book = bookOf(books, job);
    if ((row === null ? await book.create(fresh) : await book.write(row, fresh)) !== null) return;
  }
}

function isSame(row: JobRow, job: Job): boolean {
  return deepEqual(jobJson(row.job), jobJson(job));
}
