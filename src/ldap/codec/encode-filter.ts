import { contextConstructed, contextPrimitive } from '../ber/ber-tag.ts';
import type { BerWriter } from '../ber/ber-writer.ts';
import { Failure } from '../../base/failure.ts';
import { MAX_FILTER_DEPTH, type ExtensibleFilter, type Filter, type SubstringsFilter } from '../filter/filter.ts';

const COMPARISON_TAGS = { equal: 3, greaterOrEqual: 5, lessOrEqual: 6, approximate: 8 } as const;

/** Writes a filter (RFC 4511 §4.5.1.7). Throws `Failure('bad-request')` where it is nested too deeply or has nothing to compare. */
export function encodeFilter(writer: BerWriter, filter: Filter, depth = 0): void {
  if (depth > MAX_FILTER_DEPTH) throw new Failure('bad-request', `a filter is nested deeper than ${MAX_FILTER_DEPTH}`);
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const start = writer.open(contextConstructed(filter.kind === 'and' ? 0 : 1));
      for (const part of filter.filters) encodeFilter(writer, part, depth + 1);
      return writer.close(start);
    }
    case 'not': {
      const start = writer.open(contextConstructed(2));
      encodeFilter(writer, filter.filter, depth + 1);
      return writer.close(start);
    }
    case 'present':
      return writer.octets(filter.attribute, contextPrimitive(7));
    case 'substrings':
      return encodeSubstrings(writer, filter);
    case 'extensible':
      return encodeExtensible(writer, filter);
    default: {
      const start = writer.open(contextConstructed(COMPARISON_TAGS[filter.kind]));
      writer.octets(filter.attribute);
      writer.octets(filter.value);
      return writer.close(start);
    }
  }
}

function encodeSubstrings(writer: BerWriter, { attribute, initial, any, final }: SubstringsFilter): void {
  if (initial === null && any.length === 0 && final === null)
    throw new Failure('bad-request', `the filter for parts of ${attribute} has no part`);
  const start = writer.open(contextConstructed(4));
  writer.octets(attribute);
  const parts = writer.open();
  if (initial !== null) writer.octets(initial, contextPrimitive(0));
  for (const part of any) writer.octets(part, contextPrimitive(1));
  if (final !== null) writer.octets(final, contextPrimitive(2));
  writer.close(parts);
  writer.close(start);
}

function encodeExtensible(writer: BerWriter, { attribute, rule, isDnIncluded, value }: ExtensibleFilter): void {
  if (attribute === null && rule === null)
    throw new Failure('bad-request', 'an extensible filter has neither attribute nor matching rule');
  const start = writer.open(contextConstructed(9));
  if (rule !== null) writer.octets(rule, contextPrimitive(1));
  if (attribute !== null) writer.octets(attribute, contextPrimitive(2));
  writer.octets(value, contextPrimitive(3));
  if (isDnIncluded) writer.boolean(true, contextPrimitive(4));
  writer.close(start);
}
