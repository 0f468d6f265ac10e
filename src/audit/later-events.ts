import { messageOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { AuditEvent } from '../model/audit.ts';

const MAX_WAITING = 10_000;
const MAX_BATCH = 1000;

interface LaterEventsOptions {
  readonly commit: (events: readonly AuditEvent[]) => Promise<void>;
  readonly delayMs: number;
  readonly log: Log;
}

/** Events that are committed together with others, a little later: one sync of the disk for many requests. */
export class LaterEvents {
  readonly #options: LaterEventsOptions;
  #waiting: AuditEvent[] = [];
  #timer: NodeJS.Timeout | null = null;
  #committing: Promise<void> | null = null;

  constructor(options: LaterEventsOptions) {
    this.#options = options;
  }

  /** Resolves at once, unless so many wait that the caller had better wait, too. Never rejects. */
  async add(event: AuditEvent): Promise<void> {
    this.#waiting.push(event);
    if (this.#waiting.length >= MAX_WAITING) return this.#drain();
    if (this.#timer !== null || this.#committing !== null) return;
    this.#timer = setTimeout(() => void this.#drain(), this.#options.delayMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    await this.#drain();
  }

  #drain(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#committing ??= this.#commitAll();
    return this.#committing;
  }

  async #commitAll(): Promise<void> {
    // not before `#committing` is set
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const events = this.#waiting.slice(0, MAX_BATCH);
      this.#waiting = this.#waiting.slice(MAX_BATCH);
      try {
        await this.#options.commit(events);
      } catch (error) {
        this.#options.log.write('error', `${events.length} audit events could not be stored: ${messageOf(error)}`);
      }
    }
    this.#committing = null;
  }
}
