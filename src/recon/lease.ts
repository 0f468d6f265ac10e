import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Failure } from '../base/failure.ts';
import type { Leases } from '../model/repository.ts';

const TTL_MS = 30_000;

/** Tells this process from an earlier one that had the same number: in a container it is the same each time. */
const LIFE = randomBytes(6).toString('hex');

/** Who we are, for leases: enough to find out on this host whether the holder still lives. */
export function ownerName(uniqueId: string): string {
  return `${hostname()}/${process.pid}/${LIFE}-${uniqueId}`;
}

export interface HeldLease {
  readonly fence: { readonly name: string; readonly token: number };
  release(): Promise<void>;
}

/**
 * One run per mapping at a time, across processes. The lease of a process that is known to be dead is taken over at once.
 * Rejects with `Failure('locked')` while another run holds it.
 */
export async function holdLease(leases: Leases, name: string, owner: string): Promise<HeldLease> {
  const token = (await leases.acquire(name, owner, TTL_MS)) ?? (await takeOver(leases, name, owner));
  const timer = setInterval(() => void leases.renew(name, token, TTL_MS).catch(() => {}), TTL_MS / 3);
  timer.unref();
  return {
    fence: { name, token },
    release: async () => {
      clearInterval(timer);
      await leases.release(name, token);
    },
  };
}

async function takeOver(leases: Leases, name: string, owner: string): Promise<number> {
  const holder = await leases.holder(name);
  const token = holder !== null && isHolderDead(holder) ? await leases.acquire(name, owner, TTL_MS, holder) : null;
  if (token !== null) return token;
  throw new Failure('locked', `${name} is being run by ${holder ?? 'another process'}; wait for it, or cancel it`, {
    retryable: true,
  });
}

export function isHolderDead(holder: string): boolean {
  const [host, pid, life = ''] = holder.split('/');
  if (host !== hostname() || pid === undefined || !/^\d+$/.test(pid)) return false;
  if (Number(pid) === process.pid) return !life.startsWith(`${LIFE}-`);
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
