import type { IncomingMessage } from 'node:http';
import { Failure } from '../base/failure.ts';
import { readParameters, type Parameters } from './crest/parameters.ts';
import { readResourcePath, type ResourcePath } from './crest/resource-path.ts';

/** What a request is aimed at: all that can be said before its body is read. */
export interface Target {
  /** In capitals, `X-HTTP-Method-Override` applied. */
  readonly method: string;
  readonly place: ResourcePath;
  readonly parameters: Parameters;
}

/** The context path of the tree. */
export const TREE = '/openidm';

export function isTreeUrl(url: string): boolean {
  return url.startsWith(TREE) && (url.length === TREE.length || url[TREE.length] === '/' || url[TREE.length] === '?');
}

/** Throws `Failure('bad-request')` for a URL that cannot be read. */
export function readTarget({ method, headers }: IncomingMessage, rawPath: string, rawQuery: string): Target {
  return {
    method: effectiveMethod(method ?? '', headers['x-http-method-override']),
    place: readResourcePath(rawPath.slice(TREE.length)),
    parameters: readParameters(rawQuery),
  };
}

/** Clients that can only POST name the method that they mean in a header. */
function effectiveMethod(method: string, override: string | string[] | undefined): string {
  if (override === undefined || method !== 'POST') return method;
  const wanted = override.toString().trim().toUpperCase();
  if (/^[A-Z]{1,20}$/.test(wanted)) return wanted;
  throw new Failure('bad-request', 'The header X-HTTP-Method-Override names no method');
}
