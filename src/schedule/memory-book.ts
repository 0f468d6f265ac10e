import type { JobBook, JobRow } from './job-row.ts';

/** Jobs of one process, gone with it. */
export function memoryBook(): JobBook {
  const rows = new Map<string, JobRow>();
  const isPresent = ({ job, rev }: JobRow): boolean => rows.get(job.id)?.rev === rev;
  const put = (row: JobRow): JobRow => {
    rows.set(row.job.id, row);
    return row;
  };
  let revs = 0;
  return {
    rows: async () => [...rows.values()],
    read: async (id) => rows.get(id) ?? null,
    create: async (row) => (rows.has(row.job.id) ? null : put({ ...row, rev: revs++ })),
    write: async (row, next) => (isPresent(row) ? put({ ...next, rev: revs++ }) : null),
    remove: async (row) => isPresent(row) && rows.delete(row.job.id),
  };
}
