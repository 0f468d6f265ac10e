import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { ObjectSet, ObjectWrite, ScanPage, WriteOutcome } from '../model/object-set.ts';
import { forward } from './forward.ts';
import { limit } from './limit.ts';
import { record, type RecordedWrite } from './record.ts';
import { retry, type RetryOptions } from './retry.ts';

/** A small real set: a map. `trouble` is called before each operation and may throw. */
function mapSet(trouble: (operation: string) => void = () => {}): ObjectSet & { readonly ids: Set<string> } {
  const ids = new Set<string>();
  const apply = (write: ObjectWrite): WriteOutcome => {
    const id = write.id ?? '';
    if (write.kind === 'create' ? ids.has(id) : !ids.has(id))
      return { ok: false, code: write.kind === 'create' ? 'exists' : 'not-found', message: id };
    if (write.kind === 'delete') ids.delete(id);
    else ids.add(id);
    return { ok: true, id, rev: null };
  };
  return {
    ids,
    path: 'system/map/account',
    traits: { lookup: 'direct', isTransactional: false, storesNull: false, acceptsIds: true },
    // oxlint-disable-next-line require-await -- the contract is asynchronous
    async *scan({ after }) {
      const list = [...ids];
      for (let i = (after as number | undefined) ?? 0; i < list.length; i++) {
        trouble(`scan ${i}`);
        yield pageOf(list[i]!, i + 1, i + 1 === list.length);
      }
    },
    readMany: (asked) => {
      trouble('readMany');
      const found = asked.filter((id) => ids.has(id));
      return Promise.resolve(new Map(found.map((id) => [id, { id, rev: null, object: { _id: id } }])));
    },
    query: () => Promise.resolve([]),
    write(writes) {
      const outcomes = writes.map(apply);
      // The answer is lost after the writes were done.
      trouble(`write ${writes.map((write) => write.id).join()}`);
      return Promise.resolve(outcomes);
    },
    preferredWriteCount: () => 500,
    close: () => Promise.resolve(),
  };
}

function pageOf(id: string, cursor: number, isLast: boolean): ScanPage {
  return { objects: [{ id, rev: null, object: { _id: id } }], faults: [], cursor, isLast };
}

/** No connection came about: nothing was sent. */
const unsent = (): Failure => new Failure('unreachable', 'no connection', { retryable: true, isUncertain: false });
const create = (id: string): ObjectWrite => ({ kind: 'create', id, object: {} });
const remove = (id: string): ObjectWrite => ({ kind: 'delete', id, rev: null });
const update = (id: string): ObjectWrite => ({ kind: 'update', id, rev: null, object: {}, changed: [] });
const broken = (): Failure => new Failure('unreachable', 'connection reset', { retryable: true });

function timed(retries = 3): RetryOptions & { readonly waits: number[] } {
  const waits: number[] = [];
  const sleep = (ms: number): Promise<void> => {
    waits.push(ms);
    return Promise.resolve();
  };
  return { retries, delayMs: 100, maxDelayMs: 250, sleep, random: () => 1, waits };
}

/** Fails the first `count` operations whose name begins with `prefix`. */
function failing(prefix: string, count: number, failure = broken): { (operation: string): void; operations: string[] } {
  let left = count;
  const trouble = (operation: string): void => {
    trouble.operations.push(operation);
    if (operation.startsWith(prefix) && left-- > 0) throw failure();
  };
  trouble.operations = [] as string[];
  return trouble;
}

