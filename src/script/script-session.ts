import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { HostCallHandler, ItemResult, ScriptFault, ScriptMode, ScriptSession } from '../mapping/script-host.ts';
import { MAX_VALUE_LENGTH } from './frames.ts';
import type { Chunk, WorkEnd, WorkerOptions } from './worker.ts';
import { WorkerPool } from './worker-pool.ts';

const CHUNK_LENGTH = 128 * 1024;
const MAX_ATTEMPTS = 2;

/**
 * Runs batches so that one object's script cannot take the others with it. A process that dies is replaced; what it had
 * finished is kept. The first death only narrows the suspicion (finished results may have died with it), so the rest is
 * gone through carefully, one result at a time; an object under which the process dies twice is at fault, and so is one
 * that had already written something, which must not happen twice.
 */
export class Session implements ScriptSession {
  readonly #options: WorkerOptions;
  readonly #pool: WorkerPool;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#pool = new WorkerPool(options);
  }

  async run(
    stage: string,
    items: readonly Json[],
    mode: ScriptMode,
    signal?: AbortSignal,
    answer: HostCallHandler = this.#options.spec.answer,
  ): Promise<readonly ItemResult[]> {
    const run: Run = { stage, mode, items, answer, results: Array.from({ length: items.length }), careful: false };
    const suspicion = { index: -1, attempts: 0 };
    let restarts = 0;
    while (firstMissing(run.results) < items.length) {
      const end = await this.#workOn(run, signal);
      if (end.kind === 'done' || end.kind === 'worn') continue;
      if (end.kind === 'canceled')
        throw new Failure('canceled', `the scripts of "${this.#options.spec.name}" were stopped`);
      if (++restarts > this.#options.limits.maxRestarts) this.#giveUp(run, end);
      else this.#blame(run, end, suspicion);
    }
    return run.results as ItemResult[];
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #workOn(run: Run, signal: AbortSignal | undefined): Promise<WorkEnd> {
    const worker = await this.#pool.take(signal);
    const stop = (): void => worker.kill();
    signal?.addEventListener('abort', stop);
    try {
      return await worker.work({
        stage: run.stage,
        mode: run.mode,
        careful: run.careful,
        answer: run.answer,
        nextChunk: chunker(run, this.#options.spec.name),
        onResult: (index, result) => (run.results[index] ??= result),
      });
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#pool.release(worker);
    }
  }

  #blame(run: Run, end: Death, suspicion: { index: number; attempts: number }): void {
    const index = firstMissing(run.results);
    if (index >= run.items.length) return;
    suspicion.attempts = suspicion.index === index ? suspicion.attempts + 1 : 1;
    suspicion.index = index;
    const isProven = end.writer === index || (run.careful && suspicion.attempts >= MAX_ATTEMPTS);
    if (isProven) run.results[index] = { ok: false, fault: this.#fault(end) };
    run.careful = true;
  }

  #giveUp(run: Run, end: Death): void {
    const fault = this.#fault(end);
    const message = `not tried: the script process ended ${this.#options.limits.maxRestarts} times in this batch; the last time a script ${fault.message}`;
    run.results.forEach((result, i) => {
      if (result === undefined) run.results[i] = { ok: false, fault: { ...fault, message } };
    });
  }

  #fault({ kind, message, slot }: Death): ScriptFault {
    const { spec } = this.#options;
    const script = slot === null ? undefined : spec.scripts[slot];
    return {
      kind: kind === 'ended' ? 'thrown' : kind,
      place: script?.label ?? spec.name,
      file: script?.file ?? null,
      line: null,
      column: null,
      message,
    };
  }
}

type Death = Extract<WorkEnd, { readonly writer: number | null }>;

interface Run {
  readonly stage: string;
  readonly mode: ScriptMode;
  readonly items: readonly Json[];
  readonly answer: HostCallHandler;
  readonly results: (ItemResult | undefined)[];
  careful: boolean;
}

function firstMissing(results: readonly (ItemResult | undefined)[]): number {
  const index = results.indexOf(undefined);
  return index < 0 ? results.length : index;
}

/** Cuts what is still to do into chunks of neighbouring items. */
function chunker(run: Run, name: string): () => Chunk | null {
  let next = firstMissing(run.results);
  return () => {
    const texts: string[] = [];
    let first = next;
    for (let length = 0; next < run.items.length && length < CHUNK_LENGTH; next++) {
      const text = run.results[next] === undefined ? textOf(run, next, name) : null;
      if (text === null && texts.length > 0) break;
      if (text === null) first = next + 1;
      else {
        texts.push(text);
        length += text.length;
      }
    }
    return texts.length === 0 ? null : { first, count: texts.length, texts };
  };
}

/** Null, with a fault as its result, for an item that is too large to be handed over. */
function textOf(run: Run, index: number, name: string): string | null {
  const text = JSON.stringify(run.items[index]);
  if (text.length <= MAX_VALUE_LENGTH) return text;
  const message = `the object is larger than ${MAX_VALUE_LENGTH / 1024 / 1024} million characters, too large for scripts`;
  const fault: ScriptFault = { kind: 'memory', place: name, file: null, line: null, column: null, message };
  run.results[index] = { ok: false, fault };
  return null;
}
