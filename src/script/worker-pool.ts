import { Failure } from '../base/failure.ts';
import { hostCallDepth } from './host-answers.ts';
import { Worker, type WorkerOptions } from './worker.ts';

/**
 * The processes of one session: started when there is work, stopped when there is none for a while. Usually one. A run
 * that comes out of a host call (a script wrote an object whose hooks are scripts of this very session) would wait for
 * itself, so it gets a process of its own.
 */
export class WorkerPool {
  readonly #options: WorkerOptions;
  readonly #idle: Worker[] = [];
  readonly #busy = new Set<Worker>();
  readonly #queue: (() => void)[] = [];
  #isTaken = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | null = null;
  readonly #nested = new WeakSet<Worker>();

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  async take(signal: AbortSignal | undefined): Promise<Worker> {
    const isNested = hostCallDepth() > 0;
    if (hostCallDepth() > this.#options.limits.maxDepth) throw this.#tooDeep();
    if (!isNested) await this.#turn(signal);
    try {
      this.#checkOpen(signal);
      const worker = this.#reuse() ?? (await this.#start(signal));
      this.#busy.add(worker);
      if (isNested) this.#nested.add(worker);
      return worker;
    } catch (thrown) {
      if (!isNested) this.#pass();
      throw thrown;
    }
  }

  release(worker: Worker): void {
    this.#busy.delete(worker);
    const wasNested = this.#nested.delete(worker);
    if (worker.isUsable && !this.#isClosed) this.#idle.push(worker);
    else worker.kill();
    this.#timer ??= setTimeout(() => this.#rest(), this.#options.limits.idleMs).unref();
    this.#timer.refresh();
    if (!wasNested) this.#pass();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const worker of [...this.#idle, ...this.#busy]) worker.kill();
    this.#idle.length = 0;
    while (this.#queue.length > 0) this.#queue.shift()!();
    return Promise.resolve();
  }

  async #start(signal: AbortSignal | undefined): Promise<Worker> {
    const worker = await Worker.start(this.#options);
    try {
      this.#checkOpen(signal);
    } catch (thrown) {
      worker.kill();
      throw thrown;
    }
    return worker;
  }

  #reuse(): Worker | undefined {
    let worker = this.#idle.pop();
    while (worker !== undefined && !worker.isUsable) worker = this.#idle.pop();
    return worker;
  }

  #rest(): void {
    for (const worker of this.#idle.splice(0)) worker.kill();
  }

  /** Ordinary runs take turns. */
  async #turn(signal: AbortSignal | undefined): Promise<void> {
    this.#checkOpen(signal);
    if (!this.#isTaken) {
      this.#isTaken = true;
      return;
    }
    await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #pass(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }

  #checkOpen(signal: AbortSignal | undefined): void {
    const { name } = this.#options.spec;
    if (this.#isClosed) throw new Failure('canceled', `the scripts of "${name}" are closed`);
    if (signal?.aborted) throw new Failure('canceled', `the scripts of "${name}" were stopped`);
  }

  #tooDeep(): Failure {
    const { spec, limits } = this.#options;
    return new Failure(
      'script',
      `scripts call each other more than ${limits.maxDepth} deep, last "${spec.name}": a loop?`,
    );
  }
}
