import { describe, expect, it } from 'vitest';
import { parseFilter as parseQuery } from '../../base/query-filter.ts';
import type { ObjectTypeConfig, PropertyConfig } from '../../connector/contract.ts';
import { compileObjectType } from '../../connector/object-type.ts';
import { formatFilter } from '../../ldap/filter/format-filter.ts';
import { LdapSchema } from '../../ldap/schema/ldap-schema.ts';
import { attributePlan } from './attribute-plan.ts';
import { toLdapFilter } from './to-ldap-filter.ts';

const SYNTAX = '1.3.6.1.4.1.1466.115.121.1.';
const schema = new LdapSchema(
  [
    `( 2.5.4.41 NAME 'name' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX ${SYNTAX}15 )`,
    `( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )`,
    `( 1.1.1 NAME 'uidNumber' EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX ${SYNTAX}27 SINGLE-VALUE )`,
    `( 1.1.2 NAME 'unordered' EQUALITY integerMatch SYNTAX ${SYNTAX}27 SINGLE-VALUE )`,
    `( 1.1.3 NAME 'active' EQUALITY booleanMatch SYNTAX ${SYNTAX}7 SINGLE-VALUE )`,
    `( 1.1.4 NAME 'jpegPhoto' SYNTAX ${SYNTAX}28 )`,
    `( 1.1.5 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX ${SYNTAX}40 SINGLE-VALUE )`,
  ],
  [],
);

const property = (nativeName: string, type: PropertyConfig['type'] = 'string'): PropertyConfig => ({
  type,
  itemType: null,
  nativeName,
  nativeType: type,
  isRequired: false,
  flags: [],
});

const config: ObjectTypeConfig = {
  nativeType: '__ACCOUNT__',
  properties: {
    dn: property('__NAME__'),
    name: property('cn'),
    names: { ...property('commonName', 'array'), itemType: 'string' },
    count: property('uidNumber', 'integer'),
    other: property('unordered', 'integer'),
    active: property('active', 'boolean'),
    photo: property('jpegPhoto'),
    groups: { ...property('ldapGroups', 'array'), itemType: 'string' },
  },
};

function translated(query: string, uidAttribute: string, known: LdapSchema | null = schema): string {
  const type = compileObjectType(config);
  const rules = { type, schema: known, uidAttribute, plan: attributePlan(type, config, known, uidAttribute) };
  const { filter, isExact } = toLdapFilter(parseQuery(query), rules);
  return `${isExact ? '' : '~'}${formatFilter(filter)}`;
}

const ALL = '(objectClass=*)';

describe('a query as a search filter (~: what is found is checked again)', () => {
  it.each([
    ['true', ALL],
    ['false', `(!${ALL})`],
    ['name eq "a*)(b"', String.raw`(cn=a\2a\29\28b)`],
    ['name sw "a" or name co "b" or names ew "c"', '(|(cn=a*)(cn=*b*)(commonName=*c))'],
    ['name pr and !(active eq true)', '(&(cn=*)(!(active=TRUE)))'],
    ['name gt "a"', '~(cn=*)'],
    ['!(name gt "a")', `~${ALL}`],
    ['count ge 7 and count le 9', '(&(uidNumber>=7)(uidNumber<=9))'],
    ['count gt 7', '~(&(uidNumber>=7)(!(uidNumber=7)))'],
    ['other lt 7', '~(unordered=*)'],
    ['photo eq "aGk="', '~(jpegPhoto=*)'],
    ['groups eq "cn=a"', `~${ALL}`],
    ['name eq "a" and groups eq "cn=a"', '~(cn=a)'],
    ['name eq "a" or groups eq "cn=a"', `~${ALL}`],
    ['dn pr', ALL],
    [String.raw`dn eq "cn=a\\,b+ou=c,dc=x"`, '~(&(cn=a,b)(ou=c))'],
    ['dn eq "no name"', `(!${ALL})`],
    ['dn co "x"', `~${ALL}`],
    ['_id eq "cn=a,dc=x"', '~(cn=a)'],
  ])('%s → %s', (query, expected) => {
    expect(translated(query, 'dn')).toBe(expected);
  });

  it.each([
    ['entryUUID', '_id eq "x"', '(entryUUID=x)'],
    ['entryUUID', '_id sw "x"', `~${ALL}`],
    [
      'objectGUID',
      '_id eq "04030201-0605-0807-090a-0b0c0d0e0f10"',
      String.raw`(objectGUID=\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f\10)`,
    ],
    ['objectGUID', '_id eq "nobody"', `(!${ALL})`],
  ])('where %s is the id: %s → %s', (uidAttribute, query, expected) => {
    expect(translated(query, uidAttribute)).toBe(expected);
  });

  it('without a schema only equality is left to the server', () => {
    expect(translated('name eq "a"', 'dn', null)).toBe('(cn=a)');
    expect(translated('name sw "a"', 'dn', null)).toBe('~(cn=*)');
    expect(translated('count ge 7', 'dn', null)).toBe('~(uidNumber=*)');
  });
});
