import type { Log } from '../../base/log.ts';
import type { Json } from '../../base/json.ts';
import type { SystemState } from '../../connector/contract.ts';
import type { ChangeFeed, FeedChange, FeedPage, FeedRequest } from '../../model/change-feed.ts';
import { isStorableId, type ObjectSet, type RowFault, type StoredObject } from '../../model/object-set.ts';
import { IdSet } from '../../sync/id-set.ts';
import { hidesAnother, type ShadowStore } from './shadow-store.ts';

export interface DifferenceFeedOptions {
  readonly set: ObjectSet;
  /** What the collection was; whoever handles a page brings it up to date before he asks for the next one. */
  readonly shadows: ShadowStore;
  readonly state: (signal?: AbortSignal) => Promise<SystemState>;
  /** The state at the end of the last complete walk of this process, by collection. */
  readonly walked: Map<string, string>;
  readonly log: Log;
  readonly nowMs: () => number;
}

/**
 * Changes of a collection that is read as a whole, by difference against what was last seen: first what is gone, then what
 * is new or different, in the order of the collection. The token is the time of its last change in milliseconds; it moves with
 * the last page. A collection that cannot be read completely reports nothing as gone; an unreadable row keeps its object as it was.
 */
export function differenceFeed(options: DifferenceFeedOptions): ChangeFeed {
  return {
    nativeType: 'JAVA_TYPE_LONG',
    latest: async (signal) => (await options.state(signal)).modifiedMs,
    changes: (after, request) => changes(options, after, request),
  };
}

async function* changes(options: DifferenceFeedOptions, after: Json, request: FeedRequest): AsyncIterable<FeedPage> {
  const { shadows, walked, nowMs } = options;
  const beganMs = nowMs();
  const { modifiedMs: token, identity } = await options.state(request.signal);
  if (token !== after || walked.get(shadows.collection) !== identity) {
    walked.delete(shadows.collection);
    const partly = (part: readonly FeedChange[]): FeedPage => ({ changes: part, token: after, isResumable: false });
    for await (const part of gone(options, token, request)) yield partly(part);
    for await (const part of different(options, token, request)) yield partly(part);
  }
  yield { changes: [], token, isResumable: false };
  if (isSettled(token, beganMs)) walked.set(shadows.collection, identity);
}

/** Clocks of file systems are coarse: what was written a moment ago may be written again without looking any newer. */
const SETTLED_MS = 2000;

function isSettled(modifiedMs: number, nowMs: number): boolean {
  return modifiedMs < nowMs - SETTLED_MS;
}

async function* gone(
  { set, shadows, log }: DifferenceFeedOptions,
  token: number,
  request: FeedRequest,
): AsyncIterable<readonly FeedChange[]> {
  const seen = new IdSet();
  const faults: RowFault[] = [];
  for await (const page of set.scan(scanRequest(request))) {
    for (const { id } of page.objects) seen.add(id);
    for (const fault of page.faults) if (faults.length < 1000 || hidesAnother(fault)) faults.push(fault);
    for (const { id } of page.faults) if (id !== null) seen.add(id);
  }
  tellFaults(log, set, faults);
  if (faults.some(hidesAnother)) return;
  if (seen.size === 0 && (await isLarge(shadows))) {
    log.write(
      'warn',
      `${set.path} is empty: liveSync does not report all of its objects as deleted; reconcile with allowEmptySourceSet if they are`,
    );
    return;
  }
  for await (const ids of shadows.ids()) {
    const missing = ids.filter((id) => !seen.has(id));
    for (let from = 0; from < missing.length; from += request.pageSize)
      yield missing.slice(from, from + request.pageSize).map((id) => changeOf('delete', id, null, token));
  }
}

/** An emptied file is more often an accident than a wish. */
const LARGE = 10;

async function isLarge(shadows: ShadowStore): Promise<boolean> {
  for await (const ids of shadows.ids()) return ids.length > LARGE;
  return false;
}

async function* different(
  { set, shadows }: DifferenceFeedOptions,
  token: number,
  request: FeedRequest,
): AsyncIterable<readonly FeedChange[]> {
  for await (const page of set.scan(scanRequest(request))) {
    const objects = page.objects.filter(({ id }) => isStorableId(id));
    const known = await shadows.read(objects.map(({ id }) => id));
    const part = objects.flatMap(({ id, object }: StoredObject): readonly FeedChange[] => {
      const before = known.get(id);
      if (before === undefined) return [changeOf('create', id, object, token)];
      return before.digest === shadows.of(object).digest ? [] : [changeOf('update', id, object, token)];
    });
    if (part.length > 0) yield part;
  }
}

function scanRequest({ pageSize, signal }: FeedRequest): Parameters<ObjectSet['scan']>[0] {
  return { pageSize, ...(signal === undefined ? {} : { signal }) };
}

function changeOf(kind: FeedChange['kind'], id: string, object: FeedChange['object'], token: number): FeedChange {
  return { kind, id, previousId: null, object, token };
}

function tellFaults(log: Log, { path }: ObjectSet, faults: readonly RowFault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const consequence = faults.some(hidesAnother) ? '; nothing is reported as deleted until they can be read' : '';
  log.write(
    'warn',
    `${path}: liveSync passes over ${faults.length} rows that cannot be read${consequence}; the first is ${first.place}: ${first.message}`,
  );
}
