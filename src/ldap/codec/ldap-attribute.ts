import { Failure } from '../../base/failure.ts';
import { lengthSize, readLength } from '../ber/ber-length.ts';
import type { AttributeDescription } from './attribute-description.ts';
import { strictText } from './value-text.ts';

/**
 * An attribute of an entry: a view of the message that it came in. Whether its values are text or bytes is for the caller to
 * know (from the schema or the configuration); nothing is guessed.
 *
 * What is kept of it keeps the piece of network data that it stands in (64 KiB, or the whole message where that is larger), except
 * for texts and `copyEntry`.
 */
export class LdapAttribute {
  readonly description: AttributeDescription;
  /** How many values. Zero where only names were asked for, or where DirSync tells that the attribute was cleared. */
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;

  /** `start` to `end`: the contents of the set of values, whose elements were checked already. */
  constructor(description: AttributeDescription, bytes: Buffer, start: number, end: number, count: number) {
    this.description = description;
    this.count = count;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** As the server spelled it, options included. */
  get name(): string {
    return this.description.text;
  }

  /** All values, as views. */
  values(): Buffer[] {
    const values: Buffer[] = [];
    this.#each((start, end) => values.push(this.#bytes.subarray(start, end)));
    return values;
  }

  /** The first value, or null. */
  value(): Buffer | null {
    return this.count === 0 ? null : this.values()[0]!;
  }

  /** All values as text. Throws `Failure('invalid-data')` where one is not UTF-8. */
  texts(): string[] {
    const texts: string[] = [];
    this.#each((start, end) => texts.push(this.#text(start, end)));
    return texts;
  }

  /** The first value as text, or null where there is none. Throws as `texts` does. */
  text(): string | null {
    if (this.count === 0) return null;
    const start = this.#start + 1;
    const first = start + lengthSize(this.#bytes, start);
    return this.#text(first, first + readLength(this.#bytes, start, this.#end));
  }

  #text(start: number, end: number): string {
    const text = strictText(this.#bytes, start, end);
    if (text === null) throw new Failure('invalid-data', `attribute ${this.name} has a value that is not UTF-8 text`);
    return text;
  }

  #each(visit: (start: number, end: number) => void): void {
    let at = this.#start + 1;
    for (let left = this.count; left > 0; left--) {
      const start = at + lengthSize(this.#bytes, at);
      const end = start + readLength(this.#bytes, at, this.#end);
      visit(start, end);
      at = end + 1;
    }
  }
}
