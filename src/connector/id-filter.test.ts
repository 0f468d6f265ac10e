import { expect, it } from 'vitest';
import { IdFilter } from './id-filter.ts';

it('knows 300,000 ids, and takes none for another', () => {
  const filter = new IdFilter();
  const ids = Array.from({ length: 100_000 }, (_, i) => [`user${i}`, `${i}`, `cn=${i},ou=people,dc=example`]).flat();
  expect(ids.every((id) => filter.add(id))).toBe(true);
  expect(ids.some((id) => filter.add(id))).toBe(false);
  expect(filter.size).toBe(300_000);
});

it('tells ids apart that differ little', () => {
  const filter = new IdFilter();
  const ids = ['', 'a', 'aa', 'ab', 'ba', 'é', 'e\u0301', 'A', 'a ', ' a', '\0', '\0\0'];
  expect(ids.map((id) => filter.add(id))).toEqual(ids.map(() => true));
});
