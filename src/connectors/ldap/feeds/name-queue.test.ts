import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NameQueue } from './name-queue.ts';

function told(asked: readonly (readonly [uuid: string, ...holders: string[]])[]): readonly string[] {
  const order: string[] = [];
  const queue = new NameQueue();
  for (const [uuid, ...holders] of asked) queue.put(uuid, holders, () => void order.push(uuid));
  queue.end();
  return order;
}

it('who takes an id is told behind the one who had it, through whole chains', () => {
  expect(told([['a', 'b'], ['b', 'c'], ['d'], ['c']])).toEqual(['d', 'c', 'b', 'a']);
  expect(told([['a', 'b', 'c'], ['c'], ['b']])).toEqual(['c', 'b', 'a']);
  expect(told([['a', 'a']])).toEqual(['a']);
});

it('a circle, and who waits for one that is never told, is told at the end', () => {
  expect(told([['a', 'b'], ['b', 'a'], ['c', 'x'], ['d']]).toSorted()).toEqual(['a', 'b', 'c', 'd']);
});

it('everything is told once, whatever waits for what', () => {
  const names = fc.constantFrom(...'abcdefgh');
  const list = fc.uniqueArray(fc.tuple(names, fc.array(names, { maxLength: 2 })), { selector: ([uuid]) => uuid });
  fc.assert(
    fc.property(list, (asked) => {
      const order = told(asked.map(([uuid, holders]) => [uuid, ...holders] as const));
      expect(order.toSorted()).toEqual(asked.map(([uuid]) => uuid).toSorted());
    }),
  );
});

it('after the refresh nobody waits', () => {
  const order: string[] = [];
  const queue = new NameQueue();
  queue.end();
  queue.put('a', ['b'], () => void order.push('a'));
  expect(order).toEqual(['a']);
});
