import type { Job } from './job.ts';

/** A job as it is kept, and where it stands. */
export interface JobRow {
  readonly job: Job;
  /** Changes with every write. */
  readonly rev: number;
  /** `file`: it was made from a file of the project, and follows it. */
  readonly origin: 'file' | 'rest';
  readonly trigger: Trigger;
}

/** Times in milliseconds since 1970. */
export interface Trigger {
  /** When the job got its present schedule. */
  readonly setUpMs: number;
  /** Null: it does not fire any more. */
  readonly nextMs: number | null;
  /** When it was due the last time that it was fired; null: never. */
  readonly previousMs: number | null;
  /** A process is about to fire it. */
  readonly acquired: Acquired | null;
}

export interface Acquired {
  /** Names the process, and its scheduler. */
  readonly owner: string;
  readonly nodeId: string;
  readonly sinceMs: number;
}

/** A job as it is to be kept: without the revision that it will get. */
export type NewRow = Omit<JobRow, 'rev'>;

/**
 * Where jobs are kept. Writes are compare-and-set: null or false means that somebody else changed or removed the row meanwhile, and
 * nothing was done.
 */
export interface JobBook {
  rows(): Promise<readonly JobRow[]>;
  read(id: string): Promise<JobRow | null>;
  /** Null: the id is taken. */
  create(row: NewRow): Promise<JobRow | null>;
  write(row: JobRow, next: NewRow): Promise<JobRow | null>;
  remove(row: JobRow): Promise<boolean>;
}
