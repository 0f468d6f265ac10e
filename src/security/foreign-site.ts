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
  if (form === 'basic' && !comesFromElsewhere(request)) return;
  throw new Failure('denied', 'Access denied: a session can only be used for this with the header X-Requested-With');
}

/** `Sec-Fetch-Site` is sent by new browsers; older ones, and pages without encryption, send `Origin` with what is no plain read. */
function comesFromElsewhere({ headers }: RequestCredentials): boolean {
  const site = header(headers, 'sec-fetch-site') ?? 'none';
  if (site !== 'none' && site !== 'same-origin') return true;
  const origin = header(headers, 'origin');
  if (origin === null) return false;
  const host = header(headers, 'host');
  return !URL.canParse(origin) || host === null || new URL(origin).host !== withoutDefaultPort(host, origin);
}

function withoutDefaultPort(host: string, origin: string): string {
  const { protocol } = new URL(origin);
  return URL.canParse(`${protocol}//${host}`) ? new URL(`${protocol}//${host}`).host : '';
}
