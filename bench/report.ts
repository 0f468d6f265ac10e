import os from 'node:os';
import process from 'node:process';
import { median, type Sample } from './sample.ts';

/** All samples of one job at one size. */
export interface Series {
  readonly job: string;
  readonly count: number;
  readonly samples: readonly Sample[];
}

interface Goal {
  readonly title: string;
  /** Entries per second that are to be reached at 100 k. */
  readonly perSecond?: number;
  readonly perCoreSecond?: number;
  readonly bareShare?: number;
  readonly mib?: number;
}

const GOALS: Readonly<Record<string, Goal>> = {
  'bare-parse': { title: 'bare file parse' },
  'bare-insert': { title: 'bare SQLite batch insert' },
  'first-load': { title: 'CSV → managed, first load, no scripts', perSecond: 25_000, bareShare: 0.4, mib: 400 },
  'scripted-load': { title: 'the same, 5 transforms and a correlation query each', perSecond: 15_000, mib: 500 },
  unchanged: { title: 'second run, nothing changed', perSecond: 50_000, mib: 400 },
  changed: { title: '1 % changed' },
  'memory-unchanged': { title: 'memory → memory, unchanged', perCoreSecond: 100_000 },
  'ldap-bare-search': { title: 'ldapsearch in pages of 1,000' },
  'ldap-client-read': { title: 'the LDAP client, the same read', bareShare: 0.8, mib: 400 },
  'ldap-connector-read': { title: 'the LDAP connector, the same read', bareShare: 0.8, mib: 400 },
  'ldap-first-load': { title: 'LDAP → managed, first load', perSecond: 15_000, mib: 400 },
  'ldap-unchanged': { title: 'LDAP → managed, nothing changed', perSecond: 30_000, mib: 400 },
  'ldap-bare-add': { title: 'bare pipelined add' },
  'ldap-create': { title: 'managed → LDAP, creates', bareShare: 0.9, mib: 400 },
  'ldap-live-first': { title: 'LiveSync, first call', mib: 400 },
  'ldap-bare-modify': { title: 'bare pipelined modify' },
  'ldap-live': { title: 'LiveSync, changed entries', perSecond: 3000, mib: 400 },
  'ldap-push': { title: 'LiveSync, pushed one every 10 ms', mib: 400 },
};

/** What the bare limit of a job is: writing for those that write, reading for the others. */
const BARE: Readonly<Record<string, string>> = {
  'first-load': 'bare-insert',
  'scripted-load': 'bare-insert',
  unchanged: 'bare-parse',
  changed: 'bare-parse',
  'ldap-client-read': 'ldap-bare-search',
  'ldap-connector-read': 'ldap-bare-search',
  'ldap-create': 'ldap-bare-add',
};

export function perSecond({ count, samples }: Series): number {
  return count / median(samples.map((one) => one.seconds));
}

export function perCoreSecond({ count, samples }: Series): number {
  return count / median(samples.map((one) => one.cpuSeconds));
}

/** A table in Markdown, which is readable on a terminal, too. */
export function table(all: readonly Series[]): string {
  const rows = all.map((series) => row(series, all));
  return [HEADER, HEADER.replaceAll(/[^|]+/g, ' --- '), ...rows].join('\n');
}

const HEADER =
  '| job | objects | seconds | entries/s | entries/s per core used | peak memory | of the bare limit | goal |';

function row(series: Series, all: readonly Series[]): string {
  const { job, count, samples } = series;
  const peak = Math.max(...samples.map((one) => one.peakMiB));
  const bare = all.find((one) => one.job === BARE[job] && one.count === count);
  const share =
    bare === undefined ? '' : `${(perSecond(series) / perSecond(bare)).toFixed(2)} × ${GOALS[bare.job]!.title}`;
  const seconds = median(samples.map((one) => one.seconds)).toFixed(2);
  const cells = [
    GOALS[job]?.title ?? job,
    k(count),
    seconds,
    whole(perSecond(series)),
    whole(perCoreSecond(series)),
    `${Math.round(peak)} MiB`,
    share,
    verdict(series, peak, bare),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What was asked for at 100 k, and whether it was reached. */
function verdict(series: Series, peak: number, bare: Series | undefined): string {
  const goal = GOALS[series.job];
  const notes = series.samples.flatMap(({ note }) => (note === undefined ? [] : [note]));
  if (goal === undefined || (series.count !== 100_000 && !series.job.startsWith('ldap-'))) return notes.join('; ');
  const parts: string[] = [...notes];
  const say = (text: string, isReached: boolean): void =>
    void parts.push(`${text} ${isReached ? 'reached' : '**missed**'}`);
  if (goal.perSecond !== undefined) say(`${whole(goal.perSecond)}/s`, perSecond(series) >= goal.perSecond);
  if (goal.perCoreSecond !== undefined)
    say(`${whole(goal.perCoreSecond)}/s per core`, perCoreSecond(series) >= goal.perCoreSecond);
  if (goal.bareShare !== undefined && bare !== undefined)
    say(`${goal.bareShare} × bare`, perSecond(series) / perSecond(bare) >= goal.bareShare);
  if (goal.mib !== undefined) say(`${goal.mib} MiB`, peak <= goal.mib);
  return parts.join(', ');
}

/** Ratios between jobs and between sizes, one a line. */
export function ratios(all: readonly Series[]): string {
  const find = (job: string, count: number): Series | undefined =>
    all.find((one) => one.job === job && one.count === count);
  const lines: string[] = [];
  for (const series of all) {
    const { job, count } = series;
    const unchanged = find('unchanged', count);
    if (job === 'changed' && unchanged !== undefined)
      lines.push(
        `- ${k(count)}: 1 % changed takes ${(perSecond(unchanged) / perSecond(series)).toFixed(2)} × the unchanged run (at most 1.3)`,
      );
    const tenth = find(job, count / 10);
    if (tenth !== undefined && !job.startsWith('bare'))
      lines.push(
        `- ${GOALS[job]?.title ?? job}: ${k(count)} takes ${((10 * perSecond(tenth)) / perSecond(series)).toFixed(1)} × the time of ${k(count / 10)}`,
      );
  }
  return lines.join('\n');
}

export function machine(rounds: number): string {
  const [cpu] = os.cpus();
  const load = os
    .loadavg()
    .map((one) => one.toFixed(1))
    .join(' ');
  const memory = Math.round(os.totalmem() / 1024 ** 3);
  return `${new Date().toISOString().slice(0, 10)}, ${os.cpus().length} × ${cpu?.model ?? 'unknown'}, ${memory} GiB, ${os.type()} ${os.release().split('.').slice(0, 2).join('.')}, Node ${process.version}, load ${load}, median of ${rounds} rounds`;
}

function k(count: number): string {
  return count >= 1_000_000 ? `${count / 1_000_000} M` : `${count / 1000} k`;
}

function whole(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
