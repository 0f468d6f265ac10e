import { deepEqual, type JsonObject } from '../../base/json.ts';
import type { KeyedTurns } from '../../base/keyed-turns.ts';
import type { AuditEvent } from '../../model/audit.ts';
import { healIntents } from '../../implicit/intents.ts';
import { oldValue, type StoredItem } from '../../implicit/outbox.ts';
import { PushLog } from '../../implicit/push-log.ts';
import { pushSources, sourceObjectOf, type Push } from '../../implicit/push-sources.ts';
import { actionOf } from '../../implicit/sync-result.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { RequestContext } from '../../resource/context.ts';
import type { Settled } from '../../sync/run-log.ts';
import type { World } from '../../sync/world.ts';
import type { Lockstep } from '../lockstep.ts';
import { itemsOf, settleItems } from './outbox-store.ts';
import { allFailed, pushedOf, type Pushed } from './pushed.ts';
import type { PushWorlds } from './push-worlds.ts';

export interface Pushing {
  /** This process, for those who find what it left. */
  readonly owner: string;
  readonly lockstep: Lockstep;
  readonly worlds: PushWorlds;
  /** Of those who push the same object through the same mapping. */
  readonly turns: KeyedTurns;
}

export interface PushRequest {
  readonly mapping: MappingConfig;
  readonly ids: readonly string[];
  readonly context: RequestContext;
  /** What the objects were before, where no outbox item knows better. Open form. */
  readonly olds: ReadonlyMap<string, JsonObject>;
  /** Instead of what the source holds now; null: the object is gone. */
  readonly given?: ReadonlyMap<string, JsonObject | null>;
  /** Objects that no outbox item asks for are left out: somebody else has pushed them. */
  readonly onlyQueued?: boolean;
  /** The first object that cannot be decided holds up those behind it; what was not touched is not in the answer. */
  readonly isStrict?: boolean;
}

const BATCH = 500;

/** Pushes source objects through one mapping, in batches, each object in its turn. Never rejects for a target that is out of order. */
export async function pushMapping(pushing: Pushing, request: PushRequest): Promise<ReadonlyMap<string, Pushed>> {
  const { name } = request.mapping;
  const pushed = new Map<string, Pushed>();
  const size = Math.max(BATCH, pushing.lockstep.config.lockstep.batchSize);
  for (let from = 0; from < request.ids.length; from += size) {
    const ids = request.ids.slice(from, from + size);
    const keys = ids.map((id) => `${name}\u0000${id}`);
    const part = await pushing.turns.takeAll(keys, () => pushBatch(pushing, { ...request, ids }));
    for (const [id, one] of part) pushed.set(id, one);
  }
  return pushed;
}

async function pushBatch(pushing: Pushing, request: PushRequest): Promise<ReadonlyMap<string, Pushed>> {
  const { lockstep } = pushing;
  const { mapping } = request;
  const items = await itemsOf(lockstep.repository, mapping, request.ids);
  const ids = request.onlyQueued === true ? request.ids.filter((id) => items.has(id)) : request.ids;
  if (ids.length === 0) return new Map();
  const pushed = await upToDate(pushing, { ...request, ids }, items);
  const { repository, clock, log, config } = lockstep;
  await settleItems({ repository, clock, log, implicitSync: config.lockstep.implicitSync }, mapping, items, pushed);
  return pushed;
}

const LOOKS = 5;

/** What somebody else wrote in between is decided again, a few times. */
async function upToDate(
  pushing: Pushing,
  request: PushRequest,
  items: ReadonlyMap<string, readonly StoredItem[]>,
): Promise<ReadonlyMap<string, Pushed>> {
  const pushed = new Map<string, Pushed>();
  let ids = request.ids;
  for (let look = 1; ids.length > 0 && look <= LOOKS; look++) {
    const asked = ids;
    const part = await attempt(pushing, { ...request, ids: asked }, items).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'Bug') throw error;
      return allFailed(request.mapping, asked, error);
    });
    for (const [id, one] of part) pushed.set(id, one);
    ids = asked.filter((id) => part.get(id)?.fault?.isOutdated === true);
  }
  return pushed;
}

