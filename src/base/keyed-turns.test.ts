import { expect, it } from 'vitest';
import { keyedTurns } from './keyed-turns.ts';

it('goes one after the other for one key, in order, also after a failure; others do not wait', async () => {
  const turns = keyedTurns();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take('a', async () => {
    await gate.promise;
    seen.push('a1');
    throw new Error('no');
  });
  const second = turns.take('a', async () => seen.push('a2'));
  await turns.take('b', async () => seen.push('b'));
  expect(seen).toEqual(['b']);
  gate.resolve();
  await expect(first).rejects.toThrow('no');
  await second;
  expect(seen).toEqual(['b', 'a1', 'a2']);
});
