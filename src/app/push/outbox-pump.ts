import { messageOf } from '../../base/failure.ts';
import { oldValue, outboxUpdate, type StoredItem } from '../../implicit/outbox.ts';
import { isHolderDead } from '../../recon/lease.ts';
import { SYSTEM_CALLER, type RequestContext } from '../../resource/context.ts';
import type { Breakers } from './breakers.ts';
import { commitWhatStands, dueItems, nextDueMs, pendingItems } from './outbox-store.ts';
import { MAX_TRAIL, passOn, pushGathering, restless } from './pass-on.ts';
import type { Pushing } from './push-mapping.ts';

/** Pushes what is due: what a push within a request could not, what a killed process left behind, what is queued on purpose. */
export interface OutboxPump {
  start(): void;
  wake(): void;
  /** Once, without waiting for the time of the next attempt. */
  pushAll(): Promise<void>;
  close(): Promise<void>;
}

export interface PumpOptions {
  readonly pushing: Pushing;
  readonly breakers: Breakers;
  readonly owner: string;
  readonly passing: () => Parameters<typeof passOn>[0];
}

const LIMIT = 1000;
/** Somebody else may have asked for a replay. */
const LOOK_MS = 5000;
/** Other processes leave things behind. */
const ADOPT_MS = 20_000;

export function openOutboxPump(options: PumpOptions): OutboxPump {
  const state = { isClosed: false, isAwake: false };
  const isOver = (): boolean => state.isClosed || options.passing().isClosing();
  let ring: (() => void) | null = null;
  let running: Promise<void> | null = null;
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      ring = () => {
        clearTimeout(timer);
        resolve();
      };
      if (state.isAwake || state.isClosed) ring();
    });
  const loop = async (): Promise<void> => {
    let lookedMs = Number.NEGATIVE_INFINITY;
    while (!state.isClosed) {
      state.isAwake = false;
      if (performance.now() - lookedMs > ADOPT_MS) {
        await adopt(options);
        lookedMs = performance.now();
      }
      const waitMs = await round(options, isOver);
      if (!state.isClosed) await sleep(waitMs);
    }
  };
  return {
    start: () => void (running ??= loop()),
    wake: () => {
      state.isAwake = true;
      ring?.();
    },
    pushAll: async () => {
      await adopt(options);
      await makeDue(options);
      await round(options, isOver);
    },
    close: async () => {
      state.isClosed = true;
      ring?.();
      await running;
    },
  };
}

/** Everything of ours that waits. */
async function makeDue({ pushing, owner }: PumpOptions): Promise<void> {
  const { repository, clock } = pushing.lockstep;
  for await (const items of pendingItems(repository, 'ours', owner)) {
    const writes = items.map((item) => outboxUpdate(item, { ...item, dueMs: clock.nowMs() }));
    await commitWhatStands(repository, writes);
  }
}

/** Pushes all that is due; answers how long to wait. */
async function round({ pushing, breakers, owner, passing }: PumpOptions, isClosed: () => boolean): Promise<number> {
  const { repository, clock, log } = pushing.lockstep;
  try {
    for (;;) {
      const due = await dueItems(repository, owner, clock.nowMs(), LIMIT);
      if (due.length === 0 || isClosed()) break;
      await pushDue({ pushing, breakers, owner, passing }, due);
    }
    const next = await nextDueMs(repository, owner);
    return next === null ? LOOK_MS : Math.max(10, Math.min(LOOK_MS, next - clock.nowMs()));
  } catch (error) {
    log.write('error', `changes that wait to be pushed could not be looked at: ${messageOf(error)}`);
    return LOOK_MS;
  }
}

/** What a process that died was about to push is ours now, and due. */
async function adopt({ pushing, owner }: PumpOptions): Promise<void> {
  const { repository, clock, log } = pushing.lockstep;
  const dead = new Map<string, boolean>();
  const isDead = (one: string): boolean => {
    const known = dead.get(one) ?? isHolderDead(one);
    dead.set(one, known);
    return known;
  };
  try {
    for await (const items of pendingItems(repository, 'theirs', owner)) {
      const left = items.filter((item) => isDead(item.owner));
      const writes = left.map((item) => outboxUpdate(item, { ...item, owner, dueMs: clock.nowMs() }));
      await commitWhatStands(repository, writes);
    }
  } catch (error) {
    log.write('error', `what other processes left to be pushed could not be looked at: ${messageOf(error)}`);
  }
}

/** Mappings side by side: one whose target is slow or gone does not hold up the others. */
async function pushDue(options: PumpOptions, due: readonly StoredItem[]): Promise<void> {
  const byMapping = Map.groupBy(
    due.filter((item) => item.owed === null),
    (item) => item.mapping,
  );
  await Promise.all([...byMapping].map(([name, items]) => pushItems(options, name, items)));
  await finishOwed(
    options,
    due.filter((item) => item.owed !== null),
  );
}

/** Requests whose process died before `onSync` had run: they are passed on again as a whole, so that it has its say. */
async function finishOwed({ pushing, passing }: PumpOptions, due: readonly StoredItem[]): Promise<void> {
  const { repository, log } = pushing.lockstep;
  const byObject = Map.groupBy(due, (item) => `${item.collection}/${item.resourceId}`);
  for (const [path, items] of byObject) {
    const first = items[0]!;
    const type = first.collection.slice(first.collection.indexOf('/') + 1);
    const isGone = (await repository.objects.readMany(type, [first.resourceId])).length === 0;
    const before = oldValue(items, isGone);
    const kind = isGone ? 'delete' : before === null ? 'create' : 'update';
    const change = { kind, type, id: first.resourceId, before, after: null, request: first.owed! } as const;
    for (const { message } of (await passOn(passing(), [change], contextOf(first, first.trail))).values())
      log.write('warn', `${path}: onSync: ${message}`);
  }
}

async function pushItems(options: PumpOptions, name: string, items: readonly StoredItem[]): Promise<void> {
  const { pushing, breakers } = options;
  const { repository, clock, config } = pushing.lockstep;
  const isOn = config.lockstep.implicitSync.enabled;
  const mapping = isOn ? config.mappings.find((one) => one.name === name && one.enableSync) : undefined;
  const setAll = (change: Partial<StoredItem>): Promise<void> =>
    commitWhatStands(
      repository,
      items.map((item) => outboxUpdate(item, { ...item, ...change })),
    );
  if (mapping === undefined)
    return setAll({ state: 'FAILED', cause: `there is no mapping "${name}" any more that pushes changes` });
  if (breakers.reason(name) !== null) return setAll({ dueMs: Math.max(breakers.untilMs(name), clock.nowMs() + 10) });
  for (const [, same] of Map.groupBy(items, (item) => item.trail.join('\u0000'))) {
    const [first] = same;
    const trail = [...first!.trail, name];
    if (trail.length > MAX_TRAIL) {
      await commitWhatStands(
        repository,
        same.map((item) => outboxUpdate(item, { ...item, state: 'FAILED', cause: restless(trail) })),
      );
      continue;
    }
    const context = contextOf(first!, trail);
    const ids = [...new Set(same.map((item) => item.resourceId))];
    const request = { mapping, ids, context, olds: new Map(), onlyQueued: true };
    const { caused } = await pushGathering({ pushing, breakers }, request);
    if (caused.length > 0) await passOn(options.passing(), caused, context);
  }
}

function contextOf({ transactionId, userId }: StoredItem, trail: readonly string[]): RequestContext {
  return {
    caller: { ...SYSTEM_CALLER, id: userId },
    transactionId,
    parentActionId: null,
    cause: 'implicitSync',
    mode: 'live',
    trail,
  };
}
