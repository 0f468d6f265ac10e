import { Failure } from '../../base/failure.ts';
import { withoutSuperseded } from '../../connector/superseded.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { sourceChange, type SourceChange } from '../../live/change-record.ts';
import { BATCH, nextBatch } from '../../live/next-batch.ts';
import type { Memory } from '../../live/retry-rule.ts';
import type { Stage, StageException } from '../../live/stage.ts';
import type { AuditEvent } from '../../model/audit.ts';
import type { FeedPage } from '../../model/change-feed.ts';
import type { CommitUnit, RowWrite } from '../../model/repository.ts';
import { settleFailure, type Settlement } from './live-failures.ts';
import { pushChanges, type Outcome } from './live-push.ts';
import type { LiveRun } from './live-run.ts';
import { refuseLostView } from './lost-view.ts';
import { Storing } from './storing.ts';

/** `stopped`: at a change that failed; the stage says which. */
export type PageEnd = 'handled' | 'stopped';

/**
 * Handles the changes of a page in batches. Each batch is stored with the token that it leads to, so a call that ends here goes on there,
 * whatever ends it. A batch is stored while the next one is pushed: what a crash leaves pushed and not stored is told again, and then
 * finds nothing to do. Rejects with `canceled` between two batches, with `revision` or `locked` if somebody else took over.
 */
export async function handlePage(run: LiveRun, page: FeedPage): Promise<PageEnd> {
  await refuseLostView(run, page);
  const told = withoutSuperseded(page.changes, ({ object }) => object === null);
  const changes = told.map((change) => named(run, page, change));
  if (changes.length === 0) {
    await storeToken(run, page);
    return 'handled';
  }
  const storing = new Storing();
  try {
    return await handleChanges(run, page, changes, storing);
  } finally {
    await storing.settled();
  }
}

async function handleChanges(
  run: LiveRun,
  page: FeedPage,
  changes: readonly SourceChange[],
  storing: Storing,
): Promise<PageEnd> {
  const isTroubled = ({ key }: SourceChange): boolean => run.book.memory.retry?.key === key;
  let last: readonly SourceChange[] = [];
  for (let from = 0; from < changes.length;) {
    if (run.signal.aborted)
      throw new Failure('canceled', `liveSync of ${run.source.path} was stopped; the next call goes on`);
    const batch = nextBatch(changes, from, { limit: BATCH, isTroubled });
    if (isAboutSame(last, batch)) await storing.done();
    const settled = await settleBatch(run, batch);
    await storing.done();
    from += settled.count;
    const isOverlapping = settled.exception === null && settled.memory === run.book.memory;
    storing.begin(store(run, { page, changes, from }, settled));
    if (!isOverlapping) await storing.done();
    if (settled.exception !== null) return 'stopped';
    last = batch;
  }
  await storing.done();
  return 'handled';
}

function isAboutSame(last: readonly SourceChange[], next: readonly SourceChange[]): boolean {
  const ids = new Set(last.flatMap(({ id, previousId }) => [id, previousId]));
  return next.some(({ id, previousId }) => ids.has(id) || (previousId !== null && ids.has(previousId)));
}

/** Of a feed of all types each change says whose it is. */
function named(
  { source, shadows }: LiveRun,
  { isResumable }: FeedPage,
  change: FeedPage['changes'][number],
): SourceChange {
  const { objectType } = change;
  const collection = objectType === undefined ? source.collections[0]! : `system/${source.system}/${objectType}`;
  if (!source.collections.includes(collection))
    throw new Failure('internal', `${source.path}: a change of "${objectType}", which is no object type of the system`);
  const shadow = change.object === null ? null : shadows(collection).of(change.object);
  return sourceChange(collection, change, { isResumable, shadow });
}

interface SettledBatch {
  /** How many changes are handled, from the first one on. */
  readonly count: number;
  readonly exception: StageException | null;
  readonly memory: Memory;
  readonly units: readonly CommitUnit[];
  readonly audit: readonly AuditEvent[];
}

