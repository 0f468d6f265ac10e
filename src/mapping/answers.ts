import type { JsonObject } from '../base/json.ts';
import type { Slot } from './program-payload.ts';
import type { AskPlan } from './ask-ahead.ts';
import type { AskResult } from './stages.ts';

/** Thrown where a script's value is wanted that was not obtained: the object then goes through the script host. */
export class NotAsked extends Error {
  override readonly name = 'NotAsked';
}

/** Values of scripts, obtained ahead, by source object and link qualifier. They are forgotten with the source object. */
export class Answers {
  readonly #positions: ReadonlyMap<Slot, number>;
  readonly #kept = new WeakMap<JsonObject, Kept>();
  #present: AskResult | null = null;

  constructor({ asks }: AskPlan) {
    this.#positions = new Map(asks.map(({ slot }, position) => [slot, position]));
  }

  has(source: JsonObject, linkQualifier: string): boolean {
    return this.#find(source, linkQualifier) !== null;
  }

  keep(source: JsonObject, linkQualifier: string, result: AskResult): void {
    this.#kept.set(source, { linkQualifier, result, next: this.#kept.get(source) ?? null });
  }

  /** From now on `valueOf` speaks of this object. False: nothing was kept for it. */
  turnTo(source: JsonObject, linkQualifier: string): boolean {
    this.#present = this.#find(source, linkQualifier);
    return this.#present !== null;
  }

  valueOf(slot: Slot): AskResult['values'][number] {
    const position = this.#positions.get(slot);
    if (this.#present === null || position === undefined || this.#present.without?.includes(position) === true)
      throw new NotAsked();
    return this.#present.values[position]!;
  }

  #find(source: JsonObject, linkQualifier: string): AskResult | null {
    let kept = this.#kept.get(source) ?? null;
    while (kept !== null && kept.linkQualifier !== linkQualifier) kept = kept.next;
    return kept?.result ?? null;
  }
}

/** Most objects have one link qualifier; the others a short list. */
interface Kept {
  readonly linkQualifier: string;
  readonly result: AskResult;
  readonly next: Kept | null;
}
