import { expect, it } from 'vitest';
import { mergeIterables } from './merge-iterables.ts';

async function* numbers(from: number, count: number, log: string[] = []): AsyncGenerator<number> {
  for (let i = from; i < from + count; i++) {
    yield i;
    log.push(`taken ${i}`);
  }
}

async function* silent(signal: AbortSignal, log: string[]): AsyncGenerator<number> {
  try {
    while (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      if (!signal.aborted) yield 0;
    }
  } finally {
    log.push('ended');
  }
}

it('gives everything of every source, none of them last', async () => {
  const seen: number[] = [];
  const open = (): AsyncIterable<number>[] => [numbers(0, 5), numbers(10, 5)];
  for await (const one of mergeIterables(open, new AbortController().signal)) seen.push(one);
  expect(seen.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
  expect(seen.filter((one) => one < 5)).toEqual([0, 1, 2, 3, 4]);
  expect(seen.indexOf(10)).toBeLessThan(seen.indexOf(4));
});

it('asks a source for more only when what it gave was taken', async () => {
  const log: string[] = [];
  for await (const one of mergeIterables(() => [numbers(0, 2, log)], new AbortController().signal)) {
    expect(log).not.toContain(`taken ${one}`);
    log.push(`handled ${one}`);
  }
  expect(log).toEqual(['handled 0', 'taken 0', 'handled 1', 'taken 1']);
});

it('ends the others when one fails, when it is left, and when it is told to', async () => {
  const log: string[] = [];
  const failing = async function* (): AsyncGenerator<number> {
    yield 1;
    throw new Error('lost');
  };
  const never = new AbortController();
  const walk = async (): Promise<void> => {
    for await (const _ of mergeIterables((signal) => [silent(signal, log), failing()], never.signal));
  };
  await expect(walk()).rejects.toThrow('lost');
  expect(log).toEqual(['ended']);
  for await (const _ of mergeIterables((signal) => [silent(signal, log), numbers(0, 9)], never.signal)) break;
  expect(log).toEqual(['ended', 'ended']);
  const told = new AbortController();
  told.abort();
  for await (const _ of mergeIterables((signal) => [silent(signal, log)], told.signal));
});
