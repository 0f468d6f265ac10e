import { Failure } from '../../base/failure.ts';
import type { LdapValue } from '../codec/message.ts';
import { textOrBytes } from '../codec/text-or-bytes.ts';
import { MAX_FILTER_DEPTH, type Filter } from './filter.ts';

const ATTRIBUTE = /^(?:[A-Za-z][\w-]*|\d+(?:\.\d+)*)(?:;[\w=*-]+)*$/;
const RULE = /^(?:[A-Za-z][\w-]*|\d+(?:\.\d+)*)$/;
const ESCAPE = /^[0-9A-Fa-f]{2}$/;
const MAX_LENGTH = 1024 * 1024;

/**
 * Reads a filter in text form (RFC 4515, with RFC 4526's `(&)` and `(|)`). Two things are taken that the RFC does not have, since
 * configurations have them: blanks between the parts of a filter, and a single comparison without parentheses.
 * Throws `Failure('bad-request')` with the place.
 */
export function parseFilter(text: string): Filter {
  if (text.length > MAX_LENGTH) throw new Failure('bad-request', `a filter of ${text.length} characters is too long`);
  const parser = new FilterParser(text);
  return parser.whole();
}

class FilterParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Filter {
    this.#blanks();
    const filter = this.#text[this.#at] === '(' ? this.#filter(0) : this.#comparison(this.#text.length);
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#fault('something behind the filter');
    return filter;
  }

  #filter(depth: number): Filter {
    if (depth > MAX_FILTER_DEPTH) throw this.#fault(`more than ${MAX_FILTER_DEPTH} levels`);
    this.#take('(');
    this.#blanks();
    const filter = this.#inner(depth);
    this.#take(')');
    return filter;
  }

  #inner(depth: number): Filter {
    switch (this.#text[this.#at]) {
      case '&':
        return { kind: 'and', filters: this.#list(depth) };
      case '|':
        return { kind: 'or', filters: this.#list(depth) };
      case '!': {
        this.#at++;
        this.#blanks();
        const filter = this.#filter(depth + 1);
        this.#blanks();
        return { kind: 'not', filter };
      }
      default: {
        const end = this.#text.indexOf(')', this.#at);
        if (end < 0) throw this.#fault('no closing parenthesis');
        return this.#comparison(end);
      }
    }
  }

  #list(depth: number): readonly Filter[] {
    this.#at++;
    const filters: Filter[] = [];
    while (true) {
      this.#blanks();
      if (this.#text[this.#at] !== '(') return filters;
      filters.push(this.#filter(depth + 1));
    }
  }

  /** A comparison that reaches to `end`. */
  #comparison(end: number): Filter {
    const equals = this.#text.indexOf('=', this.#at);
    if (equals < 0 || equals >= end) throw this.#fault('no = in a comparison');
    const before = this.#text[equals - 1]!;
    const isTwoSigns = '<>~:'.includes(before) && equals > this.#at;
    const left = this.#text.slice(this.#at, isTwoSigns ? equals - 1 : equals).trim();
    const filter = this.#compared(left, isTwoSigns ? before : '=', equals + 1, end);
    this.#at = end;
    return filter;
  }

  #compared(left: string, sign: string, start: number, end: number): Filter {
    if (sign === ':') return this.#extensible(left, this.#value(start, end));
    const attribute = this.#name(left, ATTRIBUTE, 'an attribute');
    const raw = this.#text.slice(start, end);
    switch (sign) {
      case '>':
        return { kind: 'greaterOrEqual', attribute, value: this.#value(start, end) };
      case '<':
        return { kind: 'lessOrEqual', attribute, value: this.#value(start, end) };
      case '~':
        return { kind: 'approximate', attribute, value: this.#value(start, end) };
      default:
        if (raw === '*') return { kind: 'present', attribute };
        if (raw.includes('*')) return this.#substrings(attribute, start, end);
        return { kind: 'equal', attribute, value: this.#value(start, end) };
    }
  }

  #substrings(attribute: string, start: number, end: number): Filter {
    const parts: LdapValue[] = [];
    for (let at = start; at <= end;) {
      const star = this.#text.indexOf('*', at);
      const partEnd = star < 0 || star > end ? end : star;
      parts.push(this.#value(at, partEnd, true));
      at = partEnd + 1;
    }
    const isGiven = (part: LdapValue): boolean => part.length > 0;
    const initial = parts[0]!;
    const final = parts.at(-1)!;
    const any = parts.slice(1, -1).filter(isGiven);
    const isAny = any.length === 0 && !isGiven(initial) && !isGiven(final);
    if (isAny) return { kind: 'present', attribute };
    return {
      kind: 'substrings',
      attribute,
      initial: isGiven(initial) ? initial : null,
      any,
      final: isGiven(final) ? final : null,
    };
  }

  /** `attribute:dn:rule:=value`; `left` is what stands before the last colon. */
  #extensible(left: string, value: LdapValue): Filter {
    const [first = '', ...others] = left.split(':');
    const isDnIncluded = others[0]?.toLowerCase() === 'dn';
    const rules = isDnIncluded ? others.slice(1) : others;
    if (rules.length > 1 || (first === '' && rules.length === 0)) throw this.#fault('an extensible match that is none');
    const attribute = first === '' ? null : this.#name(first, ATTRIBUTE, 'an attribute');
    const rule = rules.length === 0 ? null : this.#name(rules[0]!, RULE, 'a matching rule');
    return { kind: 'extensible', attribute, rule, isDnIncluded, value };
  }

  #name(text: string, pattern: RegExp, what: string): string {
    if (!pattern.test(text)) throw this.#fault(`"${text}" instead of the name of ${what}`);
    return text;
  }

  /** A value, its escapes (`\2a`) undone. */
  #value(start: number, end: number, isPart = false): LdapValue {
    const raw = this.#text.slice(start, end);
    const bad = isPart ? raw.search(/[()\0]/) : raw.search(/[()*\0]/);
    if (bad >= 0) throw this.#fault(`an unescaped ${shown(raw[bad]!)} in a value`, start + bad);
    if (!raw.includes('\\')) return raw;
    const pieces = raw.split('\\');
    const bytes = [Buffer.from(pieces[0]!)];
    for (const piece of pieces.slice(1)) {
      const code = piece.slice(0, 2);
      if (!ESCAPE.test(code))
        throw this.#fault(String.raw`a \ that is not followed by two hexadecimal digits (write \5c)`, start);
      bytes.push(Buffer.from([Number.parseInt(code, 16)]), Buffer.from(piece.slice(2)));
    }
    return textOrBytes(Buffer.concat(bytes));
  }

  #take(sign: string): void {
    if (this.#text[this.#at] !== sign) throw this.#fault(`no ${sign}`);
    this.#at++;
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #fault(what: string, at = this.#at): Failure {
    const text = this.#text.length > 200 ? `${this.#text.slice(0, 200)}…` : this.#text;
    return new Failure('bad-request', `the LDAP filter ${text} is not valid: ${what} at character ${at + 1}`);
  }
}

function shown(character: string): string {
  const code = character.codePointAt(0)!.toString(16).padStart(2, '0');
  return `${character === '\0' ? 'NUL' : character} (write \\${code})`;
}
