import type { Socket } from 'node:net';
import { LdapFailure, resultFailure } from '../ldap-failure.ts';
import { Channel } from './channel.ts';
import { DEFAULT_CONNECT_TIMEOUT_MS, type LdapConnectionOptions } from './connection-options.ts';
import { exchange } from './exchange.ts';
import { shownAddress, type LdapAddress } from './ldap-address.ts';
import { logIn } from './log-in.ts';
import { openSocket, secureSocket } from './open-socket.ts';

const START_TLS = '1.3.6.1.4.1.1466.20037';

/** A channel that is ready, and the server that it goes to. */
export interface OpenedChannel {
  readonly channel: Channel;
  readonly address: LdapAddress;
}

/**
 * Connects, secures, logs in: all of it, in this order, or nothing. The servers are tried in turn until a connection comes about; a
 * server that refuses the login is not passed over, since another one would hardly know better.
 */
export async function openChannel(options: LdapConnectionOptions, signal?: AbortSignal): Promise<OpenedChannel> {
  const failures: LdapFailure[] = [];
  for (const address of options.servers) {
    try {
      return { channel: await openOne(options, address, signal), address };
    } catch (thrown) {
      if (!(thrown instanceof LdapFailure) || !isOfServer(thrown) || signal?.aborted === true) throw thrown;
      failures.push(thrown);
    }
  }
  if (failures.length === 1) throw failures[0]!;
  if (failures.length === 0) throw new LdapFailure('connect', 'bad-configuration', 'no LDAP server is named');
  const text = `no LDAP server can be used: ${failures.map(({ message }) => message).join('; ')}`;
  throw new LdapFailure('connect', 'unreachable', text, { retryable: failures.some(({ retryable }) => retryable) });
}

async function openOne(options: LdapConnectionOptions, address: LdapAddress, signal?: AbortSignal): Promise<Channel> {
  const timeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
  const deadline = new AbortController();
  const text = `the LDAP server ${shownAddress(address)} was not ready within ${timeoutMs} ms`;
  const timer = setTimeout(
    () => deadline.abort(new LdapFailure('connect', 'unreachable', text, { retryable: true })),
    timeoutMs,
  );
  try {
    const both = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
    return await open(options, address, both);
  } finally {
    clearTimeout(timer);
  }
}

async function open(options: LdapConnectionOptions, address: LdapAddress, signal: AbortSignal): Promise<Channel> {
  const socket = await openSocket(address, signal);
  const first: Socket =
    options.security === 'tls' ? await secureSocket(socket, address, options.tls ?? {}, signal) : socket;
  const channel = new Channel(first, { shownAddress: shownAddress(address), ...limitsOf(options) });
  try {
    if (options.security === 'startTls') await startTls(channel, options, address, signal);
    await logIn(channel, options.login, signal);
    return channel;
  } catch (thrown) {
    channel.destroy(new LdapFailure('lost', 'unreachable', 'the connection could not be made ready'));
    throw thrown;
  }
}

async function startTls(
  channel: Channel,
  options: LdapConnectionOptions,
  address: LdapAddress,
  signal: AbortSignal,
): Promise<void> {
  const result = await exchange(channel, { kind: 'extended', oid: START_TLS, value: null }, [], {
    timeoutMs: 0,
    signal,
  });
  if (result.code !== 0) throw resultFailure(`StartTLS with the LDAP server ${shownAddress(address)}`, result);
  channel.attach(await secureSocket(channel.detach(), address, options.tls ?? {}, signal));
}

function limitsOf({ maxMessageBytes }: LdapConnectionOptions): { readonly maxMessageBytes?: number } {
  return maxMessageBytes === undefined ? {} : { maxMessageBytes };
}

/** Is it this server that is at fault, so that another one may be asked? */
function isOfServer({ reason, code }: LdapFailure): boolean {
  return reason !== 'result' || code === 'unreachable';
}
