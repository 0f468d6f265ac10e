import { spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { once, openScheduledProject } from './testing/scheduled-project.ts';

const MORTAL = fileURLToPath(new URL('./testing/mortal-scheduler.ts', import.meta.url));

it('a process that is killed between taking a job and firing it loses nothing', { timeout: 30_000 }, async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'lockstep-mortal-'));
  try {
    {
      await using p = await openScheduledProject({}, data);
      await p.create('scheduler/job', 'j', once('openidm.create("managed/user", null, {})'));
    }
    const child = spawn(process.execPath, [MORTAL, path.join(data, 'lockstep.db')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    for await (const chunk of child.stdout) {
      told += String(chunk);
      if (told.includes('\n')) break;
    }
    expect(told).toBe('taken\n');
    await using p = await openScheduledProject({}, data);
    const isTaken = async (): Promise<unknown> => (await p.tree.scheduler.read('j'))!.trigger.acquired?.nodeId;
    await p.tree.scheduler.start();
    await p.tree.scheduler.idle();
    expect([await isTaken(), (await p.query('managed/user')).objects.length]).toEqual(['mortal', 0]);
    child.kill('SIGKILL');
    await event(child, 'exit');
    await p.tree.scheduler.tick();
    await p.tree.scheduler.idle();
    expect([await isTaken(), (await p.query('managed/user')).objects.length]).toEqual([undefined, 1]);
    await p.tree.scheduler.tick();
    await p.tree.scheduler.idle();
    expect((await p.query('managed/user')).objects).toHaveLength(1);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});
