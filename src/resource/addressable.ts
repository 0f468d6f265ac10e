import { Failure } from '../base/failure.ts';
import type { CreateRequest } from './request.ts';

/**
 * What keeps a path, or an id that becomes a part of one, from being asked for in a URL; null: nothing. Slashes are no fault: they can
 * be encoded.
 */
export function addressFault(path: string): string | null {
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(path)) return 'the segments . and ..';
  if (path.includes('\0')) return 'the character NUL';
  return path.isWellFormed() ? null : 'half of a surrogate pair';
}

/** Throws `Failure('bad-request')` for an id under which nobody could ask for the object. `place` is for the message. */
export function refuseUnaddressable(id: string, place: string): void {
  const fault = addressFault(id);
  if (fault === null) return;
  const shown = JSON.stringify(id.slice(0, 100));
  throw new Failure(
    'bad-request',
    `${place}: the id ${shown} cannot be used, since no URL can name it: an id must not contain ${fault}`,
  );
}

/** The same for all that names the object which a request creates: path, id of the URL, `_id` of the content. */
export function refuseUnaddressableCreate({ path, newId, content }: CreateRequest): void {
  for (const id of [path, newId, content['_id']]) if (typeof id === 'string') refuseUnaddressable(id, path);
}
