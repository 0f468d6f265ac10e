import { realpathSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { HostCallHandler, ItemResult, ScriptMode, SessionSpec } from '../mapping/script-host.ts';
import type { Prepared } from './compile/prepare-script.ts';
import type { Frame } from './frames.ts';
import { answerCall, answerModule } from './host-answers.ts';
import type { HostLimits } from './host-limits.ts';
import { ItemClock, type Overrun } from './item-clock.ts';
import { readUsage } from './proc-stat.ts';
import {
  isWritingCall,
  type CallMessage,
  type ModuleMessage,
  type ResultMessage,
  type SlotMessage,
} from './protocol.ts';
import { itemResult } from './result.ts';
import { ScriptProcess, type ProcessEnd } from './script-process.ts';

export interface WorkerOptions {
  readonly spec: SessionSpec;
  readonly slots: readonly (Prepared | null)[];
  readonly messages: readonly SlotMessage[];
  readonly limits: HostLimits;
  readonly log: Log;
}

/** A stretch of a run for one worker: chunks of items, and where their results go. */
export interface Work {
  readonly stage: string;
  readonly mode: ScriptMode;
  readonly careful: boolean;
  readonly answer: HostCallHandler;
  /** The next chunk, or null when there are no more. */
  readonly nextChunk: () => Chunk | null;
  readonly onResult: (index: number, result: ItemResult) => void;
}

export interface Chunk {
  readonly first: number;
  readonly count: number;
  /** Each item as JSON text. */
  readonly texts: readonly string[];
}

export type WorkEnd =
  | { readonly kind: 'done' }
  /** The process asked to be replaced; nothing is wrong with any item. */
  | { readonly kind: 'worn' }
  | { readonly kind: 'canceled' }
  | {
      readonly kind: 'timeout' | 'memory' | 'ended';
      readonly message: string;
      /** The script that was running, when it is known. */
      readonly slot: number | null;
      /** The item that made a writing call and has no result. */
      readonly writer: number | null;
    };

const CHUNKS_AHEAD = 4;

interface ActiveWork {
  readonly work: Work;
  readonly resolve: (end: WorkEnd) => void;
  readonly clock: ItemClock;
  readonly timer: NodeJS.Timeout;
  /** Last index of each chunk that was sent and is not finished. */
  readonly ends: number[];
  slot: number | null;
  writer: number | null;
}

/** A script process that has opened a session. One stretch of work at a time. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #process: ScriptProcess;
  readonly #calls = new AbortController();
  #active: ActiveWork | null = null;
  #verdict: Overrun | { readonly kind: 'canceled' } | null = null;
  #isWorn = false;
  #hasEnded = false;
  #opening: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(options: WorkerOptions, programFile: string) {
    this.#options = options;
    this.#process = new ScriptProcess({
      name: options.spec.name,
      programFile,
      memoryMiB: options.spec.limits.memoryMiB,
      log: options.log,
      onFrame: (frame) => this.#receive(frame),
      onEnd: (end) => this.#end(end),
    });
  }

  /** Rejects with a `Failure` when the process or the program in it cannot be started. */
  static async start(options: WorkerOptions): Promise<Worker> {
    const { spec, limits } = options;
    if (!process.allowedNodeEnvironmentFlags.has('--permission'))
      throw new Failure(
        'unsupported',
        `scripts need Node 24; this is ${process.version}: start Lockstep with "npm start"`,
      );
    const programFile = locateProgram(spec);
    const worker = new Worker(options, programFile);
    const timer = setTimeout(() => worker.#giveUpStart(), limits.startMs);
    const childLimits = { timeoutMs: spec.limits.timeoutMs, hostCallMs: limits.hostCallMs };
    const { name, payload } = spec;
    const programUrl = pathToFileURL(programFile).href;
    worker.#process.send(
      'O',
      JSON.stringify({ name, programUrl, payload, slots: options.messages, limits: childLimits }),
    );
    try {
      await worker.#opening.promise;
    } finally {
      clearTimeout(timer);
    }
    worker.#process.holdServer(false);
    return worker;
  }

  get isUsable(): boolean {
    return !this.#hasEnded && !this.#isWorn && this.#verdict === null;
  }

  work(work: Work): Promise<WorkEnd> {
    const { promise, resolve } = Promise.withResolvers<WorkEnd>();
    const { spec, limits } = this.#options;
    const tickMs = Math.max(5, Math.min(25, spec.limits.timeoutMs / 10));
    const residentBytes = (4 * spec.limits.memoryMiB + 128) * 1024 * 1024;
    const clock = new ItemClock(
      { timeoutMs: spec.limits.timeoutMs, hostCallMs: limits.hostCallMs, residentBytes },
      tickMs,
    );
    const timer = setInterval(() => this.#tick(), tickMs);
    this.#active = { work, resolve, clock, timer, ends: [], slot: null, writer: null };
    this.#process.holdServer(true);
    this.#pump(this.#active);
    return promise;
  }

  /** Ends the process at once; the work under way ends as canceled. */
  kill(): void {
    this.#verdict ??= { kind: 'canceled' };
    this.#calls.abort();
    this.#process.kill();
  }

  #pump(active: ActiveWork): void {
    while (active.ends.length < CHUNKS_AHEAD) {
      const chunk = active.work.nextChunk();
      if (chunk === null) break;
      const { stage, mode, careful } = active.work;
      const head = JSON.stringify({ stage, mode, careful, first: chunk.first }).slice(0, -1);
      this.#process.send('B', `${head},"items":[${chunk.texts.join(',')}]}`);
      active.ends.push(chunk.first + chunk.count - 1);
    }
    if (active.ends.length === 0) this.#finish({ kind: 'done' });
  }

  #finish(end: WorkEnd): void {
    const active = this.#active;
    if (active === null) return;
    this.#active = null;
    clearInterval(active.timer);
    if (!this.#hasEnded) this.#process.holdServer(false);
    active.resolve(end);
  }

  #tick(): void {
    const active = this.#active;
    if (active === null || this.#verdict !== null) return;
    const overrun = active.clock.tick(performance.now(), readUsage(this.#process.pid));
    if (overrun === null) return;
    this.#verdict = overrun;
    this.#calls.abort();
    this.#process.kill();
  }

  #receive({ kind, text }: Frame): void {
    if (kind === 'O') this.#opening.resolve();
    else if (kind === 'F') this.#opening.reject(this.#startFailure(text));
    else if (kind === 'R') this.#results(JSON.parse(text) as ResultMessage[]);
    else if (kind === 'L') for (const one of JSON.parse(text) as CallMessage[]) void this.#answer(one);
    else if (kind === 'C') void this.#call(JSON.parse(text) as CallMessage);
    else if (kind === 'Q')
      this.#process.send('A', JSON.stringify(answerModule(this.#options.spec, JSON.parse(text) as ModuleMessage)));
    else if (kind === 'S') this.#noteSlot(Number(text));
    else if (kind === 'X') this.#isWorn = true;
    else throw new Error(`unexpected ${kind}`);
  }

  #noteSlot(slot: number): void {
    if (this.#active !== null) this.#active.slot = slot;
  }

  #results(results: readonly ResultMessage[]): void {
    const active = this.#active;
    if (active === null) return;
    active.clock.restart();
    active.slot = null;
    active.writer = null;
    for (const result of results) {
      const [index] = result;
      active.work.onResult(index, itemResult(result, this.#options.slots));
      if (index >= active.ends[0]!) active.ends.shift();
    }
    this.#pump(active);
  }

  async #call(call: CallMessage): Promise<void> {
    const active = this.#active;
    if (active === null) return;
    if (isWritingCall(call.name)) active.writer = call.item;
    active.clock.isWaitingForHost = true;
    const answer = await this.#answer(call);
    active.clock.isWaitingForHost = false;
    this.#process.send('A', answer);
  }

  #answer({ name, args, mode }: CallMessage): Promise<string> {
    const checked: readonly Json[] = Array.isArray(args) ? args : [];
    const handler = this.#active?.work.answer ?? this.#options.spec.answer;
    return answerCall(handler, { name, args: checked, mode }, this.#calls.signal);
  }

  #end(end: ProcessEnd): void {
    this.#hasEnded = true;
    this.#calls.abort();
    this.#opening.reject(this.#startFailure(end.how));
    const active = this.#active;
    if (active === null) return;
    const { slot, writer } = active;
    const verdict = this.#verdict;
    if (verdict !== null) this.#finish(verdict.kind === 'canceled' ? verdict : { ...verdict, slot, writer });
    else if (this.#isWorn) this.#finish({ kind: 'worn' });
    else if (end.outOfMemory) this.#finish({ kind: 'memory', message: this.#memoryMessage(), slot, writer });
    else this.#finish({ kind: 'ended', message: `ended the script process (${end.how})`, slot, writer });
  }

  #giveUpStart(): void {
    this.#opening.reject(this.#startFailure(`it was not ready within ${this.#options.limits.startMs} ms`));
    this.kill();
  }

  #memoryMessage(): string {
    return `took more than the ${this.#options.spec.limits.memoryMiB} MiB of memory that a script process has`;
  }

  #startFailure(why: string): Failure {
    return new Failure('internal', `the script process of "${this.#options.spec.name}" cannot be started: ${why}`);
  }
}

function locateProgram({ name, programUrl }: SessionSpec): string {
  try {
    return realpathSync(fileURLToPath(programUrl));
  } catch (thrown) {
    throw new Failure('internal', `the script process of "${name}" cannot be started: no program at ${programUrl}`, {
      cause: thrown,
    });
  }
}
