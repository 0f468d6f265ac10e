import type { AttributeValues } from '../../src/ldap/codec/message.ts';
import { person } from '../people.ts';
import { SUFFIX } from '../../test/ldap/openldap-config.ts';

export const PEOPLE = `ou=people,${SUFFIX}`;

export interface PersonEntry {
  readonly dn: string;
  readonly attributes: readonly AttributeValues[];
}

/** Person `i` as an inetOrgPerson of 15 attributes, `objectClass` not counted. Attributes without a value are left out. */
export function personEntry(i: number, seed: number, parent = PEOPLE): PersonEntry {
  const one = person(i, seed);
  const all: readonly (readonly [string, readonly string[]])[] = [
    ['objectClass', ['top', 'person', 'organizationalPerson', 'inetOrgPerson']],
    ['uid', [one.userName]],
    ['cn', [one.displayName]],
    ['sn', [one.surname]],
    ['givenName', [one.givenName]],
    ['displayName', [`${one.displayName} (${one.department})`]],
    ['mail', [one.email]],
    ['telephoneNumber', [one.phone]],
    ['mobile', [one.mobile]],
    ['title', [one.title]],
    ['departmentNumber', [one.department]],
    ['postalAddress', [one.address.replace('\n', '$')]],
    ['employeeNumber', [one.employeeNumber]],
    ['employeeType', [one.status]],
    ['businessCategory', [...new Set(one.groups)]],
    ['description', [one.notes]],
  ];
  const attributes = all
    .map(([name, values]) => ({ name, values: values.filter((value) => value !== '') }))
    .filter(({ values }) => values.length > 0);
  return { dn: `uid=${one.userName},${parent}`, attributes };
}

/** `count` people as LDIF. */
export function peopleLdif(count: number, seed: number): string {
  const entries: string[] = [];
  for (let i = 0; i < count; i++) {
    const { dn, attributes } = personEntry(i, seed);
    const lines = attributes.flatMap(({ name, values }) =>
      values.map((value) => `${name}:: ${Buffer.from(value).toString('base64')}`),
    );
    entries.push(`dn: ${dn}\n${lines.join('\n')}\n`);
  }
  return entries.join('\n');
}
