import { isIP, connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { LdapFailure } from '../ldap-failure.ts';
import { abortReason } from './abort-reason.ts';
import type { LdapTlsOptions } from './connection-options.ts';
import { shownAddress, type LdapAddress } from './ldap-address.ts';

const KEEP_ALIVE_MS = 30_000;

/** Connects, without TLS. Rejects with `LdapFailure('connect')`, or with the signal's reason. */
export async function openSocket(address: LdapAddress, signal: AbortSignal): Promise<Socket> {
  const socket = connectPlain(
    address.kind === 'local'
      ? { path: address.path }
      : {
          host: address.host,
          port: address.port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: KEEP_ALIVE_MS,
        },
  );
  await settled(socket, 'connect', signal, (error) => {
    const text = `cannot connect to the LDAP server ${shownAddress(address)}: ${connectMessage(error)}`;
    return new LdapFailure('connect', 'unreachable', text, { retryable: true, cause: error });
  });
  return socket;
}

/** Lays TLS over a socket. The server's certificate has to be valid for the host, unless `isVerified` is false. */
export async function secureSocket(
  socket: Socket,
  address: LdapAddress,
  options: LdapTlsOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  // An error of the inner socket also ends the outer one; without a listener it would end the process.
  socket.on('error', () => {});
  let secured: TLSSocket;
  try {
    secured = connectTls({ socket, ...tlsSettings(address, options) });
  } catch (thrown) {
    socket.destroy();
    throw tlsFailure(address, thrown as Error);
  }
  await settled(secured, 'secureConnect', signal, (error) => {
    const isCertificate = Boolean(secured.authorizationError) || /^(ERR_TLS_CERT|CERT_)/.test(codeOf(error));
    return isCertificate ? certificateFailure(address, error) : tlsFailure(address, error);
  });
  return secured;
}

function tlsSettings(address: LdapAddress, options: LdapTlsOptions): ConnectionOptions {
  const host = options.serverName ?? (address.kind === 'tcp' ? address.host : 'localhost');
  return {
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: options.isVerified ?? true,
    ca: options.ca as ConnectionOptions['ca'],
    cert: options.certificate,
    key: options.key,
    passphrase: options.passphrase,
  };
}

function settled(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  failure: (error: Error) => LdapFailure,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error: Error | null): void => {
      socket.off('error', onError);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (error === null) return resolve();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error): void => finish(failure(error));
    const onClose = (): void => finish(failure(new Error('the server closed the connection')));
    const onAbort = (): void => finish(abortReason(signal));
    if (signal.aborted) return onAbort();
    socket.once(event, () => finish(null));
    socket.on('error', onError);
    socket.on('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function certificateFailure(address: LdapAddress, error: Error): LdapFailure {
  const text = `the certificate of the LDAP server ${shownAddress(address)} was not accepted: ${error.message}`;
  return new LdapFailure('certificate', 'unreachable', text, { cause: error });
}

function tlsFailure(address: LdapAddress, error: Error): LdapFailure {
  const text = `no TLS with the LDAP server ${shownAddress(address)}: ${error.message}`;
  return new LdapFailure('connect', 'unreachable', text, { retryable: true, cause: error });
}

/** Several addresses of one name fail together, with an empty message. */
function connectMessage(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((one: Error) => one.message).join('; ');
  return error.message;
}

function codeOf(error: Error): string {
  return String((error as NodeJS.ErrnoException).code ?? '');
}
