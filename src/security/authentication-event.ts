import type { JsonObject } from '../base/json.ts';
import type { AuditEvent } from '../model/audit.ts';

/** How somebody is recognized; the names are those of OpenIDM's modules where it has one. */
export type AuthenticationModule =
  | 'STATIC_USER'
  | 'INTERNAL_USER'
  | 'MANAGED_USER'
  | 'JWT_SESSION'
  | 'BEARER_TOKEN'
  | 'OPENID_CONNECT'
  /** Nobody was recognized. */
  | 'PASSWORD';

export interface Authentication {
  readonly eventName: 'LOGIN' | 'LOGOUT' | 'REAUTHENTICATE';
  /** As typed, or as the token says. */
  readonly principal: string;
  /** Who that is here; null: nobody. */
  readonly userId: string | null;
  readonly module: AuthenticationModule;
  readonly isSuccessful: boolean;
  /** Why not. */
  readonly reason?: string;
  readonly clientIp: string;
}

/** An audit event of the topic `authentication` (specification §12.2). No credential is in it. */
export function authenticationEvent(
  { eventName, principal, userId, module, isSuccessful, reason, clientIp }: Authentication,
  place: Pick<AuditEvent, 'id' | 'timestampMs' | 'transactionId'>,
): AuditEvent {
  const entry: JsonObject = { moduleId: module, result: isSuccessful ? 'SUCCESSFUL' : 'FAILED' };
  if (reason !== undefined) entry['reason'] = { message: reason };
  entry['info'] = { ipAddress: clientIp };
  return {
    ...place,
    topic: 'authentication',
    userId: userId ?? '',
    event: {
      eventName,
      result: isSuccessful ? 'SUCCESSFUL' : 'FAILED',
      principal: [printable(principal)],
      context: { ipAddress: clientIp },
      entries: [entry],
    },
  };
}

/** Anybody can send any name. */
function printable(name: string): string {
  return name
    .slice(0, 256)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '\ufffd');
}
