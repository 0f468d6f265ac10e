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
  const samples = new Map(jobs.map((job): [string, Sample[]] => [job, []]));
  try {
    await sample({ job: 'people', directory, count, seed });
    for (let round = 0; round < rounds; round++)
      for (const job of jobs) {
        const one = await sample({ job, directory, count, seed });
        samples.get(job)!.push(one);
        process.stderr.write(
          `${job.padEnd(18)} ${count} in ${one.seconds.toFixed(2)} s (${one.cpuSeconds.toFixed(2)} s of processor), ${Math.round(one.peakMiB)} MiB\n`,
        );
      }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return jobs.map((job) => ({ job, count, samples: samples.get(job)! }));
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
