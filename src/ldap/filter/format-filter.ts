import type { LdapValue } from '../codec/message.ts';
import type { ExtensibleFilter, Filter, SubstringsFilter } from './filter.ts';

const SIGNS = { equal: '=', greaterOrEqual: '>=', lessOrEqual: '<=', approximate: '~=' } as const;
// oxlint-disable-next-line no-control-regex
const SPECIAL = /[\u0000-\u001F()*\\\u007F]/g;

/** The text form of a filter (RFC 4515). `parseFilter` gives the same filter back. */
export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.kind === 'and' ? '&' : '|'}${filter.filters.map(formatFilter).join('')})`;
    case 'not':
      return `(!${formatFilter(filter.filter)})`;
    case 'present':
      return `(${filter.attribute}=*)`;
    case 'substrings':
      return formatSubstrings(filter);
    case 'extensible':
      return formatExtensible(filter);
    default:
      return `(${filter.attribute}${SIGNS[filter.kind]}${escapeFilterValue(filter.value)})`;
  }
}

/** A value as it may stand in a filter: text keeps its letters, bytes that are no text become `\xx` each. */
export function escapeFilterValue(value: LdapValue): string {
  if (typeof value === 'string') return value.toWellFormed().replaceAll(SPECIAL, escaped);
  return Array.from(value, (byte) => escaped(String.fromCharCode(byte))).join('');
}

function formatSubstrings({ attribute, initial, any, final }: SubstringsFilter): string {
  const parts = [initial ?? '', ...any, final ?? ''].map(escapeFilterValue);
  return `(${attribute}=${parts.join('*')})`;
}

function formatExtensible({ attribute, rule, isDnIncluded, value }: ExtensibleFilter): string {
  const left = `${attribute ?? ''}${isDnIncluded ? ':dn' : ''}${rule === null ? '' : `:${rule}`}`;
  return `(${left}:=${escapeFilterValue(value)})`;
}

function escaped(character: string): string {
  return `\\${character.codePointAt(0)!.toString(16).padStart(2, '0')}`;
}
