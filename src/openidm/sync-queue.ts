import type { Lockstep } from '../app/lockstep.ts';
import { commitWhatStands, outboxPages, shownItem } from '../app/push/outbox-store.ts';
import { Failure } from '../base/failure.ts';
import { parseFilter } from '../base/query-filter.ts';
import { itemOf, OUTBOX_TYPE, outboxDelete, outboxUpdate, type StoredItem } from '../implicit/outbox.ts';
import { isStorableId, type StoredObject } from '../model/object-set.ts';
import type { ObjectRow } from '../model/repository.ts';
import { queryPage } from '../resource/query-page.ts';
import type { ActionRequest, QueryRequest } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';

/** Changes that wait to be pushed, and those that were set aside: `sync/queue`. */
export interface SyncQueue {
  query(request: QueryRequest): Promise<QueryResult>;
  read(id: string): Promise<StoredObject>;
  /** Gives the change up. The next change of the object, or a reconciliation, brings it along all the same. */
  drop(id: string): Promise<StoredObject>;
  /** Pushes again what was set aside: one change, those of a mapping (`mapping`), or all of them. */
  replay(id: string | null, request: ActionRequest): Promise<{ readonly replayed: number }>;
}

export function syncQueue(lockstep: Lockstep): SyncQueue {
  const { repository } = lockstep;
  const itemFor = async (id: string): Promise<StoredItem> => {
    const [row] = isStorableId(id) ? await repository.objects.readMany(OUTBOX_TYPE, [id]) : [];
    if (row === undefined) throw new Failure('not-found', `sync/queue has no change ${id}: it may have been pushed`);
    return itemOf(row);
  };
  return {
    query: (request) => queryPage(repository.objects, OUTBOX_TYPE, request, { resolve, toStored: shownRow }),
    read: async (id) => shown(await itemFor(id)),
    drop: async (id) => {
      const item = await itemFor(id);
      await commitWhatStands(repository, [outboxDelete(item)]);
      return shown(item);
    },
    replay: async (id, { parameters }) => {
      const items = id === null ? setAside(lockstep, parameters['mapping']) : [[await itemFor(id)]];
      let replayed = 0;
      for await (const page of items) {
        await commitWhatStands(
          repository,
          page.map((item) => renewed(lockstep, item)),
        );
        replayed += page.length;
      }
      lockstep.changes.wake();
      return { replayed };
    },
  };
}

function renewed({ clock }: Lockstep, item: StoredItem): ReturnType<typeof outboxUpdate> {
  return outboxUpdate(item, { ...item, state: 'PENDING', attempts: 0, dueMs: clock.nowMs() });
}

async function* setAside({ repository }: Lockstep, mapping: string | undefined): AsyncIterable<readonly StoredItem[]> {
  for await (const items of outboxPages(repository, 'state eq "FAILED"'))
    yield items.filter((item) => mapping === undefined || item.mapping === mapping);
}

function resolve(queryId: string): ReturnType<typeof parseFilter> {
  if (queryId === 'query-all' || queryId === 'query-all-ids') return parseFilter('true');
  throw new Failure(
    'bad-request',
    `sync/queue has no query "${queryId}": use query-all, query-all-ids or a _queryFilter`,
  );
}

function shownRow(row: ObjectRow): StoredObject {
  return shown(itemOf(row));
}

function shown(item: StoredItem): StoredObject {
  return { id: item.id, rev: String(item.rev), object: shownItem(item) };
}
