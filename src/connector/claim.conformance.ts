import { expect } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { parseFilter } from '../base/query-filter.ts';
import type {
  ObjectSet,
  ObjectWrite,
  Query,
  RowFault,
  ScanPage,
  ScanRequest,
  StoredObject,
} from '../model/object-set.ts';

/** States a claim about a fresh, empty set. */
export type Claim = (text: string, prove: (set: ObjectSet) => Promise<void>) => void;

export function creation(name: string, attributes: JsonObject): ObjectWrite {
  return { kind: 'create', id: null, object: { name, ...attributes } };
}

export async function update(
  set: ObjectSet,
  id: string,
  object: JsonObject,
  changed: readonly string[],
): Promise<ObjectWrite> {
  return { kind: 'update', id, rev: (await set.readMany([id])).get(id)?.rev ?? null, object, changed };
}

export async function fill(set: ObjectSet, count: number): Promise<void> {
  const writes = numberedIds(count).map((id, i) => creation(id, { mail: `${i}@example.com`, count: i }));
  expect((await set.write(writes)).filter((outcome) => !outcome.ok)).toEqual([]);
}

export function numberedIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `user-${String(i).padStart(3, '0')}`);
}

export function filterQuery(text: string): Query {
  return { kind: 'filter', filter: parseFilter(text) };
}

export function idsOf(objects: readonly StoredObject[]): readonly string[] {
  return objects.map((object) => object.id).sort();
}

export async function pagesOf(set: ObjectSet, request: ScanRequest): Promise<readonly ScanPage[]> {
  const pages: ScanPage[] = [];
  for await (const page of set.scan(request)) pages.push(page);
  return pages;
}

/** All objects by id, without `_id` and `_rev`. */
export async function contentOf(set: ObjectSet): Promise<Record<string, JsonObject>> {
  const entries: [string, JsonObject][] = [];
  const faults: RowFault[] = [];
  for (const page of await pagesOf(set, { pageSize: 100 })) {
    for (const { id, object } of page.objects) entries.push([id, withoutMeta(object)]);
    faults.push(...page.faults);
  }
  expect(faults).toEqual([]);
  return Object.fromEntries(entries);
}

export function withoutMeta(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== '_id' && key !== '_rev'));
}
