import { expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { ObjectSet } from '../model/object-set.ts';
import { observed, type ObservedOperation } from './observed.ts';

function set(fails: boolean): ObjectSet {
  return {
    path: 'system/x/account',
    traits: { lookup: 'direct', isTransactional: false, storesNull: false, acceptsIds: true },
    async *scan() {
      yield { objects: [], faults: [], cursor: 1, isLast: false };
      if (fails) throw new Failure('incomplete-read', 'lost');
      yield { objects: [], faults: [], cursor: 2, isLast: true };
    },
    readMany: async () => new Map(),
    query: () => (fails ? Promise.reject(new Failure('unreachable', 'down')) : Promise.resolve([])),
    write: async () => [],
    preferredWriteCount: () => 7,
    close: async () => {},
  };
}

async function use(fails: boolean): Promise<readonly string[]> {
  const heard: ObservedOperation[] = [];
  const one = observed(set(fails), (operation) => heard.push(operation));
  const pages: unknown[] = [];
  const failures: string[] = [];
  const note = (error: Failure): void => void failures.push(error.message);
  const read = async (): Promise<void> => {
    for await (const page of one.scan({ pageSize: 1 })) pages.push(page.cursor);
  };
  await read().catch(note);
  await one.readMany(['a']);
  await one.query([]).catch(note);
  await one.write([]);
  expect({ pages, failures }).toEqual(
    fails ? { pages: [1], failures: ['lost', 'down'] } : { pages: [1, 2], failures: [] },
  );
  expect(one.preferredWriteCount()).toBe(7);
  expect(heard.every(({ seconds }) => seconds >= 0)).toBe(true);
  return heard.map(({ operation, outcome }) => `${operation} ${outcome}`);
}

it('tells each operation once, with what came of it, and changes nothing', async () => {
  expect(await use(false)).toEqual(['scan ok', 'readMany ok', 'query ok', 'write ok']);
  expect(await use(true)).toEqual(['scan incomplete-read', 'readMany ok', 'query unreachable', 'write ok']);
});
