import { messageOf } from '../../base/failure.ts';
import { keyedTurns } from '../../base/keyed-turns.ts';
import type { JsonObject } from '../../base/json.ts';
import { INTENT_SPEC } from '../../implicit/intents.ts';
import { OUTBOX_SPEC, outboxCreate, type OutboxItem } from '../../implicit/outbox.ts';
import type { SyncResult } from '../../implicit/sync-result.ts';
import type { ChangePort } from '../../managed/managed-type.ts';
import { hasOnSync } from '../../managed/run-on-sync.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { ChangeChain, ManagedChange } from '../../model/managed-change.ts';
import type { RowWrite } from '../../model/repository.ts';
import { ownerName } from '../../recon/lease.ts';
import type { RequestContext } from '../../resource/context.ts';
import { Breakers } from './breakers.ts';
import type { Lockstep } from '../lockstep.ts';
import { notify, type Notification } from './notify.ts';
import { openOutboxPump } from './outbox-pump.ts';
import type { Pushing } from './push-mapping.ts';
import { openPushWorlds, type PushWorlds } from './push-worlds.ts';
import { passOn, type Passing } from './pass-on.ts';
import { withheldDeletes, type Withheld } from './push-guard.ts';

/** Passes changes of managed objects on (specification §7), within the request that makes them or from the outbox. */
export interface ImplicitSync extends ChangePort {
  readonly worlds: PushWorlds;
  readonly pushing: Pushing;
  /** Mappings that changes of this collection go through, in the order of `sync.json`. */
  mappingsFrom(collection: string): readonly MappingConfig[];
  /** Somebody says that a source object has changed; rejects with `conflict` and the results where a mapping fails. */
  notify(notification: Notification, context: RequestContext): Promise<readonly SyncResult[]>;
  /** Gathers what a run changes; `flush` pushes it. What a killed run did not flush is in the outbox. */
  gather(): GatheredChanges;
  /** Looks after the outbox from now on. */
  start(): void;
  /** Pushes all that waits, once. */
  pushAll(): Promise<void>;
  /** Nothing is pushed any more; what changes from now on waits for the next start. */
  stop(): void;
  /** There is something in the outbox that should not have to wait. */
  wake(): void;
  close(): Promise<void>;
}

export interface GatheredChanges {
  readonly chain: ChangeChain;
  flush(context: RequestContext): Promise<void>;
}

/** In this time whoever made the change has pushed it, or has died; a run takes as long as it takes. */
const GRACE_MS = 10_000;
const RUN_GRACE_MS = 3_600_000;

export async function openImplicitSync(lockstep: Lockstep): Promise<ImplicitSync> {
  await lockstep.repository.objects.declareTypes([OUTBOX_SPEC, INTENT_SPEC]);
  const owner = ownerName(lockstep.newId());
  const worlds = openPushWorlds(lockstep);
  const pushing: Pushing = { owner, lockstep, worlds, turns: keyedTurns() };
  const breakers = new Breakers(lockstep.clock);
  const state = { isClosing: false };
  const passing: Passing = {
    pushing,
    breakers,
    isClosing: () => state.isClosing,
    mappingsFrom: (collection) => mappingsFrom(lockstep, collection),
    wake: () => pump.wake(),
  };
  const pump = openOutboxPump({ pushing, breakers, owner, passing: () => passing });
  const listeners = listenersOf(lockstep);
  return {
    worlds,
    pushing,
    listensTo: (type) => listeners(type).mappings.length > 0 || listeners(type).hasOnSync,
    mappingsFrom: (collection) => mappingsFrom(lockstep, collection),
    announce: (changes, context) => announced(lockstep, owner, listeners, changes, context),
    pass: async (changes, context) => {
      if (context.chain !== undefined) {
        await context.chain.add(changes);
        return new Map();
      }
      return passOn(passing, changes, context);
    },
    notify: (notification, context) => notify(passing, notification, context),
    gather: () => gathered(lockstep, passing),
    start: () => pump.start(),
    stop: () => {
      state.isClosing = true;
    },
    pushAll: () => pump.pushAll(),
    wake: () => pump.wake(),
    close: async () => {
      state.isClosing = true;
      await pump.close();
      await worlds.close();
    },
  };
}

