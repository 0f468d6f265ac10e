import { Failure, messageOf } from '../../base/failure.ts';
import { parseLdapUrl } from '../../ldap/client/ldap-address.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import type { SearchQuery } from '../../ldap/client/search-query.ts';
import type { SearchScope } from '../../ldap/codec/message.ts';
import { LdapFailure, readable } from '../../ldap/ldap-failure.ts';
import type { Directory } from './directory.ts';

/** A connection to the server that a referral names, and what to ask there. The caller closes it. */
export interface Referred {
  readonly connection: LdapConnection;
  readonly query: SearchQuery;
}

/**
 * Goes to the first of these servers that answers, with the same login and the same protection: a referral cannot make anybody send the
 * password in the clear. Rejects with `incomplete-read`.
 */
export async function referralOf(
  { connections }: Directory,
  urls: readonly string[],
  query: SearchQuery,
  signal?: AbortSignal,
): Promise<Referred> {
  const reasons: string[] = [];
  for (const url of urls) {
    try {
      const { address, isTls } = parseLdapUrl(url);
      const asked = queryAt(url, query);
      return { connection: await connections.elsewhere(address, isTls, signal), query: asked };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      signal?.throwIfAborted();
      reasons.push(messageOf(error));
    }
  }
  throw elsewhere(urls, `it cannot be read there: ${reasons.join('; ')}`);
}

/** A read that has to be given up because a part of the tree is elsewhere. */
export function elsewhere(urls: readonly string[], why: string): LdapFailure {
  const text = `a part of the tree is elsewhere: ${readable(urls.join(' or '))}; ${why} ("referralsHandling")`;
  return new LdapFailure('result', 'incomplete-read', text);
}

const SCOPES: Readonly<Record<string, SearchScope>> = { base: 'base', one: 'one', sub: 'subtree' };

/** `ldap://host/base?attributes?scope?filter` (RFC 4516): base and scope count; filter and attributes stay those of the question. */
function queryAt(url: string, query: SearchQuery): SearchQuery {
  const [, path = '', , scope = ''] = /^[a-z]+:\/\/[^/?]*(?:\/([^?]*))?(?:\?([^?]*))?(?:\?([^?]*))?/i.exec(url) ?? [];
  const base = decoded(path);
  const given = SCOPES[scope.toLowerCase()];
  return { ...query, ...(base === '' ? {} : { base }), ...(given === undefined ? {} : { scope: given }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Failure('bad-request', `"${readable(text)}" is no name in a URL`);
  }
}
