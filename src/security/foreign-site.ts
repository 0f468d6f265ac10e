import { Failure } from '../base/failure.ts';
import { header, type RequestCredentials } from './credentials.ts';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what a page of another site could have made a browser send, with `denied` (specification §1.11). A browser adds
 * the session cookie by itself, so everything but a read needs the header `X-Requested-With`, which no other site can set.
 * It may add Basic credentials by itself, too; then it says where the request comes from.
 */
export function checkForeignSite(request: RequestCredentials, form: 'cookie' | 'basic'): void {
  const { headers, method, isQuery = false } = request;
  if (READS.has(method.toUpperCase()) && !isQuery) return;
  if ((header(headers, 'x-requested-with') ?? '') !== '') return;
  const site = header(headers, 'sec-fetch-site') ?? 'none';
  if (form === 'basic' && (site === 'none' || site === 'same-origin')) return;
  throw new Failure('denied', 'Access denied: a session can only be used for this with the header X-Requested-With');
}