async function attempt(
  { lockstep, worlds, owner }: Pushing,
  { mapping, ids, context, olds, given, isStrict = false }: PushRequest,
  items: ReadonlyMap<string, readonly StoredItem[]>,
): Promise<ReadonlyMap<string, Pushed>> {
  const pushId = lockstep.newId();
  const oldSources = new Map(olds);
  const open = opener(lockstep, mapping.source);
  return worlds.use(mapping.name, { pushId, reconId: null, context, oldSources }, async (world) => {
    await healIntents(world, ids, owner);
    const { present, gone } = await sourcesOf(world, ids, given);
    for (const id of ids) {
      const queued = items.get(id);
      const before = queued === undefined ? null : oldValue(queued, gone.includes(id));
      if (before !== null) oldSources.set(id, open(before));
      else if (queued !== undefined && !gone.includes(id)) oldSources.delete(id);
    }
    const untouched = new Set<string>();
    const push = { ...auditedPush(lockstep, world, owner, context), ...(isStrict ? { untouched } : {}) };
    const settled = await pushSources(push, present, gone);
    const touched = isStrict ? ids.filter((id) => !untouched.has(id)) : ids;
    return pushedOf(mapping, touched, settled);
  });
}

/** What a push through this mapping needs besides the world, with an audit entry for each decision. */
export function auditedPush(lockstep: Lockstep, world: World, owner: string, context: RequestContext): Push {
  const { name, source } = world.mapping.compiled;
  const { audit } = lockstep;
  const eventOf = (settled: Settled): AuditEvent | null => {
    const { change, targetId, message, outcome } = settled;
    if (!audit.accepts('sync', change.action, context.cause)) return null;
    const isFailed = outcome === 'failed' || outcome === 'exceptions';
    const event = audit.events.sync(context, {
      mapping: name,
      sourceObjectId: change.sourceId === null ? null : `${source}/${change.sourceId}`,
      targetObjectId: targetId,
      situation: change.situation,
      action: actionOf(settled),
      linkQualifier: change.evidence.linkQualifier,
      status: isFailed ? 'FAILURE' : 'SUCCESS',
      message: message ?? change.message,
    });
    return audit.cleaned([event])[0] ?? null;
  };
  return pushWith(lockstep, world, owner, eventOf);
}

export function pushWith({ repository, clock }: Lockstep, world: World, owner: string, eventOf: Push['eventOf']): Push {
  const { name, source } = world.mapping.compiled;
  const log = new PushLog({ repository, clock, mapping: name, source, owner, pushId: world.runId, eventOf });
  return { world, log, eventOf };
}

async function sourcesOf(
  world: World,
  ids: readonly string[],
  given: PushRequest['given'],
): Promise<{ readonly present: readonly StoredObject[]; readonly gone: readonly string[] }> {
  if (given !== undefined) {
    const present = ids.flatMap((id) => (given.get(id) == null ? [] : [sourceObjectOf(id, given.get(id)!)]));
    return { present, gone: ids.filter((id) => given.get(id) == null) };
  }
  const found = await world.source.readMany(ids);
  return { present: [...found.values()], gone: ids.filter((id) => !found.has(id)) };
}

/** Opens what is kept encrypted in an old value, as the mapping sees the present one. */
function opener(lockstep: Lockstep, collection: string): (object: JsonObject) => JsonObject {
  const type = lockstep.managedTypes().find(({ path }) => path === collection);
  return type === undefined ? (object) => object : (object) => type.protection.openIfPossible(object);
}

/** Whether a notification says that nothing has changed (specification §7.1). */
export function isUnchanged(before: JsonObject | null, after: JsonObject | null): boolean {
  return before !== null && after !== null && deepEqual(before, after);
}
