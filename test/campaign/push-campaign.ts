import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lockstep } from '../../src/app/lockstep.ts';
import { openPushProject, randomSource, TARGETS, writePushProject } from './push-project.ts';

/** What one kill between managed objects and their targets came to. */
export interface PushRound {
  readonly killedAfterMs: number;
  /** Pushes that the killed process had not ended. */
  readonly left: number;
  readonly differences: readonly string[];
}

export interface PushCampaignOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly onRound?: (round: PushRound, index: number) => void;
}

const CHILD = path.join(import.meta.dirname, 'push-child.ts');

/**
 * Kills a process that changes managed objects with SIGKILL at a random instant; opens the project again, lets it push what is
 * left, and compares: every target holds what the managed objects say, once, with its link. The rounds go on where the last
 * one ended.
 */
export async function pushCampaign({ rounds, seed, onRound }: PushCampaignOptions): Promise<readonly PushRound[]> {
  const home = mkdtempSync(path.join(tmpdir(), 'lockstep-push-'));
  try {
    writePushProject(home);
    const random = randomSource(seed);
    const results: PushRound[] = [];
    for (let i = 0; i < rounds; i++) {
      const killedAfterMs = Math.round(random() * 400);
      await runAndKill(home, seed + i, killedAfterMs);
      const round = { killedAfterMs, ...(await settle(home)) };
      results.push(round);
      onRound?.(round, i);
    }
    return results;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function runAndKill(directory: string, seed: number, afterMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, directory, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), afterMs));
    child.on('error', reject);
    child.on('exit', (_, signal) => {
      if (signal === 'SIGKILL') resolve();
      else reject(new Error('the process ended by itself'));
    });
  });
}

const PATIENCE_MS = 60_000;

async function settle(directory: string): Promise<Pick<PushRound, 'left' | 'differences'>> {
  const { lockstep, tree } = await openPushProject(directory);
  try {
    const left = await pending(lockstep);
    const untilMs = performance.now() + PATIENCE_MS;
    while ((await pending(lockstep)) > 0 && performance.now() < untilMs) await sleep(10);
    return { left, differences: await compare(lockstep, directory) };
  } finally {
    await tree.close();
    await lockstep.close();
  }
}

function pending({ repository }: Lockstep): Promise<number> {
  return repository.objects.count('sync/outbox');
}

async function compare(lockstep: Lockstep, directory: string): Promise<readonly string[]> {
  const { repository } = lockstep;
  const differences: string[] = [];
  const { rows: open } = await repository.objects.page('sync/outbox', { limit: 10 });
  for (const { doc } of open)
    differences.push(
      `still to be pushed: ${String(doc['mapping'])} ${String(doc['resourceId'])}: ${String(doc['cause'])}`,
    );
  const { rows } = await repository.objects.page('user', { limit: 1000 });
  const wanted = rows.map(({ doc }) => `"${String(doc['userName'])}","${String(doc['mail'])}"`).toSorted();
  for (const name of TARGETS) {
    const lines = readFileSync(path.join(directory, 'data', `${name}.csv`), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .toSorted();
    if (JSON.stringify(lines) !== JSON.stringify(wanted))
      differences.push(`${name} holds ${lines.join(' ')}, not ${wanted.join(' ')}`);
    const links = await repository.links.page(`managedUser_${name}`, null, 1000);
    const linked = links.rows.map(({ firstId }) => firstId).toSorted();
    const ids = rows.map(({ id }) => id).toSorted();
    if (JSON.stringify(linked) !== JSON.stringify(ids))
      differences.push(`${name}: linked are ${linked.join(' ')}, not ${ids.join(' ')}`);
  }
  return differences;
}
