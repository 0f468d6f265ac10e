import type { MappingConfig } from '../../mapping/mapping-config.ts';
import { outboxUpdate, type OutboxItem, type StoredItem } from '../../implicit/outbox.ts';
import type { Lockstep } from '../lockstep.ts';
import { commitWhatStands, itemsOf } from './outbox-store.ts';

type Marking = Pick<Lockstep, 'repository' | 'clock' | 'log'>;

/** Nobody pushes these now: whoever looks after the outbox may, from `dueMs` on (default: at once). */
export async function deferItems(
  marking: Marking,
  mapping: MappingConfig,
  ids: readonly string[],
  dueMs: number = marking.clock.nowMs(),
): Promise<void> {
  await mark(marking, mapping, ids, (item) => (item.state === 'PENDING' ? { ...item, dueMs } : null));
}

/** `onSync` has run: what it did not settle is pushed as everything else is. */
export async function releaseItems(
  marking: Marking,
  mapping: MappingConfig,
  ids: readonly string[],
  dueMs: number,
): Promise<void> {
  await mark(marking, mapping, ids, (item) => (item.owed === null ? null : { ...item, owed: null, dueMs }));
}

/** These are not pushed again until somebody asks for it. */
export async function setAside(
  marking: Marking,
  mapping: MappingConfig,
  ids: readonly string[],
  cause: string,
): Promise<void> {
  marking.log.write('error', `${mapping.name}: ${ids.length} changes are set aside: ${cause}`);
  await mark(marking, mapping, ids, (item) => ({ ...item, state: 'FAILED', cause, attempts: item.attempts + 1 }));
}

async function mark(
  { repository }: Marking,
  mapping: MappingConfig,
  ids: readonly string[],
  change: (item: StoredItem) => OutboxItem | null,
): Promise<void> {
  const items = await itemsOf(repository, mapping, ids);
  const writes = [...items.values()].flat().flatMap((item) => {
    const next = change(item);
    return next === null ? [] : [outboxUpdate(item, next)];
  });
  await commitWhatStands(repository, writes);
}
