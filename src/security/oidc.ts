import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import { getAt, parsePointer } from '../base/json-pointer.ts';
import type { OidcIssuer } from './security-config.ts';

/** Who a token of a configured issuer speaks of. */
export interface OidcUser {
  /** `<name of the issuer>:<subject>`: never the id of somebody here. */
  readonly id: string;
  readonly subject: string;
  readonly issuer: string;
  readonly roles: readonly string[];
}

/** Null: no valid token of any of the issuers. Rejects with `Failure('unreachable')` if its keys cannot be had now. */
export type OidcCheck = (token: string, issuers: readonly OidcIssuer[]) => Promise<OidcUser | null>;

const KEYS_TIMEOUT_MS = 5000;

/**
 * The issuer decides what is accepted: keys, algorithms and audience are those of the configuration, whatever the token
 * says. A token without `exp` is none.
 */
export function openOidc(clock: Clock): OidcCheck {
  const keys = new WeakMap<OidcIssuer, JWTVerifyGetKey>();
  const keysOf = (issuer: OidcIssuer): JWTVerifyGetKey => {
    const known = keys.get(issuer);
    if (known !== undefined) return known;
    const made = openKeys(issuer);
    keys.set(issuer, made);
    return made;
  };
  return async (token, issuers) => {
    const issuer = issuers.find((one) => one.issuer === claimedIssuer(token));
    if (issuer === undefined) return null;
    const claims = await verify(token, issuer, keysOf(issuer), clock);
    return claims === null ? null : userOf(claims, issuer);
  };
}

function openKeys({ keys, jwksUri }: OidcIssuer): JWTVerifyGetKey {
  if (keys !== undefined) return createLocalJWKSet({ keys } as unknown as JSONWebKeySet);
  return createRemoteJWKSet(new URL(jwksUri!), { timeoutDuration: KEYS_TIMEOUT_MS });
}

function claimedIssuer(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

async function verify(
  token: string,
  issuer: OidcIssuer,
  keys: JWTVerifyGetKey,
  clock: Clock,
): Promise<JWTPayload | null> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.issuer,
      audience: typeof issuer.audience === 'string' ? issuer.audience : [...issuer.audience],
      algorithms: [...issuer.algorithms],
      clockTolerance: issuer.clockToleranceSeconds,
      currentDate: new Date(clock.nowMs()),
      requiredClaims: ['exp', issuer.subjectClaim],
    });
    return payload;
  } catch (error) {
    if (isAboutToken(error)) return null;
    throw new Failure('unreachable', `the keys of the token issuer "${issuer.name}" cannot be read now`, {
      retryable: true,
      cause: error,
    });
  }
}

/** The other errors are about fetching keys: no connection, a timeout, an answer that is no key set. */
function isAboutToken(error: unknown): boolean {
  const isFetch =
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || !(error instanceof errors.JOSEError);
  return !isFetch && error.code !== 'ERR_JOSE_GENERIC';
}

function userOf(claims: JWTPayload, issuer: OidcIssuer): OidcUser | null {
  const subject = claims[issuer.subjectClaim];
  if (typeof subject !== 'string' || subject === '') return null;
  const named = rolesIn(getAt(claims as Record<string, Json>, parsePointer(issuer.rolesClaim)));
  const { roles: table } = issuer;
  const granted =
    table === undefined ? named : named.flatMap((role) => (Object.hasOwn(table, role) ? table[role]! : []));
  return {
    id: `${issuer.name}:${subject}`,
    subject,
    issuer: issuer.name,
    roles: [...new Set([...issuer.defaultRoles, ...granted])],
  };
}

function rolesIn(claim: Json | undefined): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((role) => role !== '');
  return Array.isArray(claim) ? claim.filter((role) => typeof role === 'string') : [];
}
