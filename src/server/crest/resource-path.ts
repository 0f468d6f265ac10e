import { Failure } from '../../base/failure.ts';
import { addressFault } from '../../resource/addressable.ts';
import { decodeUrlPart } from './decode-url.ts';

/** Where in the tree a URL points to. */
export interface ResourcePath {
  /** Decoded, without a slash at either end: `managed/user/a/b` for `/managed/user/a%2Fb`. */
  readonly path: string;
  /** `path` without the last segment of the URL. */
  readonly parent: string;
  /** The last segment of the URL, decoded: the id that a PUT names. */
  readonly last: string;
}

/**
 * Reads what follows `/openidm` in the path of a URL (specification §1.1): segments are decoded one by one, so that an
 * id may contain slashes. One slash at the end is allowed.
 *
 * Throws `Failure('bad-request')` for bad encodings, empty segments, `.` and `..` in whatever way they are written, and NUL.
 */
export function readResourcePath(rawPath: string): ResourcePath {
  const trimmed = rawPath.replace(/^\//, '').replace(/\/$/, '');
  if (trimmed === '') return { path: '', parent: '', last: '' };
  const segments = trimmed.split('/').map((segment) => decodeUrlPart(segment, 'path'));
  const path = segments.join('/');
  if (segments.includes('')) throw new Failure('bad-request', `The path has an empty segment: '${path}'`);
  const fault = addressFault(path);
  if (fault !== null) throw new Failure('bad-request', `A path must not contain ${fault}: ${JSON.stringify(path)}`);
  return { path, parent: segments.slice(0, -1).join('/'), last: segments[segments.length - 1]! };
}

/** The way back: a path that `readResourcePath` reads as `segments`. */
export function formatResourcePath(segments: readonly string[]): string {
  return segments.map((segment) => encodeURIComponent(segment)).join('/');
}
