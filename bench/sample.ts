import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** What one job in a process of its own came to. */
export interface Sample {
  readonly count: number;
  readonly seconds: number;
  /** Processor time of all its threads while the job was timed; the script host's process is not counted. */
  readonly cpuSeconds: number;
  /** Largest resident memory: of the process, and of those it started, added up. */
  readonly peakMiB: number;
  /** What else was measured. */
  readonly note?: string;
}

export interface Task {
  readonly job: string;
  readonly directory: string;
  readonly count: number;
  readonly seed: number;
}

/** What a job itself measures. */
export type Timed = Omit<Sample, 'peakMiB'>;

const POLL_MS = 100;
/** As the command line starts Node. */
const FLAGS = ['--max-semi-space-size=16'];

/** Runs a job in a process of its own (`child.ts`) and watches its memory. */
export async function sample(task: Task): Promise<Sample> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, ...FLAGS, new URL('child.ts', import.meta.url).pathname, JSON.stringify(task)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const peaks = new Map<number, number>();
  const timer = setInterval(() => watch(child.pid!, peaks), POLL_MS);
  let text = '';
  for await (const piece of child.stdout.setEncoding('utf8')) text += piece;
  clearInterval(timer);
  const last = text.trim().split('\n').at(-1) ?? '';
  assert.ok(last.startsWith('{'), `${task.job} gave no result`);
  const { ownPeakMiB, ...timed } = JSON.parse(last) as Timed & { readonly ownPeakMiB: number };
  peaks.delete(child.pid!);
  const peakMiB = [...peaks.values()].reduce((sum, peak) => sum + peak, ownPeakMiB);
  return { ...timed, peakMiB };
}

/** Notes the largest resident memory of a process and of those it started. */
function watch(pid: number, peaks: Map<number, number>): void {
  const peak = peakMiB(pid);
  if (peak === null) return;
  peaks.set(pid, peak);
  for (const childPid of childrenOf(pid)) watch(childPid, peaks);
}

function peakMiB(pid: number): number | null {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return found === null ? null : Number(found[1]) / 1024;
  } catch {
    return null;
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** Times a piece of work in this process. */
export async function timed(count: number, work: () => Promise<void>): Promise<Timed> {
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { count, seconds, cpuSeconds: (user + system) / 1e6 };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
