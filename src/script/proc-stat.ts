import { readFileSync, writeFileSync } from 'node:fs';

export interface ProcessUsage {
  readonly residentBytes: number;
  readonly cpuMs: number;
}

const PAGE_BYTES = 4096;
const TICK_MS = 10;

/** What a process uses, from Linux's /proc; null where there is none or the process is gone. */
export function readUsage(pid: number): ProcessUsage | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const cpuTicks = Number(fields[11]) + Number(fields[12]);
    return { residentBytes: Number(fields[21]) * PAGE_BYTES, cpuMs: cpuTicks * TICK_MS };
  } catch {
    return null;
  }
}

/** When memory runs out, Linux shall end this process before any other. */
export function offerToOutOfMemoryKiller(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // Not Linux, or not allowed: the limit on resident memory is what is left.
  }
}
