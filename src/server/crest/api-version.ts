import { Failure } from '../../base/failure.ts';

/** What answers carry as `Content-API-Version`. */
export const API_VERSION = 'protocol=2.1,resource=1.0';

type Version = readonly [major: number, minor: number];

const NEWEST_PROTOCOL: Version = [2, 1];
const NEWEST_RESOURCE: Version = [1, 0];
/** Clients of the scheduler ask for this one. */
const NEWEST_SCHEDULER: Version = [2, 0];

/**
 * `Accept-API-Version` (specification §1.11): `resource=1.0`, `protocol=2.1,resource=1.0`, `1.0`, in quotes or not. A version
 * that is newer than that of the resource at `path` is refused, with `Failure('bad-request')`; a form that nobody knows is
 * ignored.
 */
export function checkApiVersion(header: string | undefined, path: string): void {
  if (header === undefined) return;
  for (const [, name, major, minor = '0'] of header.matchAll(ASKED)) {
    const newest = newestOf(name!.toLowerCase(), path);
    if (isNewer([Number(major), Number(minor)], newest))
      throw new Failure(
        'bad-request',
        `Unsupported ${name} version '${major}.${minor}': the newest is ${newest.join('.')}; ask for that one, or for none`,
      );
  }
}

const ASKED = /\b(protocol|resource)\s*=\s*"?(\d{1,9})(?:\.(\d{1,9}))?/gi;

function newestOf(name: string, path: string): Version {
  if (name === 'protocol') return NEWEST_PROTOCOL;
  return /^scheduler(?:\/|$)/.test(path) ? NEWEST_SCHEDULER : NEWEST_RESOURCE;
}

function isNewer([major, minor]: Version, [newestMajor, newestMinor]: Version): boolean {
  return major > newestMajor || (major === newestMajor && minor > newestMinor);
}
