import { Failure } from '../base/failure.ts';
import type { DeleteRequest } from '../resource/request.ts';

/** A parameter by which the HTTP layer may tell that `If-Match: *` was sent, which a request shows as no revision. */
const ANY_REVISION = '_ifMatchAny';

/**
 * The revision that a delete names; null: any. One that names none is refused (specification §1.9), unless it says with
 * `_ifMatchAny=true` that any will do.
 */
export function revisionOfDelete({ rev, parameters }: DeleteRequest): string | null {
  if (rev === null && parameters[ANY_REVISION] !== 'true')
    throw new Failure('conflict', 'Object passed into delete does not have revision it expects set.');
  return rev;
}

/** Throws `Failure('revision')` if another revision than the present one is asked for. */
export function checkRevision(wanted: string | null, present: number, name: string): void {
  if (wanted === null || wanted === String(present)) return;
  throw new Failure('revision', `${name} has revision ${present}, not ${wanted.slice(0, 40)}: read it again`);
}
