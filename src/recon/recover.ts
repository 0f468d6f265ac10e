import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { CommitUnit, LinkWrite } from '../model/repository.ts';
import type { RunEntry } from '../model/run.ts';
import { readable } from '../model/unreadable-objects.ts';
import { attributeOf } from '../sync/plan.ts';
import type { Outcome } from '../sync/planned-change.ts';
import { linkView } from '../sync/link-view.ts';
import type { World } from '../sync/world.ts';
import type { RunContext } from './run-context.ts';

/**
 * Heals what a crash left between the answer of an external target and the link: each intent is compared with what the
 * target holds now. What had been carried out is linked and counted; what had not is left to be decided again.
 * Gives the entries that count as dealt with.
 */
export async function recoverIntents(run: RunContext): Promise<readonly RunEntry[]> {
  const { repository, clock } = run.world;
  const done: RunEntry[] = [];
  for (;;) {
    const entries = await repository.runs.entries(run.ledger.record.id, { status: 'applying', limit: 500 });
    if (entries.length === 0) return done;
    const carried = await carriedOut(run.world, entries);
    for (const entry of entries) {
      const found = carried.get(entry) ?? null;
      const { runId, seq } = entry;
      const settle = { kind: 'settle', runId, seq, from: 'applying', timestampMs: clock.nowMs() } as const;
      if (found === null) {
        const message = 'not carried out before the interruption; decided again';
        await run.ledger.commitProgress([{ entry: { ...settle, status: 'skipped', message } }], {});
        continue;
      }
      const unit: CommitUnit = {
        links: healingLinks(run.world, entry, found.id),
        entry: { ...settle, status: 'done', message: null, targetId: found.id },
      };
      await run.ledger.commitProgress([unit], counted(run, entry));
      done.push(entry);
    }
  }
}

/** Intents that reached their target, with what the target holds now. The others are not in the map; nor are those that cannot be read. */
export async function carriedOut(
  world: World,
  entries: readonly RunEntry[],
): Promise<ReadonlyMap<RunEntry, StoredObject>> {
  const ids = entries.flatMap((entry) => entry.targetId ?? []);
  const { found: present } = await readable(ids.length === 0 ? Promise.resolve(new Map()) : world.target.readMany(ids));
  const carried = new Map<RunEntry, StoredObject>();
  for (const entry of entries) {
    const found = entry.targetId === null ? await findCreated(world, entry) : present.get(entry.targetId);
    if (found !== undefined && isCarriedOut(entry, found.object)) carried.set(entry, found);
  }
  return carried;
}

function isCarriedOut(entry: RunEntry, object: JsonObject): boolean {
  if (entry.changeClass === 'create')
    return isJsonObject(entry.after) && Object.entries(entry.after).every(([key, value]) => holds(object, key, value));
  if (!Array.isArray(entry.after)) return false;
  return entry.after.every((operation) => {
    if (!isJsonObject(operation) || typeof operation['field'] !== 'string') return false;
    return holds(object, attributeOf(operation), operation['value'] ?? null);
  });
}

function holds(object: JsonObject, key: string, value: Json): boolean {
  return isSameStored(Object.hasOwn(object, key) ? object[key]! : null, value);
}

/**
 * Whether a system that was given `written` may well answer `held`: a file gives a number back as text, a directory one value
 * as a list. Null, absent and `""` or `[]` are told apart by no external system for certain.
 */
export function isSameStored(held: Json, written: Json): boolean {
  if (deepEqual(held, written) || (isNothing(held) && isNothing(written))) return true;
  if (Array.isArray(held) || Array.isArray(written)) {
    const [left, right] = [listOf(held), listOf(written)];
    return left.length === right.length && left.every((value, i) => isSameStored(value, right[i]!));
  }
  if (typeof held === 'object' || typeof written === 'object') return false;
  if (typeof held === 'number' || typeof written === 'number') return numberOf(held) === numberOf(written);
  if (typeof held === 'boolean' || typeof written === 'boolean')
    return String(held).toLowerCase() === String(written).toLowerCase();
  return false;
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value];
}

/** NaN, which equals nothing, for what is no number. */
function numberOf(value: string | number | boolean): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

function isNothing(value: Json): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

async function findCreated(world: World, entry: RunEntry): Promise<StoredObject | undefined> {
  if (!isJsonObject(entry.after)) return undefined;
  const texts = Object.entries(entry.after).filter(([, value]) => typeof value === 'string' && value !== '');
  const certain = texts.filter(([, value]) => isKeptAsText(String(value)));
  const parts = (certain.length > 0 ? certain : texts).map(([key, value]): Filter => ({
    kind: 'compare',
    operator: 'eq',
    pointer: [key],
    value: String(value),
  }));
  if (parts.length === 0) return undefined;
  const [answer] = await world.target.query([
    { kind: 'filter', filter: parts.length === 1 ? parts[0]! : { kind: 'and', parts } },
  ]);
  const alike = answer?.ok === true ? answer.objects.filter(({ object }) => isCarriedOut(entry, object)) : [];
  return alike.length === 1 ? alike[0] : undefined;
}

/** A text like `17` or `true` may be kept as a number or a boolean, and is then not found as a text. */
function isKeptAsText(value: string): boolean {
  return value.trim() !== '' && Number.isNaN(Number(value)) && !/^(?:true|false)$/i.test(value);
}

/** The link that an intent wanted, if it wanted one. */
export function healingLinks(world: World, entry: RunEntry, targetId: string): readonly LinkWrite[] {
  const view = linkView(world.mapping.compiled.links);
  const { linkType } = view.rules;
  const { linkQualifier, sourceId, detail } = entry;
  if (detail?.['linking'] === true && sourceId !== null)
    return [
      {
        kind: 'create',
        link: { id: world.newId(), rev: 0, linkType, linkQualifier, ...view.ends(sourceId, targetId) },
      },
    ];
  const link = detail?.['link'];
  if (!isJsonObject(link) || sourceId === null) return [];
  return [{ kind: 'update', id: String(link['id']), rev: Number(link['rev']), ...view.ends(sourceId, targetId) }];
}

function counted(run: RunContext, entry: RunEntry): JsonObject {
  const { progress } = run.ledger;
  const outcome: Outcome = entry.changeClass === 'create' ? 'created' : 'updated';
  const counts = { ...progress.counts, [outcome]: progress.counts[outcome] + 1 };
  const change: JsonObject = { counts, entries: progress.entries + 1, success: progress.success + 1 };
  if (entry.situation !== null) {
    change['situations'] = { ...progress.situations, [entry.situation]: progress.situations[entry.situation] + 1 };
    const row = progress.matrix[entry.situation] ?? {};
    change['matrix'] = {
      ...progress.matrix,
      [entry.situation]: { ...row, [entry.action]: (row[entry.action] ?? 0) + 1 },
    };
  }
  if (outcome === 'created') change['targetsCreated'] = progress.targetsCreated + 1;
  if (entry.detail?.['linking'] === true) change['linksCreated'] = progress.linksCreated + 1;
  return change;
}
