import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { openKillProject, readRows, writeKillProject } from './kill-project.ts';

const CHILD = path.join(import.meta.dirname, 'kill-child.ts');

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

it('a process that is killed while it brings changes in leaves nothing undone, and does nothing twice', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'lockstep-live-'));
  try {
    writeKillProject(home);
    for (const [seed, afterMs] of [30, 90, 170, 260].entries()) {
      await runAndKill(home, seed, afterMs);
      const { lockstep, tree, live } = await openKillProject(home);
      expect(await live()).not.toHaveProperty('lastException');
      const { rows } = await lockstep.repository.objects.page('user', { limit: 1000 });
      const users = rows.map(({ doc }) => [doc['userName'], doc['mail']]);
      expect(users.toSorted()).toEqual([...readRows(home)].toSorted());
      const links = await lockstep.repository.links.page('hr_users', null, 1000);
      expect(links.rows.map(({ secondId }) => secondId).toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
      await tree.close();
      await lockstep.close();
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 120_000);