/** Who waits for changes of a managed type. */
interface Listeners {
  readonly mappings: readonly MappingConfig[];
  readonly hasOnSync: boolean;
}

/** Asked with every write, answered once for each configuration. */
function listenersOf(lockstep: Lockstep): (type: string) => Listeners {
  let [config, known] = [lockstep.config, new Map<string, Listeners>()];
  return (name) => {
    if (config !== lockstep.config) [config, known] = [lockstep.config, new Map()];
    const listeners = known.get(name) ?? {
      mappings: mappingsFrom(lockstep, `managed/${name}`),
      hasOnSync: lockstep.managedTypes().some((type) => type.name === name && hasOnSync(type)),
    };
    known.set(name, listeners);
    return listeners;
  };
}

function mappingsFrom({ config }: Lockstep, collection: string): readonly MappingConfig[] {
  if (!config.lockstep.implicitSync.enabled) return [];
  return config.mappings.filter(({ source, enableSync }) => enableSync && source === collection);
}

function announced(
  lockstep: Lockstep,
  owner: string,
  listeners: (type: string) => Listeners,
  changes: readonly ManagedChange[],
  context: RequestContext,
): readonly RowWrite[] {
  if (context.mode === 'plan') return [];
  const nowMs = lockstep.clock.nowMs();
  const graceMs = context.cause === 'recon' ? RUN_GRACE_MS : GRACE_MS;
  return changes.flatMap((change) => {
    const waiting = listeners(change.type);
    return waiting.mappings.map((mapping) => {
      const item: OutboxItem = {
        mapping: mapping.name,
        collection: `managed/${change.type}`,
        resourceId: change.id,
        kind: change.kind,
        before: change.before,
        state: 'PENDING',
        attempts: 0,
        dueMs: mapping.queuedSync === null ? nowMs + graceMs : nowMs,
        createdMs: nowMs,
        owner,
        transactionId: context.transactionId,
        userId: context.caller.id,
        trail: context.trail ?? [],
        cause: null,
        owed: waiting.hasOnSync && mapping.queuedSync === null ? owedRequest(change) : null,
      };
      return outboxCreate(lockstep.newId(), item);
    });
  });
}

/** As much of the request as `onSync` needs after a restart: no content, which may hold secrets. */
function owedRequest({ request }: ManagedChange): JsonObject {
  return { ...request, content: null, patchOperations: null };
}

type Waiting = Pick<ManagedChange, 'kind' | 'type' | 'id'>;

/** So many changes of a run are passed on at a time. */
const CHUNK = 5000;

/** Changes of a run wait for its end: a target may be what the run reads. Their old values wait in the outbox. */
function gathered(lockstep: Lockstep, passing: Passing): GatheredChanges {
  let waiting: Waiting[] = [];
  const chain: ChangeChain = {
    add: async (changes) => {
      for (const { kind, type, id } of changes) waiting.push({ kind, type, id });
    },
  };
  return {
    chain,
    flush: async (context) => {
      const changes = waiting;
      waiting = [];
      if (changes.length === 0 || passing.isClosing()) return;
      const withheld = await withheldDeletes(lockstep, changes, passing.mappingsFrom);
      for (let from = 0; from < changes.length; from += CHUNK)
        await flushChunk(passing, changes.slice(from, from + CHUNK).map(changeOf), context, withheld);
    },
  };
}

async function flushChunk(
  passing: Passing,
  changes: readonly ManagedChange[],
  context: RequestContext,
  withheld: Withheld,
): Promise<void> {
  const { log } = passing.pushing.lockstep;
  try {
    for (const [i, { message }] of await passOn(passing, changes, context, withheld))
      log.write('warn', `managed/${changes[i]!.type}/${changes[i]!.id}: onSync: ${message}`);
  } catch (error) {
    log.write('warn', `changes of a run are not passed on yet: ${messageOf(error)}`);
  }
}

function changeOf({ kind, type, id }: Waiting): ManagedChange {
  const path = `managed/${type}/${id}`;
  const request = { method: kind, resourceName: path, resourcePath: path, content: null, additionalParameters: {} };
  return { kind, type, id, before: null, after: null, request };
}
