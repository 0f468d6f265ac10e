import { Failure } from '../../base/failure.ts';

/** The conditional headers as they came; undefined if absent. */
export interface ConditionHeaders {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

export type PutKind =
  | { readonly kind: 'create' }
  | { readonly kind: 'update'; readonly rev: string | null }
  | { readonly kind: 'upsert' };

/** What a PUT means (specification §1.2). Throws `Failure` with status 412 or 400. */
export function readPut({ ifMatch, ifNoneMatch }: ConditionHeaders): PutKind {
  if (ifMatch !== undefined && ifNoneMatch !== undefined)
    throw refused('If-Match and If-None-Match exclude each other on PUT');
  if (ifMatch !== undefined) return { kind: 'update', rev: revisionOf(ifMatch) };
  if (ifNoneMatch === undefined) return { kind: 'upsert' };
  if (ifNoneMatch.trim() === '*') return { kind: 'create' };
  throw new Failure('bad-request', `If-None-Match on PUT can only be *, not ${ifNoneMatch.slice(0, 100)}`);
}

/** PATCH and DELETE: the revision that is expected, null for any. Throws `Failure` with status 412. */
export function readExpectedRevision(method: string, { ifMatch, ifNoneMatch }: ConditionHeaders): string | null {
  if (ifNoneMatch !== undefined) throw refused(`If-None-Match is not supported on ${method}`);
  return ifMatch === undefined ? null : revisionOf(ifMatch);
}

/** POST: neither header. Throws `Failure` with status 412. */
export function refuseConditions(method: string, { ifMatch, ifNoneMatch }: ConditionHeaders): void {
  if (ifMatch !== undefined) throw refused(`If-Match is not supported on ${method}`);
  if (ifNoneMatch !== undefined) throw refused(`If-None-Match is not supported on ${method}`);
}

/** GET: the revision that the client has, null for none. Throws `Failure` with status 412. */
export function readKnownRevision({ ifMatch, ifNoneMatch }: ConditionHeaders): string | null {
  if (ifMatch !== undefined) throw refused('If-Match is not supported on GET');
  return ifNoneMatch === undefined ? null : revisionOf(ifNoneMatch);
}

/** Whether any revision is expected, but one. */
export function isAnyRevision({ ifMatch }: ConditionHeaders): boolean {
  return ifMatch !== undefined && STAR.test(ifMatch);
}

/** A revision is sent bare, in quotes, or as a weak tag; `*` stands for any and gives null. */
function revisionOf(header: string): string | null {
  const text = header.trim();
  if (text === '' || STAR.test(text)) return null;
  return /^(?:W\/)?"([^"]*)"$/.exec(text)?.[1] ?? text;
}

const STAR = /^\s*"?\*"?\s*$/;

function refused(message: string): Failure {
  return new Failure('revision', message);
}
