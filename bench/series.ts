import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { machine, ratios, table, type Series } from './report.ts';
import { sample, type Sample } from './sample.ts';

interface Settings {
  readonly count: number;
  readonly rounds: number;
  readonly seed: number;
}

/** Jobs one after the other, that over and over, so that a noisy minute falls on all of them. Each has a process of its own. */
export async function measure(jobs: readonly string[], { count, rounds, seed }: Settings): Promise<readonly Series[]> {
  const directory = mkdtempSync(path.join(process.env['BENCH_DIR'] ?? tmpdir(), 'lockstep-bench-'));
  try {
    await sample({ job: 'people', directory, count, seed });
    return await measureIn(directory, jobs, { count, rounds, seed });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The same in a directory that was made ready. */
export async function measureIn(
  directory: string,
  jobs: readonly string[],
  { count, rounds, seed }: Settings,
): Promise<readonly Series[]> {
  const samples = new Map(jobs.map((job): [string, Sample[]] => [job, []]));
  for (let round = 0; round < rounds; round++)
    for (const job of jobs) {
      const one = await sample({ job, directory, count, seed });
      samples.get(job)!.push(one);
      process.stderr.write(
        `${job.padEnd(20)} ${one.count} in ${one.seconds.toFixed(2)} s (${one.cpuSeconds.toFixed(2)} s of processor), ${Math.round(one.peakMiB)} MiB ${one.note ?? ''}\n`,
      );
    }
  return jobs.map((job) => ({ job, count: samples.get(job)![0]!.count, samples: samples.get(job)! }));
}

/** A benchmark by itself: `node bench/first-load.ts --count 100000 --rounds 3 --seed 1`. */
export async function runAlone(jobs: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    options: { count: { type: 'string' }, rounds: { type: 'string' }, seed: { type: 'string' } },
  });
  const rounds = Number(values.rounds ?? 3);
  const series = await measure(jobs, {
    count: Number(values.count ?? 100_000),
    rounds,
    seed: Number(values.seed ?? 1),
  });
  show(series, rounds);
}

export function show(series: readonly Series[], rounds: number): void {
  process.stdout.write(`${machine(rounds)}\n\n${table(series)}\n\n${ratios(series)}\n`);
}
