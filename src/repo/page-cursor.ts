import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';

/** Cursors of our stores are numbers in creation order; none is the start. */
export function cursorNumber(after: Json | undefined): number {
  if (after === undefined || after === null) return 0;
  if (typeof after === 'number' && Number.isSafeInteger(after)) return after;
  throw new Failure('bad-request', `not a page cursor of this store: ${JSON.stringify(after)}`);
}
