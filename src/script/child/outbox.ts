import type { Json } from '../../base/json.ts';
import type { ScriptFault } from '../../mapping/script-host.ts';
import type { Channel } from './channel.ts';

const FLUSH_LENGTH = 65_536;
const FLUSH_MS = 10;

/** Collects results and log messages, and sends them in the order in which they came about. */
export class Outbox {
  readonly #channel: Channel;
  #results: string[] = [];
  #logs: string[] = [];
  #length = 0;
  #lastFlush = performance.now();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  result(index: number, valueText: string): void {
    this.#add(this.#results, `[${index},${valueText}]`);
  }

  fault(index: number, fault: ScriptFault, slot: number | null): void {
    const value: Json = null;
    this.#add(this.#results, JSON.stringify([index, value, fault, slot]));
  }

  log(text: string): void {
    this.#add(this.#logs, text);
    if (this.#length >= FLUSH_LENGTH) this.flush();
  }

  /** Between two items. */
  flushIfDue(): void {
    if (this.#length >= FLUSH_LENGTH || performance.now() - this.#lastFlush > FLUSH_MS) this.flush();
  }

  flush(): void {
    const logs = this.#logs;
    const results = this.#results;
    this.#logs = [];
    this.#results = [];
    this.#length = 0;
    if (logs.length > 0) this.#channel.write('L', `[${logs.join(',')}]`);
    if (results.length > 0) this.#channel.write('R', `[${results.join(',')}]`);
    this.#lastFlush = performance.now();
  }

  #add(list: string[], text: string): void {
    list.push(text);
    this.#length += text.length;
  }
}
