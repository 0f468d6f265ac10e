import { LdapFailure } from '../ldap-failure.ts';
import type { Channel } from './channel.ts';
import { exchange } from './exchange.ts';
import type { SearchOperation } from '../codec/message.ts';
import { EVERY_ENTRY } from '../filter/filter.ts';

/** Asks for nothing of the one entry that every server has. Not "who am I": Active Directory's kin do not all know it. */
const PING: SearchOperation = {
  kind: 'search',
  base: '',
  scope: 'base',
  dereference: 'never',
  sizeLimit: 0,
  timeLimitSeconds: 0,
  typesOnly: false,
  filter: EVERY_ENTRY,
  attributes: ['1.1'],
};

/** Asks the server for a sign of life. Any answer is one. Rejects with `LdapFailure`, `lost` or `timeout`. */
export async function ping(channel: Channel, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  await exchange(channel, PING, [], { timeoutMs, signal });
}

/**
 * Ends a channel over which nothing comes any more although something is waited for: the machine is gone, or the way to it. Gives what
 * stops the watch.
 */
export function watchLiveness(channel: Channel, quietMs: number, shownAddress: string): () => void {
  if (quietMs === 0) return () => {};
  let received = channel.received;
  const timer = setInterval(() => {
    if (!channel.isOpen) return clearInterval(timer);
    const isQuiet = channel.received === received && channel.pendingCount > 0 && !channel.isHeldBack;
    received = channel.received;
    if (isQuiet) probe(channel, quietMs, shownAddress);
  }, quietMs);
  timer.unref();
  return () => clearInterval(timer);
}

function probe(channel: Channel, quietMs: number, shownAddress: string): void {
  const before = channel.received;
  ping(channel, quietMs).catch(() => {
    if (channel.received !== before || channel.isHeldBack) return;
    const text = `the LDAP server ${shownAddress} gave no sign of life for ${2 * quietMs} ms`;
    channel.destroy(new LdapFailure('lost', 'unreachable', text, { retryable: true }));
  });
}
