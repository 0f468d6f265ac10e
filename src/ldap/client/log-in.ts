import { Failure } from '../../base/failure.ts';
import type { BindAuthentication, OperationResult } from '../codec/message.ts';
import { LdapFailure, resultFailure } from '../ldap-failure.ts';
import { abortReason } from './abort-reason.ts';
import type { Channel } from './channel.ts';
import type { LdapLogin } from './connection-options.ts';
import { exchange } from './exchange.ts';

const SASL_BIND_IN_PROGRESS = 14;
const MAX_SASL_STEPS = 20;

type Saslable = Extract<LdapLogin, { readonly kind: 'sasl' }>;

/**
 * Makes the connection someone's (RFC 4511 §4.2). Resolves only when the server accepted; otherwise the connection must be thrown
 * away, since it is anonymous. Rejects with `LdapFailure`, code `unauthorized` for wrong credentials.
 */
export async function logIn(channel: Channel, login: LdapLogin, signal: AbortSignal): Promise<void> {
  if (login.kind === 'anonymous') return bind(channel, '', { kind: 'simple', password: '' }, signal);
  if (login.kind === 'simple') {
    if (login.dn === '' || login.password.length === 0) throw emptyLogin();
    return bind(channel, login.dn, { kind: 'simple', password: login.password }, signal);
  }
  return saslLogIn(channel, saslOf(login), signal);
}

function saslOf(login: Exclude<LdapLogin, { readonly kind: 'anonymous' | 'simple' }>): Saslable {
  switch (login.kind) {
    case 'sasl':
      return login;
    case 'external':
      return { kind: 'sasl', mechanism: 'EXTERNAL', respond: () => Buffer.from(login.authorizationId ?? '') };
    case 'plain': {
      const parts = [login.authorizationId ?? '', login.user, login.password];
      if (login.user === '' || login.password === '') throw emptyLogin();
      if (parts.some((part) => part.includes('\0')))
        throw new Failure('bad-configuration', 'a user or password of SASL PLAIN cannot hold a NUL character');
      return { kind: 'sasl', mechanism: 'PLAIN', respond: () => Buffer.from(parts.join('\0')) };
    }
  }
}

async function saslLogIn(channel: Channel, { mechanism, respond }: Saslable, signal: AbortSignal): Promise<void> {
  let challenge: Uint8Array | null = null;
  for (let step = 0; step < MAX_SASL_STEPS; step++) {
    const credentials = await orAborted(respond(challenge), signal);
    const result = await bindOnce(channel, '', { kind: 'sasl', mechanism, credentials }, signal);
    if (result.code === 0) return;
    if (result.code !== SASL_BIND_IN_PROGRESS) throw resultFailure(`the login with SASL ${mechanism}`, result);
    challenge = result.serverCredentials ?? Buffer.alloc(0);
  }
  throw new LdapFailure('protocol', 'corrupt', `the login with SASL ${mechanism} comes to no end`);
}

async function bind(
  channel: Channel,
  dn: string,
  authentication: BindAuthentication,
  signal: AbortSignal,
): Promise<void> {
  const result = await bindOnce(channel, dn, authentication, signal);
  if (result.code !== 0) throw resultFailure(dn === '' ? 'the anonymous login' : `the login as "${dn}"`, result);
}

/** Without a deadline of its own: a login cannot be abandoned, and the whole opening has one. */
function bindOnce(
  channel: Channel,
  dn: string,
  authentication: BindAuthentication,
  signal: AbortSignal,
): Promise<OperationResult> {
  return exchange(channel, { kind: 'bind', dn, authentication }, [], { timeoutMs: 0, signal });
}

/** Who answers the challenges may take as long as the opening may take. */
function orAborted<T>(answer: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    Promise.resolve(answer)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function emptyLogin(): Failure {
  const text = 'a login needs a name and a password: with an empty one the server would take it for anonymous';
  return new Failure('bad-configuration', text);
}
