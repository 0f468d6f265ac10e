import { Failure } from '../../base/failure.ts';

/** What a call that was aborted rejects with: the signal's reason where that is an error. */
export function abortReason({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Failure('canceled', 'the operation was cancelled');
}
