import { mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { WorkerCalls } from './worker-calls.ts';

const threadOf = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
const ECHO = `
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ([number, method, args]) => {
    if (method === 'exit') process.exit(3);
    if (method === 'throw') throw new Error('broken');
    if (method === 'refuse') return parentPort.postMessage([number, { code: 'exists', message: 'there', isRetryable: true, detail: [1] }, null]);
    parentPort.postMessage([number, null, args]);
  });
`;

test('answers belong to their calls', async () => {
  const calls = new WorkerCalls(threadOf(ECHO), null, 'echo');
  const answers = await Promise.all([1, 2, 3].map((n) => calls.call('echo', n, 'x')));
  expect(answers).toEqual([
    [1, 'x'],
    [2, 'x'],
    [3, 'x'],
  ]);
  await calls.terminate(new Failure('canceled', 'over'));
  await expect(calls.call('echo')).rejects.toThrow('over');
});

test('a failure keeps its code, whether it can be retried, and its detail', async () => {
  const calls = new WorkerCalls(threadOf(ECHO), null, 'echo');
  const failure = { name: 'Failure', code: 'exists', message: 'there', retryable: true, detail: [1] };
  await expect(calls.call('refuse')).rejects.toMatchObject(failure);
  await calls.terminate(new Failure('canceled', 'over'));
});

test.each([
  ['exit', 'exit code 3'],
  ['throw', 'broken'],
])('a thread that ends by %s refuses the calls that wait and those that come', async (method, why) => {
  const calls = new WorkerCalls(threadOf(ECHO), null, 'echo');
  const waiting = [calls.call(method), calls.call('echo')];
  for (const call of waiting) await expect(call).rejects.toMatchObject({ code: 'internal' });
  await expect(calls.call('echo')).rejects.toThrow(why);
});

test('neither a closed nor a forgotten repository keeps the process alive', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-exit-'));
  const url = new URL('./sqlite-repository.ts', import.meta.url).href;
  for (const [i, end] of ['await repo.close()', ''].entries()) {
    const code = `
      import { openSqliteRepository } from ${JSON.stringify(url)};
      const repo = await openSqliteRepository({ file: ${JSON.stringify(join(directory, `${i}.db`))}, clock: { nowMs: () => 1 } });
      await repo.objects.declareTypes([{ name: 'user', searchable: [] }]);
      ${end};
      console.log('done');`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', code], { timeout: 10_000 });
    expect([child.status, String(child.stdout), String(child.stderr)]).toEqual([0, 'done\n', '']);
  }
  rmSync(directory, { recursive: true, force: true });
});
