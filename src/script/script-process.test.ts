import { describe, expect, it } from 'vitest';
import type { Json } from '../base/json.ts';
import { createScriptHost } from './script-host.ts';

async function run(items: readonly Json[], log: string[] = []) {
  const host = createScriptHost({ log: { write: (level, message) => log.push(`${level} ${message}`) } });
  const session = await host.open({
    name: 'rogue',
    programUrl: new URL('./testing/rogue.ts', import.meta.url).href,
    payload: null,
    scripts: [],
    limits: { timeoutMs: 500, memoryMiB: 64 },
    resolveModule: () => null,
    answer: () => Promise.resolve({ ok: true, value: null }),
  });
  try {
    return await session.run('stage', items, 'live');
  } finally {
    await host.close();
  }
}

describe('code that runs in the script process outside the realm of the scripts', () => {
  it('finds no files, no environment, no signals and no compiler', async () => {
    const results = await run(['read files', 'environment', 'signal', 'compile']);
    expect(results.map((one) => (one.ok ? one.value : one.fault))).toEqual([false, [], 'undefined', false]);
  });

  it('fails its object alone when it ends the process or writes garbage to the pipe', async () => {
    const results = await run([1, 'exit', 2, 'garbage', 3]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true, false, true]);
    expect(results[1]).toMatchObject({ fault: { kind: 'thrown', message: 'ended the script process (exit code 0)' } });
    expect(results[3]).toMatchObject({ fault: { message: expect.stringContaining('what is no message') } });
  });

  it('prints to the log, not into the conversation', async () => {
    const log: string[] = [];
    expect(await run(['print', 1], log)).toEqual([
      { ok: true, value: 'print' },
      { ok: true, value: 1 },
    ]);
    // It comes through a pipe of its own, maybe after the results.
    await expect
      .poll(() => log, { timeout: 10_000 })
      .toEqual(['warn script process "rogue" printed: hello from inside']);
  });
});

describe('a host', () => {
  it('says why a program cannot be loaded', async () => {
    const host = createScriptHost({ log: { write: () => {} } });
    const session = await host.open({
      name: 'none',
      programUrl: new URL('./testing/no-such-program.ts', import.meta.url).href,
      payload: null,
      scripts: [],
      limits: { timeoutMs: 500, memoryMiB: 64 },
      resolveModule: () => null,
      answer: () => Promise.resolve({ ok: true, value: null }),
    });
    await expect(session.run('stage', [1], 'live')).rejects.toThrow(/"none" cannot be started: .*no-such-program/);
    await host.close();
    await expect(session.run('stage', [1], 'live')).rejects.toMatchObject({ code: 'canceled' });
  });
});
