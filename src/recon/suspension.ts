import { Failure } from '../base/failure.ts';

/**
 * The reason with which a run's signal is aborted when its process is about to stop: the run then rejects with it and
 * does not end. It stays stored as active, and the next start takes it up at its checkpoint, as after a crash.
 */
export const SUSPENDED = new Failure(
  'canceled',
  'the run was suspended at its checkpoint; the next start takes it up',
  {
    retryable: true,
  },
);
