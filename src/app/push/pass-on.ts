import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import { failedResult, skippedResult, type SyncResult, type SyncResults } from '../../implicit/sync-result.ts';
import { SYNC_ACTIONS } from '../../implicit/outbox.ts';
import type { ManagedType } from '../../managed/managed-type.ts';
import { hasOnSync, runOnSync } from '../../managed/run-on-sync.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { ManagedChange } from '../../model/managed-change.ts';
import type { RequestContext } from '../../resource/context.ts';
import type { Breakers } from './breakers.ts';
import { deferItems, releaseItems, setAside } from './outbox-marks.ts';
import { heldText, NOTHING_WITHHELD, type Withheld } from './push-guard.ts';
import { pushMapping, type Pushing, type PushRequest } from './push-mapping.ts';
import type { Pushed } from './pushed.ts';

export interface Passing {
  readonly pushing: Pushing;
  readonly breakers: Breakers;
  readonly isClosing: () => boolean;
  readonly mappingsFrom: (collection: string) => readonly MappingConfig[];
  readonly wake: () => void;
}

/** More pushes in one chain than this: the mappings never come to rest. */
export const MAX_TRAIL = 24;

/** Changes with the same history. */
interface Wave {
  readonly changes: readonly ManagedChange[];
  readonly trail: readonly string[];
  readonly withheld: Withheld;
}

/**
 * Passes changes on to every mapping whose source they are, in order, and then those that this causes, and so on, until nothing
 * changes any more. Gives what `onSync` of the first ones threw, by position.
 */
export async function passOn(
  passing: Passing,
  changes: readonly ManagedChange[],
  context: RequestContext,
  withheld: Withheld = NOTHING_WITHHELD,
): Promise<ReadonlyMap<number, Failure>> {
  const waves: Wave[] = [{ changes, trail: context.trail ?? [], withheld }];
  let first: ReadonlyMap<number, Failure> | null = null;
  for (let wave = waves.shift(); wave !== undefined; wave = waves.shift()) {
    if (passing.isClosing()) break;
    const failures = await passWave(passing, wave, context, waves);
    if (first === null) first = failures;
    else
      for (const [i, { message }] of failures)
        passing.pushing.lockstep.log.write('warn', `${pathOf(wave.changes[i]!)}: onSync: ${message}`);
  }
  return first ?? new Map();
}

function pathOf({ type, id }: ManagedChange): string {
  return `managed/${type}/${id}`;
}

async function passWave(
  passing: Passing,
  { changes, trail, withheld }: Wave,
  context: RequestContext,
  waves: Wave[],
): Promise<ReadonlyMap<number, Failure>> {
  const failures = new Map<number, Failure>();
  const byType = Map.groupBy(changes.entries(), ([, change]) => change.type);
  for (const [name, own] of byType) {
    const type = passing.pushing.lockstep.managedTypes().find((one) => one.name === name);
    if (type === undefined) continue;
    const concerned = own.map(([, change]) => change);
    const results = await passType(passing, type, { changes: concerned, trail, withheld }, context, waves);
    const synced = concerned.map((change) => ({
      change,
      syncResults: resultsOf(change, results.get(change.id) ?? []),
    }));
    const thrown = await runOnSync(type, synced, { ...context, trail });
    for (const [k, failure] of thrown) failures.set(own[k]![0], failure);
    if (hasOnSync(type)) await release(passing, type, results);
  }
  return failures;
}

/** What is left was held back for `onSync`, which may have taken the change back. */
async function release(
  { pushing, mappingsFrom, wake }: Passing,
  type: ManagedType,
  results: ReadonlyMap<string, readonly SyncResult[]>,
): Promise<void> {
  const open = [...results].filter(([, own]) => own.some(({ result }) => result !== 'SUCCESSFUL')).map(([id]) => id);
  if (open.length === 0) return;
  const { clock, config } = pushing.lockstep;
  const dueMs = clock.nowMs() + config.lockstep.implicitSync.firstDelayMs;
  for (const mapping of mappingsFrom(type.path)) await releaseItems(pushing.lockstep, mapping, open, dueMs);
  wake();
}

function resultsOf({ kind }: ManagedChange, syncDetails: readonly SyncResult[]): JsonObject {
  const success = syncDetails.every(({ result }) => result === 'SUCCESSFUL');
  const results: SyncResults = { success, action: SYNC_ACTIONS[kind], syncDetails };
  return results as unknown as JsonObject;
}

