import { asciiLower } from '../codec/ascii-lower.ts';
import { valueRange, type ValueRange } from '../codec/attribute-description.ts';
import type { LdapAttribute } from '../codec/ldap-attribute.ts';
import type { LdapEntry } from '../codec/ldap-entry.ts';
import { LdapFailure, readable } from '../ldap-failure.ts';
import type { RequestOptions } from './connection-options.ts';
import type { LdapConnection } from './ldap-connection.ts';

interface Part {
  readonly attribute: LdapAttribute;
  readonly range: ValueRange;
}

/**
 * All values of an attribute of an entry that was read; empty where it has none. Active Directory gives long lists in parts
 * (`member;range=0-1499`); the others are asked for, one after the other. Rejects with `LdapFailure`, `incomplete-read` where the list ended
 * before its end.
 */
export async function readAllValues(
  connection: LdapConnection,
  entry: LdapEntry,
  name: string,
  options?: RequestOptions,
): Promise<readonly Buffer[]> {
  let part = partOf(entry, name);
  if (part === null) return entry.attribute(name)?.values() ?? [];
  const values: Buffer[] = [];
  for (let expected = 0; ;) {
    if (part === null || part.range.first !== expected) throw cutOff(entry, name, expected);
    for (const value of part.attribute.values()) values.push(value);
    const { last } = part.range;
    if (last === null) return values;
    if (last < expected) throw cutOff(entry, name, expected);
    expected = last + 1;
    const more = await connection.read(entry.dn, [`${name};range=${expected}-*`], options);
    part = more === null ? null : partOf(more, name);
  }
}

function partOf({ attributes }: LdapEntry, name: string): Part | null {
  const key = asciiLower(name);
  for (const attribute of attributes) {
    const range = valueRange(attribute.description);
    if (range !== null && asciiLower(attribute.description.name) === key) return { attribute, range };
  }
  return null;
}

function cutOff({ dn }: LdapEntry, name: string, expected: number): LdapFailure {
  const text = `the values of ${name} of "${readable(dn)}" end before value ${expected}; the entry was changed meanwhile, read it again`;
  return new LdapFailure('protocol', 'incomplete-read', text, { retryable: true });
}
