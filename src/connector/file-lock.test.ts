import { spawnSync } from 'node:child_process';
import { access, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFile } from './file-lock.ts';

let directory = '';
let file = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockstep-lock-'));
  file = join(directory, 'people.csv');
});
afterEach(() => rm(directory, { recursive: true }));

describe('the lock of a file', () => {
  it('is held by one at a time', async () => {
    const first = await lockFile(file);
    await expect(lockFile(file, { waitMs: 60 })).rejects.toMatchObject({
      code: 'locked',
      retryable: true,
      message: expect.stringContaining(`process ${process.pid}`),
    });
    const second = lockFile(file);
    await first.release();
    await (await second).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is never held by two of many', async () => {
    let holders = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      const lock = await lockFile(file);
      most = Math.max(most, ++holders);
      await new Promise((done) => setTimeout(done, 2));
      holders--;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 10 }, work));
    expect(most).toBe(1);
  });

  it('is taken over from a process that is dead', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    await writeFile(`${file}.lock`, JSON.stringify({ pid, started: 'x', host: hostname(), token: 't' }));
    const lock = await lockFile(file, { waitMs: 500 });
    await lock.ensureHeld();
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('is taken over from an earlier process with the same number', async () => {
    await writeFile(
      `${file}.lock`,
      JSON.stringify({ pid: process.pid, started: 'before/1', host: hostname(), token: 't' }),
    );
    await (await lockFile(file, { waitMs: 500 })).release();
  });

  it('that does not say whose it is, is respected for some seconds only', async () => {
    await writeFile(`${file}.lock`, '');
    await expect(lockFile(file, { waitMs: 60 })).rejects.toMatchObject({ code: 'locked' });
    const past = new Date(Date.now() - 11_000);
    await utimes(`${file}.lock`, past, past);
    await (await lockFile(file, { waitMs: 500 })).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('of another host is respected until it is old', async () => {
    await writeFile(`${file}.lock`, JSON.stringify({ pid: 1, started: '', host: 'other', token: 't' }));
    await expect(lockFile(file, { waitMs: 60 })).rejects.toMatchObject({ code: 'locked' });
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(`${file}.lock`, hourAgo, hourAgo);
    await (await lockFile(file, { waitMs: 500 })).release();
  });

  it('that was taken away is noticed, and not released for the new holder', async () => {
    const lock = await lockFile(file);
    await writeFile(`${file}.lock`, JSON.stringify({ pid: 1, started: '', host: 'other', token: 'new' }));
    await expect(lock.ensureHeld()).rejects.toMatchObject({ code: 'locked' });
    await lock.release();
    await access(`${file}.lock`);
  });
});