async function settleBatch(run: LiveRun, batch: readonly SourceChange[]): Promise<SettledBatch> {
  const done = await handledAhead(run, batch);
  const open = batch.filter((change) => !done.has(change));
  const tally = new Tally(run, batch);
  if (open.length === 0) return tally.result(batch.length, null);
  const isStrict = run.source.provisioner.syncFailureHandler.maxRetries !== 0;
  const outcome = await pushChanges(run, open, { isStrict });
  const arrivedTogether = (change: SourceChange): boolean =>
    !done.has(change) && outcome.faults.get(change.id) === null;
  for (const [i, change] of batch.entries()) {
    if (done.has(change)) continue;
    if (!outcome.faults.has(change.id)) return tally.result(i, null);
    if (arrivedTogether(change)) {
      tally.arrived(change, outcome);
      continue;
    }
    // What failed in company may do so because of the company.
    const alone = open.length === 1 ? outcome : await pushChanges(run, [change], { isStrict });
    const settlement = await settleAlone(run, change, alone);
    if (settlement.kind === 'stop') {
      for (const later of batch.slice(i + 1)) if (arrivedTogether(later)) tally.arrivedAhead(later, outcome);
      return tally.result(i, settlement.exception, { key: change.key, failures: settlement.failures });
    }
    if (settlement.kind === 'given-up') tally.givenUp(change, alone, settlement.units);
    else tally.arrived(change, alone);
  }
  return tally.result(batch.length, null);
}

async function settleAlone(
  run: LiveRun,
  change: SourceChange,
  outcome: Outcome,
): Promise<Settlement | { readonly kind: 'arrived' }> {
  const message = outcome.faults.get(change.id) ?? null;
  if (message === null) return { kind: 'arrived' };
  const { retry } = run.book.memory;
  const failures = retry?.key === change.key ? retry.failures : 0;
  const before = outcome.shadows.get(change.id)?.object ?? null;
  return settleFailure(run, change, { message, before, failures });
}

/** Those that were handled while one before them failed, if nothing has happened to their objects since. */
async function handledAhead(run: LiveRun, batch: readonly SourceChange[]): Promise<ReadonlySet<SourceChange>> {
  const { ahead } = run.book.memory;
  const known = batch.filter(({ key }) => ahead.has(key));
  if (known.length === 0) return new Set();
  const store = run.shadows(known[0]!.collection);
  const shadows = await store.read(known.map(({ id }) => id));
  return new Set(
    known.filter(({ kind, id, object }) =>
      kind === 'delete' ? !shadows.has(id) : object !== null && shadows.get(id)?.digest === store.of(object).digest,
    ),
  );
}

/** Gathers what has to be stored about a batch. */
class Tally {
  readonly #run: LiveRun;
  readonly #ahead: Set<string>;
  readonly #units: CommitUnit[] = [];
  readonly #audit: AuditEvent[] = [];
  readonly #batch: readonly SourceChange[];

  constructor(run: LiveRun, batch: readonly SourceChange[]) {
    this.#run = run;
    this.#batch = batch;
    this.#ahead = new Set(run.book.memory.ahead);
  }

