import { setOwn, type Json, type JsonObject } from '../../base/json.ts';
import { readString, type TextFault } from './json-string.ts';

export const MAX_DEPTH = 500;
const MAX_FAULTS = 50;

/** Where a value stands in the text, and where the values inside it stand. */
export interface Place {
  readonly at: number;
  /** Where its key stands; where it stands itself, if it has none. */
  readonly keyAt?: number;
  readonly members?: Map<string, Place>;
  readonly items?: Place[];
}

export interface ParsedText {
  /** Undefined when the text could not be made sense of to its end. */
  readonly value: Json | undefined;
  readonly place: Place | null;
  readonly faults: readonly TextFault[];
}

/**
 * Parses JSON for people: a fault that has an obvious reading (trailing comma, comment, single quotes) is reported and
 * read that way, so that one fault does not hide the next.
 */
export function parseJson(text: string): ParsedText {
  const parser = new Parser(text);
  try {
    const [value, place] = parser.document();
    return { value, place, faults: parser.faults };
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown;
    return { value: undefined, place: null, faults: parser.faults };
  }
}

/** The rest of the text cannot be understood; its fault is already noted. */
class Unreadable extends Error {}

type Parsed = [Json, Place];

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[^\s,:[\]{}"']+/y;
const NAMES: Readonly<Record<string, Json>> = { true: true, false: false, null: null };
const NEAR_NAMES: Readonly<Record<string, Json>> = {
  True: true,
  TRUE: true,
  False: false,
  FALSE: false,
  None: null,
  Null: null,
  NULL: null,
  nil: null,
  undefined: null,
};

class Parser {
  readonly faults: TextFault[] = [];
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Parsed {
    this.#skip();
    if (this.#at >= this.#text.length) this.#stop(0, 'the file is empty', 'An empty configuration is written {}.');
    const parsed = this.#value();
    this.#skip();
    if (this.#at < this.#text.length)
      this.#fault(
        this.#at,
        `nothing may follow the end of the value, found ${this.#found()}`,
        'Is a brace one too many?',
      );
    return parsed;
  }

  #value(): Parsed {
    this.#skip();
    const at = this.#at;
    const c = this.#text[at];
    if (c === '{') return this.#nested(() => this.#object());
    if (c === '[') return this.#nested(() => this.#array());
    if (c === '"' || c === "'") return [this.#string(), { at }];
    if (c === undefined) this.#stop(at, 'expected a value, found the end of the file', 'Something is not closed.');
    if (c === ',' || c === '}' || c === ']') {
      this.#fault(at, `expected a value, found ${this.#found()}`);
      return [null, { at }];
    }
    if (c === ':') {
      this.#fault(at, "expected a value, found ':'", 'Remove the second colon.');
      this.#at++;
      return this.#value();
    }
    return [this.#scalar(), { at }];
  }

  #nested(parse: () => Parsed): Parsed {
    if (++this.#depth > MAX_DEPTH) this.#stop(this.#at, `values are nested more than ${MAX_DEPTH} levels deep`);
    const parsed = parse();
    this.#depth--;
    return parsed;
  }

  #object(): Parsed {
    const at = this.#at++;
    const value: JsonObject = {};
    const members = new Map<string, Place>();
    while (!this.#closes('}', at, members.size > 0)) {
      const keyAt = this.#at;
      const key = this.#key();
      this.#colon(key);
      const [member, place] = this.#value();
      if (members.has(key))
        this.#fault(keyAt, `the key "${key}" is here twice; the last one counts`, 'Remove one of the two.', 'warning');
      setOwn(value, key, member);
      members.set(key, { ...place, keyAt });
      this.#separator('}');
    }
    return [value, { at, members }];
  }

  #array(): Parsed {
    const at = this.#at++;
    const value: Json[] = [];
    const items: Place[] = [];
    while (!this.#closes(']', at, items.length > 0)) {
      const [item, place] = this.#value();
      value.push(item);
      items.push(place);
      this.#separator(']');
    }
    return [value, { at, items }];
  }

  /** Consumes the closing bracket, and any comma that has no business before it. */
  #closes(bracket: '}' | ']', openedAt: number, isFilled: boolean): boolean {
    this.#skip();
    while (this.#text[this.#at] === ',') {
      this.#fault(this.#at++, 'a comma without a value before it', isFilled ? 'Remove one comma.' : 'Remove it.');
      this.#skip();
    }
    const c = this.#text[this.#at];
    if (c === bracket) {
      this.#at++;
      return true;
    }
    if (c === undefined) this.#stop(openedAt, `this ${bracket === '}' ? '{' : '['} is never closed`, `Add ${bracket}.`);
    if (c === '}' || c === ']')
      this.#stop(this.#at, `expected ${bracket}, found ${c}`, 'Brackets must close in order.');
    return false;
  }

  #separator(bracket: '}' | ']'): void {
    this.#skip();
    const at = this.#at;
    const c = this.#text[at];
    if (c === ',') {
      this.#at++;
      this.#skip();
      if (this.#text[this.#at] === bracket)
        this.#fault(at, `a comma before ${bracket}`, 'JSON has no trailing commas: remove it.');
    } else if (c !== undefined && c !== '}' && c !== ']')
      this.#fault(at, `expected a comma or ${bracket}, found ${this.#found()}`, 'Add the missing comma.');
  }

  #key(): string {
    const c = this.#text[this.#at];
    if (c === '"' || c === "'") return this.#string();
    const word = this.#match(WORD);
    if (word === null) this.#stop(this.#at, `expected a key in double quotes, found ${this.#found()}`);
    this.#fault(this.#at - word.length, `the key ${word} is not in double quotes`, `Write "${word}".`);
    return word;
  }

  #colon(key: string): void {
    this.#skip();
    const c = this.#text[this.#at];
    if (c === ':') this.#at++;
    else {
      this.#fault(this.#at, `expected ':' after the key "${key}", found ${this.#found()}`);
      if (c === '=') this.#at++;
    }
  }

  #scalar(): Json {
    const at = this.#at;
    const number = this.#match(NUMBER);
    const rest = this.#match(WORD);
    if (number !== null && rest === null) return this.#number(at, number);
    const word = (number ?? '') + (rest ?? '');
    if (Object.hasOwn(NAMES, word)) return NAMES[word]!;
    if (Object.hasOwn(NEAR_NAMES, word)) {
      this.#fault(at, `${word} is not JSON`, `Write ${String(NEAR_NAMES[word])}.`);
      return NEAR_NAMES[word]!;
    }
    const isNumeric = /^[+-]?[\d.]/.test(word) && Number.isFinite(Number(word));
    const hint = isNumeric ? `Write ${Number(word)}, or put text in double quotes.` : 'Put text in double quotes.';
    this.#fault(at, `expected a value, found ${quote(word)}`, hint);
    return isNumeric ? Number(word) : word;
  }

  #number(at: number, digits: string): number {
    const value = Number(digits);
    if (Number.isFinite(value)) return value;
    this.#fault(at, 'the number is too large', 'Write it as text in double quotes.');
    return 0;
  }

  #string(): string {
    const read = readString(this.#text, this.#at, (fault) => this.#note(fault));
    if (read === null) this.#stop(this.#at, 'the text that begins here never ends', 'Add the missing double quote.');
    this.#at = read.end;
    return read.value;
  }

  /** White space, and what people take for it. */
  #skip(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) this.#at++;
      else if (c === 0xa0 || c === 0xfeff)
        this.#fault(this.#at++, 'an invisible character (no-break space)', 'Delete it.');
      else if (c === 0x23 || c === 0x2f) {
        if (!this.#comment()) return;
      } else return;
    }
  }

  #comment(): boolean {
    const at = this.#at;
    const isBlock = this.#text.startsWith('/*', at);
    if (!isBlock && !this.#text.startsWith('//', at) && this.#text[at] !== '#') return false;
    const end = this.#text.indexOf(isBlock ? '*/' : '\n', at);
    if (isBlock && end < 0) this.#stop(at, 'the comment that begins here never ends');
    this.#fault(at, 'JSON has no comments', 'Remove it, or use a "comment" key where one is known.');
    this.#at = end < 0 ? this.#text.length : end + (isBlock ? 2 : 1);
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  #found(): string {
    const c = this.#text.codePointAt(this.#at);
    return c === undefined ? 'the end of the file' : quote(String.fromCodePoint(c));
  }

  #fault(at: number, message: string, hint?: string, severity: TextFault['severity'] = 'error'): void {
    this.#note({ at, severity, message, ...(hint === undefined ? {} : { hint }) });
  }

  #note(fault: TextFault): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(fault);
    else throw new Unreadable();
  }

  #stop(at: number, message: string, hint?: string): never {
    this.#fault(at, message, hint);
    throw new Unreadable();
  }
}

function quote(text: string): string {
  const short = text.length > 30 ? `${text.slice(0, 30)}…` : text;
  return /^[\x21-\x7e]+$/.test(short) ? `'${short}'` : JSON.stringify(short);
}
