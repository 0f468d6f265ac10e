import type { Clock } from '../../base/clock.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Log } from '../../base/log.ts';
import { parseFilter } from '../../base/query-filter.ts';
import {
  afterFailure,
  itemOf,
  OUTBOX_TYPE,
  outboxDelete,
  outboxUpdate,
  SYNC_ACTIONS,
  type RetryRule,
  type StoredItem,
} from '../../implicit/outbox.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { CommitUnit, Repository, RowWrite } from '../../model/repository.ts';
import type { Pushed } from './pushed.ts';
import type { ImplicitSyncConfig } from '../config/project-config.ts';

/** Outbox items of these source objects for this mapping, the oldest first, by the id of the object. */
export async function itemsOf(
  repository: Repository,
  { name, source }: MappingConfig,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly StoredItem[]>> {
  const resources = ids.map((id) => `${source}/${id}`);
  const rows = await repository.objects.findByValue(OUTBOX_TYPE, 'resource', resources);
  const items = rows.map(itemOf).filter((item) => item.mapping === name);
  return Map.groupBy(
    items.toSorted((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1)),
    (item) => item.resourceId,
  );
}

const PAGE = 500;

/** Items of this process that are due, the oldest first; at most `limit`. */
export async function dueItems(
  repository: Repository,
  owner: string,
  nowMs: number,
  limit: number,
): Promise<readonly StoredItem[]> {
  const filter = parseFilter(`state eq "PENDING" and owner eq ${JSON.stringify(owner)} and dueMs le ${nowMs}`);
  const { rows } = await repository.objects.page(OUTBOX_TYPE, { filter, limit });
  return rows.map(itemOf);
}

/** When the next of the items of this process is due; null: none waits. */
export async function nextDueMs(repository: Repository, owner: string): Promise<number | null> {
  const filter = parseFilter(`state eq "PENDING" and owner eq ${JSON.stringify(owner)}`);
  const sort = [{ pointer: ['dueMs'], isDescending: false }];
  const { rows } = await repository.objects.page(OUTBOX_TYPE, { filter, sort, limit: 1 });
  return rows.length === 0 ? null : itemOf(rows[0]!).dueMs;
}

/** Items that wait, a page at a time: those of this process, or those of all others. */
export async function* pendingItems(
  repository: Repository,
  whose: 'ours' | 'theirs',
  owner: string,
): AsyncIterable<readonly StoredItem[]> {
  const ours = `owner eq ${JSON.stringify(owner)}`;
  yield* outboxPages(repository, `state eq "PENDING" and ${whose === 'ours' ? ours : `!(${ours})`}`);
}

/** All items that match, a page at a time. */
export async function* outboxPages(repository: Repository, filterText: string): AsyncIterable<readonly StoredItem[]> {
  const filter = parseFilter(filterText);
  let page = await repository.objects.page(OUTBOX_TYPE, { filter, limit: PAGE });
  for (;;) {
    yield page.rows.map(itemOf);
    if (page.next === null) return;
    page = await repository.objects.page(OUTBOX_TYPE, { filter, limit: PAGE, after: page.next });
  }
}

export interface Settling {
  readonly repository: Repository;
  readonly clock: Clock;
  readonly log: Log;
  readonly implicitSync: ImplicitSyncConfig;
}

/**
 * Notes what came of a push: what arrived is taken out; of what did not, one item stays for each object, with the oldest state
 * before, and waits for its next attempt.
 */
export async function settleItems(
  settling: Settling,
  mapping: MappingConfig,
  items: ReadonlyMap<string, readonly StoredItem[]>,
  pushed: ReadonlyMap<string, Pushed>,
): Promise<void> {
  const writes = [...items].flatMap(([id, own]) => writesFor(settling, mapping, own, pushed.get(id)));
  await commitWhatStands(settling.repository, writes);
}

function writesFor(
  { clock, log, implicitSync }: Settling,
  mapping: MappingConfig,
  items: readonly StoredItem[],
  pushed: Pushed | undefined,
): readonly RowWrite[] {
  const [first, ...others] = items;
  if (first === undefined || pushed === undefined) return [];
  if (pushed.fault === null) return items.map(outboxDelete);
  const latest = { ...first, kind: items.at(-1)!.kind };
  const failed = afterFailure(latest, pushed.fault, ruleOf(mapping, implicitSync), clock.nowMs());
  if (failed.state === 'FAILED') {
    const fate = mapping.queuedSync?.afterwards === 'ignore' ? 'dropped' : 'set aside';
    const what = `${first.collection}/${first.resourceId}`;
    log.write('error', `${mapping.name}: the change of ${what} is ${fate}: ${pushed.fault.message}`);
    if (fate === 'dropped') return items.map(outboxDelete);
  }
  return [outboxUpdate(first, failed), ...others.map(outboxDelete)];
}

function ruleOf({ queuedSync }: MappingConfig, implicitSync: ImplicitSyncConfig): RetryRule {
  if (queuedSync === null) return implicitSync;
  const { maxRetries, retryDelayMs } = queuedSync;
  const maxAttempts = maxRetries < 0 ? Number.POSITIVE_INFINITY : maxRetries + 1;
  return { maxAttempts, firstDelayMs: retryDelayMs, maxDelayMs: Math.max(retryDelayMs, implicitSync.maxDelayMs) };
}

/** What somebody else has changed meanwhile is his. */
export async function commitWhatStands(repository: Repository, writes: readonly RowWrite[]): Promise<void> {
  let units = writes.map((object): CommitUnit => ({ object }));
  while (units.length > 0) {
    const result = await repository.commit({ units });
    if (result.ok) return;
    const refused = new Set(result.conflicts.map(({ unit }) => unit));
    units = units.filter((_, i) => !refused.has(i));
  }
}

/** As `sync/queue` shows it. */
export function shownItem(item: StoredItem): JsonObject {
  const { id, rev, mapping, collection, resourceId, kind, state, attempts, dueMs, createdMs, cause } = item;
  return {
    _id: id,
    _rev: String(rev),
    mapping,
    resourceCollection: collection,
    resourceId,
    syncAction: SYNC_ACTIONS[kind],
    state,
    attempts,
    createDate: new Date(createdMs).toISOString(),
    nextAttempt: state === 'PENDING' ? new Date(dueMs).toISOString() : null,
    cause,
    transactionId: item.transactionId,
    userId: item.userId,
    trail: [...item.trail],
  };
}