describe('retry', () => {
  it('tries a read again, waiting longer each time, and gives up after the last retry', async () => {
    const options = timed();
    expect((await retry(mapSet(failing('readMany', 3)), options).readMany(['a'])).size).toBe(0);
    expect(options.waits).toEqual([100, 200, 250]);
    await expect(retry(mapSet(failing('readMany', 4)), timed()).readMany(['a'])).rejects.toMatchObject({
      code: 'unreachable',
    });
  });

  it('does not try again what will not pass', async () => {
    const denied = failing('readMany', 1, () => new Failure('denied', 'no'));
    await expect(retry(mapSet(denied), timed()).readMany(['a'])).rejects.toMatchObject({ code: 'denied' });
    expect(denied.operations).toHaveLength(1);
  });

  it('continues a scan after its last page: each object once', async () => {
    const set = mapSet(failing('scan 2', 2));
    for (const id of ['a', 'b', 'c', 'd']) set.ids.add(id);
    const seen: string[] = [];
    for await (const page of retry(set, timed()).scan({ pageSize: 1 })) seen.push(...page.objects.map(({ id }) => id));
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
  });

  it('never sends a create twice whose fate is unknown; repeats the others', async () => {
    const trouble = failing('write', 1);
    const set = mapSet(trouble);
    set.ids.add('old').add('kept');
    const outcomes = await retry(set, timed()).write([create('new'), remove('old'), update('kept')]);
    expect(outcomes).toMatchObject([
      { ok: false, code: 'unreachable', message: expect.stringContaining('unknown whether the object was created') },
      { ok: true, id: 'old' },
      { ok: true, id: 'kept' },
    ]);
    expect(trouble.operations).toEqual(['write new,old,kept', 'write old,kept']);
    expect([...set.ids]).toEqual(['kept', 'new']);
  });

  it('sends a create again that certainly did not happen, and tells no doubt where there is none', async () => {
    const attempts: number[] = [];
    const inner = mapSet();
    const refusing = (times: number): ObjectSet => ({
      ...forward(inner),
      write: (writes) => (attempts.push(1) <= times ? Promise.reject(unsent()) : inner.write(writes)),
    });
    expect(await retry(refusing(2), timed()).write([create('a')])).toMatchObject([{ ok: true, id: 'a' }]);
    expect(attempts).toHaveLength(3);
    await expect(retry(refusing(99), timed()).write([create('b')])).rejects.toMatchObject({ message: 'no connection' });
    expect(inner.ids).toEqual(new Set(['a']));
  });

  it('sends a create again when the other side had refused before it did anything', async () => {
    let isLocked = true;
    const inner = mapSet();
    const set: ObjectSet = {
      ...forward(inner),
      write(writes) {
        if (!isLocked) return inner.write(writes);
        isLocked = false;
        return Promise.reject(new Failure('locked', 'busy', { retryable: true }));
      },
    };
    expect(await retry(set, timed()).write([create('a')])).toMatchObject([{ ok: true, id: 'a' }]);
  });

  it('rejects when nothing could be written at all', async () => {
    const set: ObjectSet = { ...forward(mapSet()), write: () => Promise.reject(broken()) };
    await expect(retry(set, timed()).write([remove('a')])).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('limit', () => {
  it('lets through no more calls at a time than allowed, in order', async () => {
    let running = 0;
    let most = 0;
    const order: string[] = [];
    const slow: ObjectSet = {
      ...forward(mapSet()),
      async readMany(ids) {
        order.push(ids[0]!);
        most = Math.max(most, ++running);
        await new Promise((done) => setTimeout(done, 2));
        running--;
        return new Map();
      },
    };
    const set = limit(slow, { concurrency: 2, perSecond: null });
    const names = Array.from({ length: 9 }, (_, i) => String(i));
    await Promise.all(names.map((name) => set.readMany([name])));
    expect(most).toBe(2);
    expect(order).toEqual(names);
  });

  it('spaces calls to the rate', async () => {
    let nowMs = 1000;
    const sleep = (ms: number): Promise<void> => {
      nowMs += ms;
      return Promise.resolve();
    };
    const set = limit(mapSet(), { concurrency: 1, perSecond: 10, clock: { nowMs: () => nowMs }, sleep });
    for (let i = 0; i < 11; i++) await set.readMany([]);
    expect(nowMs).toBe(2000);
  });

  it('refuses calls beyond its queue, and forgets calls that are canceled', async () => {
    let finish = (): void => {};
    const blocked = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const set = limit(
      { ...forward(mapSet()), query: () => blocked.then(() => []) },
      { concurrency: 1, perSecond: null, maxWaiting: 1 },
    );
    const controller = new AbortController();
    const first = set.query([]);
    const waiting = set.query([], controller.signal);
    await expect(set.query([])).rejects.toMatchObject({ code: 'locked' });
    controller.abort(new Failure('canceled', 'enough'));
    await expect(waiting).rejects.toMatchObject({ code: 'canceled' });
    finish();
    await first;
    expect(await set.query([])).toEqual([]);
  });

  it('passes a scan through page by page', async () => {
    const inner = mapSet();
    inner.ids.add('a').add('b');
    let pages = 0;
    for await (const page of limit(inner, { concurrency: 1, perSecond: null }).scan({ pageSize: 1 }))
      pages += page.objects.length;
    expect(pages).toBe(2);
  });
});

describe('record', () => {
  it('keeps every write with its outcome', async () => {
    const journal: RecordedWrite[] = [];
    const set = record(mapSet(), journal);
    await set.write([create('a'), remove('b')]);
    expect(journal).toMatchObject([
      { write: { kind: 'create', id: 'a' }, outcome: { ok: true } },
      { write: { kind: 'delete', id: 'b' }, outcome: { ok: false, code: 'not-found' } },
    ]);
  });
});
