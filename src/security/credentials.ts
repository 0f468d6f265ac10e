import { Failure } from '../base/failure.ts';

/** What a request shows of who it comes from. */
export interface RequestCredentials {
  /** By lower-case name, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly clientIp: string;
  /** The HTTP method. */
  readonly method: string;
  /** Decoded, without `/openidm/` at the front: `info/login`. */
  readonly path: string;
  /** Came over https. */
  readonly isSecure: boolean;
  /** The URL asks for a query. */
  readonly isQuery?: boolean;
  /** Ties audit entries to the request. */
  readonly transactionId?: string;
}

/** What a request says of itself, apart from a cookie (specification §1.11). */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly name: string; readonly password: string; readonly form: 'header' | 'basic' }
  | { readonly kind: 'bearer'; readonly token: string };

const LONGEST = 8192;

/** Names are compared and stored as they come; a header that cannot be understood is refused with `unauthorized`. */
export function readCredential(headers: RequestCredentials['headers']): Credential {
  const name = header(headers, 'x-openidm-username');
  if (name !== null) {
    const password = header(headers, 'x-openidm-password');
    return { kind: 'password', name: decodeHeader(name), password: decodeHeader(password ?? ''), form: 'header' };
  }
  const authorization = header(headers, 'authorization');
  if (authorization === null) return { kind: 'none' };
  const match = /^(\w+) +(\S+) *$/.exec(authorization);
  const scheme = match?.[1]?.toLowerCase();
  if (scheme === 'basic') return readBasic(match![2]!);
  if (scheme === 'bearer') return { kind: 'bearer', token: match![2]! };
  throw refused();
}

/** One value, or null. Several values for one credential would leave open which counts. */
export function header(headers: RequestCredentials['headers'], name: string): string | null {
  const value = headers[name];
  if (value === undefined) return null;
  if (typeof value !== 'string') {
    if (value.length === 1) return header({ [name]: value[0] }, name);
    throw refused();
  }
  if (value.length > LONGEST) throw refused();
  return value;
}

/** `UTF-8''b%C3%A9` (RFC 5987); else UTF-8 if the bytes are that, else Latin-1, which is how Node reads headers. */
export function decodeHeader(value: string): string {
  const extended = /^(utf-8|iso-8859-1)'[\w-]*'((?:[\w!#$&+.^`|~-]|%[\da-f]{2})*)$/i.exec(value);
  if (extended !== null) {
    const bytes = Buffer.from(
      extended[2]!.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    );
    return extended[1]!.toLowerCase() === 'utf-8' ? decodeUtf8(bytes) : bytes.toString('latin1');
  }
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  try {
    return UTF8.decode(bytes);
  } catch {
    return value;
  }
}

/** The value of a cookie; the first, if a name is given twice. */
export function readCookie(headers: RequestCredentials['headers'], name: string): string | null {
  const value = headers['cookie'];
  const text = typeof value === 'string' ? value : (value ?? []).join('; ');
  if (text.length > 4 * LONGEST) return null;
  for (const part of text.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}

/** Nobody is told what exactly was wrong. */
export function refused(): Failure {
  return new Failure('unauthorized', 'Access Denied');
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readBasic(encoded: string): Credential {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) throw refused();
  const text = decodeUtf8(Buffer.from(encoded, 'base64'));
  const colon = text.indexOf(':');
  if (colon < 0) throw refused();
  return { kind: 'password', name: text.slice(0, colon), password: text.slice(colon + 1), form: 'basic' };
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
