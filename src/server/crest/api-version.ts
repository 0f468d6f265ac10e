import { Failure } from '../../base/failure.ts';

/** What answers carry as `Content-API-Version`. */
export const API_VERSION = 'protocol=2.1,resource=1.0';

/** The newest version that a client may ask for; clients of the scheduler ask for `resource=2.0`. */
const NEWEST: Readonly<Record<string, number>> = { protocol: 2, resource: 2 };

/**
 * `Accept-API-Version` (specification §1.11): `resource=1.0`, `protocol=2.1,resource=1.0`, `1.0`, in quotes or not. Only a
 * version that is newer than all of ours is refused, with `Failure('bad-request')`; a form that nobody knows is ignored.
 */
export function checkApiVersion(header: string | undefined): void {
  if (header === undefined) return;
  for (const [, name, major] of header.matchAll(/\b(protocol|resource)\s*=\s*"?(\d{1,9})/gi)) {
    const newest = NEWEST[name!.toLowerCase()]!;
    if (Number(major) > newest)
      throw new Failure('bad-request', `Unsupported ${name} version '${major}': the newest is ${newest}`);
  }
}
