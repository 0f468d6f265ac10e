import { setTimeout as sleepFor } from 'node:timers/promises';
import { Failure, type FailureCode } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { ObjectSet, ObjectWrite, ScanPage, ScanRequest, WriteOutcome } from '../model/object-set.ts';
import { forward } from './forward.ts';

export interface RetryOptions {
  /** Attempts beyond the first. */
  readonly retries: number;
  /** Before the first retry; doubles with each. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** 0 to 1: spreads the retries of several clients. */
  readonly random?: () => number;
}

export const DEFAULT_RETRY: RetryOptions = { retries: 4, delayMs: 200, maxDelayMs: 10_000 };

/** The other side refused before it did anything, so even a create may be sent again. */
const NOTHING_HAPPENED: ReadonlySet<FailureCode> = new Set<FailureCode>(['locked', 'conflict', 'incomplete-read']);
/** Codes of a single outcome after which the same write may succeed. */
const PASSING: ReadonlySet<FailureCode> = new Set<FailureCode>(['locked', 'unreachable', 'timeout']);

/**
 * Tries again what failed for a reason that may pass. A scan continues after its last page. A create whose fate is
 * unknown (the connection broke, the answer never came) is never sent twice: it fails, and says so.
 */
export function retry(set: ObjectSet, options: RetryOptions = DEFAULT_RETRY): ObjectSet {
  const attempt = <T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> => retried(call, options, signal);
  return {
    ...forward(set),
    scan: (request) => scanAgain(set, request, options),
    readMany: (ids, signal) => attempt(() => set.readMany(ids, signal), signal),
    query: (queries, signal) => attempt(() => set.query(queries, signal), signal),
    write: (writes, signal) => writeAgain(set, writes, options, signal),
  };
}

async function retried<T>(call: () => Promise<T>, options: RetryOptions, signal?: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isRetryable(error) || attempt >= options.retries) throw error;
      await pause(attempt, options, signal);
    }
  }
}

async function* scanAgain(set: ObjectSet, request: ScanRequest, options: RetryOptions): AsyncIterable<ScanPage> {
  let after: Json | undefined = request.after;
  for (let attempt = 0; ; attempt++) {
    try {
      for await (const page of set.scan(after === undefined ? request : { ...request, after })) {
        yield page;
        after = page.cursor;
        attempt = 0;
        if (page.isLast) return;
      }
      throw new Failure('incomplete-read', `${set.path}: the scan ended without its last page`);
    } catch (error) {
      if (!isRetryable(error) || attempt >= options.retries) throw error;
      await pause(attempt, options, request.signal);
    }
  }
}

async function writeAgain(
  set: ObjectSet,
  writes: readonly ObjectWrite[],
  options: RetryOptions,
  signal?: AbortSignal,
): Promise<readonly WriteOutcome[]> {
  const outcomes: (WriteOutcome | undefined)[] = writes.map(() => undefined);
  let open = writes.map((_, i) => i);
  for (let attempt = 0; ; attempt++) {
    const isLast = attempt >= options.retries;
    open = await writeOnce(set, writes, open, outcomes, { isFirst: attempt === 0, isLast }, signal);
    if (open.length === 0) return outcomes.map((outcome) => outcome!);
    await pause(attempt, options, signal);
  }
}

/** Sends the open writes and settles what it can. Returns those that are to be sent again. */
async function writeOnce(
  set: ObjectSet,
  writes: readonly ObjectWrite[],
  open: readonly number[],
  outcomes: (WriteOutcome | undefined)[],
  { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean },
  signal?: AbortSignal,
): Promise<number[]> {
  let answers: readonly WriteOutcome[];
  let isRejected = false;
  try {
    answers = await set.write(
      open.map((i) => writes[i]!),
      signal,
    );
  } catch (error) {
    const isAllOpen = outcomes.every((outcome) => outcome === undefined);
    if (!isRetryable(error) || (isLast && isAllOpen)) throw error;
    isRejected = true;
    const { code, message, isUncertain } = error;
    answers = open.map(() => ({ ok: false, code, message, isUncertain }));
  }
  return open.filter((i, k) => {
    const write = writes[i]!;
    const answer = answers[k]!;
    const isPassing = !answer.ok && (isRejected || PASSING.has(answer.code));
    const mayRepeat = isPassing && !isLast && (write.kind !== 'create' || isNothing(answer));
    if (!mayRepeat) outcomes[i] = settled(write, answer, isPassing, isFirst);
    return mayRepeat;
  });
}

function settled(write: ObjectWrite, answer: WriteOutcome, isPassing: boolean, isFirst: boolean): WriteOutcome {
  if (answer.ok) return answer;
  // An earlier attempt, whose answer was lost, has deleted it.
  if (write.kind === 'delete' && answer.code === 'not-found' && !isFirst) return { ok: true, id: write.id, rev: null };
  if (write.kind === 'create' && isPassing && !isNothing(answer))
    return { ...answer, message: `${answer.message} (it is unknown whether the object was created)` };
  return answer;
}

/** Did the write certainly not happen? */
function isNothing({ code, isUncertain }: Extract<WriteOutcome, { readonly ok: false }>): boolean {
  return isUncertain === undefined ? NOTHING_HAPPENED.has(code) : !isUncertain;
}

function isRetryable(error: unknown): error is Failure {
  return error instanceof Failure && error.retryable;
}

async function pause(attempt: number, options: RetryOptions, signal?: AbortSignal): Promise<void> {
  const { sleep = abortableSleep, random = Math.random } = options;
  const fullMs = Math.min(options.maxDelayMs, options.delayMs * 2 ** attempt);
  await sleep(fullMs * (0.5 + random() / 2), signal);
}

async function abortableSleep(ms: number, signal?: AbortSignal): Promise<void> {
  await sleepFor(ms, undefined, signal === undefined ? {} : { signal });
}
