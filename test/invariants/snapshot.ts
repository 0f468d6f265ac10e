import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Json, JsonObject } from '../../src/base/json.ts';
import { parsePointer } from '../../src/base/json-pointer.ts';
import type { RunEntry } from '../../src/model/run.ts';
import type { Engine } from '../scenarios/engine.ts';

/** Everything there is: objects with their revisions, links with theirs, files byte by byte. */
export interface Snapshot {
  readonly objects: ReadonlyMap<string, JsonObject>;
  readonly links: readonly string[];
  readonly files: string;
}

export async function snapshot(engine: Engine, target: string): Promise<Snapshot> {
  const objects = new Map((await engine.objects(target)).map((object) => [String(object['_id']), object]));
  const links = (await engine.links('m')).map((link) => JSON.stringify(link)).sort();
  const data = path.join(engine.directory, 'data');
  let files = '';
  try {
    files = readdirSync(data)
      .sort()
      .map((name) => `${name}\n${readFileSync(path.join(data, name), 'latin1')}`)
      .join('\n');
  } catch {
    files = '';
  }
  return { objects, links, files };
}

/** The world without the ids that were made up. */
export function content({ objects, links }: Snapshot): {
  readonly objects: readonly string[];
  readonly links: readonly string[];
} {
  const texts = new Map([...objects].map(([id, object]) => [id, contentOf(object)]));
  const pairs = links.map((text) => {
    const { firstId, secondId, linkQualifier } = JSON.parse(text) as Record<string, string>;
    return `${firstId}:${linkQualifier} → ${texts.get(secondId!) ?? `gone ${secondId}`}`;
  });
  return { objects: [...texts.values()].sort(), links: pairs.sort() };
}

export function contentOf({ _id, _rev, ...rest }: JsonObject): string {
  return JSON.stringify(
    Object.entries(rest)
      .filter(([, value]) => value !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function byId(objects: ReadonlyMap<string, JsonObject>): Map<string, string> {
  return new Map([...objects].map(([id, object]) => [id, contentOf(object)]));
}

/**
 * The world that comes of the changes that entries tell about, beginning with `before`. What a create wrote is not in
 * its entry but in the object itself, so that is taken from `after`.
 */
export function replay(before: Snapshot, after: Snapshot, entries: readonly RunEntry[]): Map<string, string> {
  const world = new Map([...before.objects].map(([id, object]) => [id, plain(object)]));
  const done = entries.filter((entry) => entry.status === 'done');
  for (const entry of done) {
    if (entry.changeClass === 'create')
      world.set(entry.targetId!, plain(after.objects.get(entry.targetId!) ?? { missing: true }));
    if (entry.changeClass === 'update')
      world.set(entry.targetId!, patched(world.get(entry.targetId!) ?? {}, entry.after));
  }
  for (const entry of done) for (const id of deletedIds(entry)) world.delete(id);
  return byId(world);
}

/** The world before, from the one after and the before-images of the entries. */
export function undo(after: Snapshot, entries: readonly RunEntry[]): Map<string, string> {
  const world = new Map([...after.objects].map(([id, object]) => [id, plain(object)]));
  const done = entries.filter((entry) => entry.status === 'done').toReversed();
  for (const entry of done) {
    if (entry.changeClass === 'delete') world.set(entry.targetId!, plain(entry.before!));
    if (entry.changeClass === 'ambiguousDelete')
      for (const [id, object] of Object.entries(entry.before!)) world.set(id, plain(object as JsonObject));
  }
  for (const entry of done) {
    if (entry.changeClass === 'create') world.delete(entry.targetId!);
    if (entry.changeClass === 'update') world.set(entry.targetId!, restored(world.get(entry.targetId!)!, entry));
  }
  return byId(world);
}

export function contents(snapshot: Snapshot): Map<string, string> {
  return byId(snapshot.objects);
}

function deletedIds(entry: RunEntry): readonly string[] {
  if (entry.changeClass === 'delete') return [entry.targetId!];
  return entry.changeClass === 'ambiguousDelete' ? Object.keys(entry.before ?? {}) : [];
}

function plain({ _id, _rev, ...rest }: JsonObject): JsonObject {
  return rest;
}

function patched(object: JsonObject, after: Json): JsonObject {
  const next = { ...object };
  for (const operation of after as JsonObject[]) {
    const key = parsePointer(String(operation['field']))[0]!;
    if (operation['operation'] === 'remove') delete next[key];
    else next[key] = operation['value']!;
  }
  return next;
}

function restored(object: JsonObject, { before, after }: RunEntry): JsonObject {
  const next = { ...object };
  for (const operation of after as JsonObject[]) {
    const key = parsePointer(String(operation['field']))[0]!;
    if (before !== null && Object.hasOwn(before, key)) next[key] = before[key]!;
    else delete next[key];
  }
  return next;
}