  arrived(change: SourceChange, outcome: Outcome): void {
    this.#see(change, outcome);
    const event = activityOf(this.#run, change, outcome);
    if (event !== null) this.#audit.push(event);
  }

  arrivedAhead(change: SourceChange, outcome: Outcome): void {
    this.arrived(change, outcome);
    this.#ahead.add(change.key);
  }

  givenUp(change: SourceChange, outcome: Outcome, units: readonly CommitUnit[]): void {
    this.#see(change, outcome);
    this.#units.push(...units);
  }

  result(count: number, exception: StageException | null, retry: Memory['retry'] = null): SettledBatch {
    const { memory } = this.#run.book;
    const isThrough = this.#batch.slice(0, count).some(({ key }) => key === memory.retry?.key);
    const next = { retry: retry ?? (isThrough ? null : memory.retry), ahead: this.#ahead };
    const isSame = next.retry === memory.retry && next.ahead.size === memory.ahead.size;
    const audit = this.#run.lockstep.audit.cleaned(this.#audit);
    return { count, exception, memory: isSame ? memory : next, units: this.#units, audit };
  }

  #see(change: SourceChange, outcome: Outcome): void {
    for (const object of shadowWrites(this.#run, change, outcome)) this.#units.push({ object });
  }
}

/** What vanished before it was read is told as deleted later, and then has to be known. */
function shadowWrites(run: LiveRun, change: SourceChange, { shadows, objects, taken }: Outcome): readonly RowWrite[] {
  const store = run.shadows(change.collection);
  const { id, previousId } = change;
  const old = previousId === null || taken.has(previousId) ? null : (shadows.get(previousId) ?? null);
  const known = shadows.get(id) ?? null;
  const now = objects.get(id) ?? null;
  const next = now === null ? (objects.has(id) ? null : (old ?? known)) : store.of(withoutPrevious(now));
  return [old === null ? null : store.write(previousId!, old, null), store.write(id, known, next)].filter(
    (write) => write !== null,
  );
}

function withoutPrevious(object: JsonObject): JsonObject {
  if (!Object.hasOwn(object, '_previous-id')) return object;
  const { '_previous-id': _previousId, ...rest } = object;
  return rest;
}

const MESSAGES = {
  create: 'sync-create',
  update: 'sync-update',
  createOrUpdate: 'sync-update',
  delete: 'sync-delete',
} as const;

/** Specification §6.3: one entry for each change that was handled; none for what had vanished. */
function activityOf(run: LiveRun, change: SourceChange, { shadows, objects }: Outcome): AuditEvent | null {
  const { audit } = run.lockstep;
  if (!objects.has(change.id) || !audit.accepts('activity', 'action', run.context.cause)) return null;
  const { id, previousId } = change;
  const before = shadows.get(id) ?? (previousId === null ? undefined : shadows.get(previousId));
  return audit.events.activity(run.context, {
    objectId: 'sync',
    operation: 'ACTION',
    message: MESSAGES[change.kind],
    before: before?.object ?? (change.kind === 'delete' ? { _id: id } : null),
    after: change.kind === 'delete' ? null : (change.visible ?? { _id: id }),
    revision: null,
  });
}

interface End {
  readonly page: FeedPage;
  readonly changes: readonly SourceChange[];
  readonly from: number;
}

async function store(run: LiveRun, { page, changes, from }: End, settled: SettledBatch): Promise<void> {
  const { units, audit, exception } = settled;
  const memory = exception === null || page.isResumable ? settled.memory : withAhead(settled.memory, changes, from);
  const stage = stageAt(run, tokenAt(run, page, changes, from));
  const noted = from === changes.length && exception === null ? await noteUnits(run, page) : [];
  await run.book.write(
    { stage: { ...stage, lastException: exception }, memory },
    { units: [...units, ...noted], audit },
  );
}

async function storeToken(run: LiveRun, page: FeedPage): Promise<void> {
  const stage = { ...stageAt(run, page.token), lastException: null };
  await run.book.write({ stage, memory: run.book.memory }, { units: await noteUnits(run, page), audit: [] });
}

/** What the feed wants kept of a page that is handled. */
async function noteUnits({ memory }: LiveRun, { notes = [] }: FeedPage): Promise<readonly CommitUnit[]> {
  return (await memory.writes(notes)).map((object) => ({ object }));
}

function stageAt({ book, feed }: LiveRun, token: Json): Stage {
  return { token, nativeType: feed.nativeType, lastException: null, resync: book.stage?.resync ?? null };
}

/** How far one gets with the first `from` changes of a page handled. */
function tokenAt({ book }: LiveRun, page: FeedPage, changes: readonly SourceChange[], from: number): Json {
  if (from === changes.length) return page.token;
  const present = book.stage?.token ?? null;
  return page.isResumable && from > 0 ? changes[from - 1]!.token : present;
}

/** The next call is told of the whole page again. */
function withAhead(memory: Memory, changes: readonly SourceChange[], from: number): Memory {
  return { ...memory, ahead: new Set([...memory.ahead, ...changes.slice(0, from).map(({ key }) => key)]) };
}