/** Through each mapping in turn; an object that fails at one is skipped by the later ones, for now. */
async function passType(
  passing: Passing,
  type: ManagedType,
  { changes, trail, withheld }: Wave,
  context: RequestContext,
  waves: Wave[],
): Promise<ReadonlyMap<string, readonly SyncResult[]>> {
  const { pushing } = passing;
  const results = new Map<string, SyncResult[]>(changes.map(({ id }) => [id, []]));
  const olds = new Map<string, JsonObject>();
  for (const { id, before } of changes)
    if (before !== null && !olds.has(id)) olds.set(id, type.protection.openIfPossible(before));
  let open: readonly string[] = [...results.keys()];
  for (const mapping of passing.mappingsFrom(type.path)) {
    if (mapping.queuedSync !== null) {
      passing.wake();
      continue;
    }
    const isOpen = new Set(open);
    const skipped = [...results.keys()].filter((id) => !isOpen.has(id));
    for (const id of skipped) results.get(id)!.push(skippedResult(mapping));
    if (skipped.length > 0 && !hasOnSync(type))
      await deferItems(pushing.lockstep, mapping, skipped).then(() => passing.wake());
    const held = withheld.get(mapping.name);
    if (held !== undefined) {
      const message = heldText(held.reason);
      for (const id of open) if (held.ids.has(id)) results.get(id)!.push(failedResult(mapping, id, message));
      open = open.filter((id) => !held.ids.has(id));
    }
    if (open.length === 0) continue;
    const pushed = await passThrough(passing, { mapping, ids: open, olds, trail }, context, waves);
    for (const [id, one] of pushed) results.get(id)!.push(...one.results);
    const failed = open.filter((id) => pushed.get(id)?.fault != null);
    if (failed.length > 0 && hasOnSync(type)) await holdBack(pushing, mapping, failed);
    open = open.filter((id) => pushed.get(id)?.fault == null);
  }
  return results;
}

/** Longer than `onSync` may take. */
const HELD_BACK_MS = 120_000;

/** Nobody pushes these while `onSync` may be taking the change back. */
async function holdBack({ lockstep }: Pushing, mapping: MappingConfig, ids: readonly string[]): Promise<void> {
  await deferItems(lockstep, mapping, ids, lockstep.clock.nowMs() + HELD_BACK_MS);
}

interface Through {
  readonly mapping: MappingConfig;
  readonly ids: readonly string[];
  readonly olds: ReadonlyMap<string, JsonObject>;
  readonly trail: readonly string[];
}

async function passThrough(
  { pushing, breakers, wake }: Passing,
  { mapping, ids, olds, trail }: Through,
  context: RequestContext,
  waves: Wave[],
): Promise<ReadonlyMap<string, Pushed>> {
  if (trail.length >= MAX_TRAIL) {
    const message = restless([...trail, mapping.name]);
    await setAside(pushing.lockstep, mapping, ids, message);
    return new Map(ids.map((id) => [id, failure(mapping, id, message, 'final')]));
  }
  const reason = breakers.reason(mapping.name);
  if (reason !== null) {
    const message = `${mapping.target} was out of reach a moment ago and is tried again shortly: ${reason}`;
    await deferItems(pushing.lockstep, mapping, ids, breakers.untilMs(mapping.name));
    return new Map(ids.map((id) => [id, failure(mapping, id, message, 'unreachable')]));
  }
  const next = [...trail, mapping.name];
  const asked = { mapping, ids, olds, context: { ...context, trail: next } };
  const { pushed, caused } = await pushGathering({ pushing, breakers }, asked);
  if (caused.length > 0) waves.push({ changes: caused, trail: next, withheld: NOTHING_WITHHELD });
  if ([...pushed.values()].some(({ fault }) => fault !== null)) wake();
  return pushed;
}

/** Pushes, notes whether the target can be reached, and gathers what the push itself changes in managed objects. */
export async function pushGathering(
  { pushing, breakers }: Pick<Passing, 'pushing' | 'breakers'>,
  request: PushRequest,
): Promise<{ readonly pushed: ReadonlyMap<string, Pushed>; readonly caused: readonly ManagedChange[] }> {
  const caused: ManagedChange[] = [];
  const chain = { add: async (more: readonly ManagedChange[]) => void caused.push(...more) };
  const context: RequestContext = { ...request.context, cause: 'implicitSync', chain };
  const pushed = await pushMapping(pushing, { ...request, context });
  noteReach(breakers, request.mapping, pushed);
  return { pushed, caused };
}

/** One that cannot be reached fails everything; one that refuses an object is there. */
function noteReach(breakers: Breakers, { name }: MappingConfig, pushed: ReadonlyMap<string, Pushed>): void {
  const faults = [...pushed.values()].map(({ fault }) => fault);
  if (faults.length === 0) return;
  const unreachable = faults.find((fault) => fault?.kind === 'unreachable');
  if (unreachable != null && faults.every((fault) => fault?.kind === 'unreachable'))
    breakers.isOutOfReach(name, unreachable.message);
  else breakers.isInReach(name);
}

function failure(mapping: MappingConfig, id: string, message: string, kind: 'final' | 'unreachable'): Pushed {
  return { results: [failedResult(mapping, id, message)], fault: { kind, message } };
}

/** Names the round that the changes go, once. */
export function restless(trail: readonly string[]): string {
  const last = trail.at(-1)!;
  const from = trail.lastIndexOf(last, -2);
  const round = from < 0 ? trail : trail.slice(from);
  return `these mappings do not come to rest: ${round.join(' → ')}; each pass changes what the next one maps`;
}
