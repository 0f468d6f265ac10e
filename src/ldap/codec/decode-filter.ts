import { berFault } from '../ber/ber-fault.ts';
import type { BerReader } from '../ber/ber-reader.ts';
import { contextConstructed, contextPrimitive } from '../ber/ber-tag.ts';
import { MAX_FILTER_DEPTH, type Filter } from '../filter/filter.ts';
import type { LdapValue } from './message.ts';
import { textOrBytes } from './text-or-bytes.ts';

const COMPARISONS = { 0xa3: 'equal', 0xa5: 'greaterOrEqual', 0xa6: 'lessOrEqual', 0xa8: 'approximate' } as const;

/** Reads a filter (RFC 4511 §4.5.1.7). Throws `LdapFailure('protocol')` for what is none, or is nested too deeply. */
export function decodeFilter(reader: BerReader, depth = 0): Filter {
  if (depth > MAX_FILTER_DEPTH) throw berFault('a filter that is nested too deeply', reader.position);
  const tag = reader.peekTag();
  switch (tag) {
    case contextConstructed(0):
      return { kind: 'and', filters: decodeFilters(reader, tag, depth) };
    case contextConstructed(1):
      return { kind: 'or', filters: decodeFilters(reader, tag, depth) };
    case contextConstructed(2): {
      const outer = reader.enter(tag);
      const filter = decodeFilter(reader, depth + 1);
      reader.leave(outer);
      return { kind: 'not', filter };
    }
    case contextPrimitive(7):
      return { kind: 'present', attribute: reader.text(tag) };
    case contextConstructed(4):
      return decodeSubstrings(reader);
    case contextConstructed(9):
      return decodeExtensible(reader);
    default:
      return decodeComparison(reader, tag);
  }
}

function decodeFilters(reader: BerReader, tag: number, depth: number): readonly Filter[] {
  const outer = reader.enter(tag);
  const filters: Filter[] = [];
  while (!reader.isAtEnd) filters.push(decodeFilter(reader, depth + 1));
  reader.leave(outer);
  return filters;
}

function decodeComparison(reader: BerReader, tag: number): Filter {
  const kind = COMPARISONS[tag as keyof typeof COMPARISONS];
  if (kind === undefined) throw berFault('a filter of an unknown kind', reader.position);
  const outer = reader.enter(tag);
  const attribute = reader.text();
  const value = textOrBytes(reader.octets());
  reader.leave(outer);
  return { kind, attribute, value };
}

function decodeSubstrings(reader: BerReader): Filter {
  const outer = reader.enter(contextConstructed(4));
  const attribute = reader.text();
  const inner = reader.enter();
  let initial: LdapValue | null = null;
  let final: LdapValue | null = null;
  const any: LdapValue[] = [];
  while (!reader.isAtEnd) {
    const tag = reader.peekTag();
    const value = textOrBytes(reader.octets(tag));
    if (tag === contextPrimitive(0)) initial = value;
    else if (tag === contextPrimitive(1)) any.push(value);
    else if (tag === contextPrimitive(2)) final = value;
    else throw berFault('a part of a value of an unknown kind', reader.position);
  }
  reader.leave(inner);
  reader.leave(outer);
  return { kind: 'substrings', attribute, initial, any, final };
}

function decodeExtensible(reader: BerReader): Filter {
  const outer = reader.enter(contextConstructed(9));
  const rule = reader.peekTag() === contextPrimitive(1) ? reader.text(contextPrimitive(1)) : null;
  const attribute = reader.peekTag() === contextPrimitive(2) ? reader.text(contextPrimitive(2)) : null;
  const value = textOrBytes(reader.octets(contextPrimitive(3)));
  const isDnIncluded = reader.peekTag() === contextPrimitive(4) && reader.boolean(contextPrimitive(4));
  reader.leave(outer);
  return { kind: 'extensible', attribute, rule, isDnIncluded, value };
}
