import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { Caller, RequestContext } from '../resource/context.ts';
import { sessionTimes, type Authenticator } from './authenticator.ts';
import { decodeHeader } from './credentials.ts';

/** What `info/login` tells of whoever asks (specification §1.1). */
export function loginInfo({ origins }: Authenticator, { caller, http }: RequestContext): JsonObject {
  const { id, component, roles } = caller;
  const origin = origins.get(caller);
  return {
    authenticationId: nameOf(caller),
    authorization: {
      id,
      component,
      roles: [...roles],
      authLogin: (origin?.session ?? null) !== null,
      moduleId: origin?.module ?? null,
      ipAddress: origin?.clientIp ?? http?.clientIp ?? null,
    },
  };
}

/** Ends the session; answers the cookie that takes the browser's away, or null if there was no session. */
export async function logout(parts: Authenticator, { caller, transactionId }: RequestContext): Promise<string | null> {
  const origin = parts.origins.get(caller);
  if (origin === undefined || origin.session === null) return null;
  await parts.sessions.end(origin.session, sessionTimes(parts));
  const { module, clientIp } = origin;
  const who = { principal: nameOf(caller), userId: caller.id, module };
  await parts.record({ eventName: 'LOGOUT', ...who, isSuccessful: true, clientIp }, transactionId);
  return parts.sessions.cookie(null, origin.isSecure);
}

/** Rejects with `denied`, and as a log-in does if too many failed. Only users with a password here have one to show. */
export async function reauthenticate(parts: Authenticator, { caller, transactionId }: RequestContext): Promise<void> {
  const origin = parts.origins.get(caller);
  const password = origin?.reauthPassword ?? null;
  if (origin === undefined || password === null) throw reauthenticationFailed();
  const { clientIp, module } = origin;
  const name = nameOf(caller);
  const { user } = await parts
    .logIn({ name, password: decodeHeader(password), clientIp, transactionId })
    .catch((error: unknown) => {
      throw error instanceof Failure && error.status === 401 ? reauthenticationFailed() : error;
    });
  if (user.id !== caller.id || user.component !== caller.component) throw reauthenticationFailed();
  const who = { principal: name, userId: user.id, module };
  await parts.record({ eventName: 'REAUTHENTICATE', ...who, isSuccessful: true, clientIp }, transactionId);
}

function reauthenticationFailed(): Failure {
  return new Failure('denied', 'Reauthentication failed');
}

function nameOf(caller: Caller): string {
  return caller.authenticationId ?? caller.id;
}
