import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeName, anyValue } from '../testing/arbitrary-message.ts';
import { failureOf } from '../testing/failure-of.ts';
import { dnKey, isSameDn, isWithin, parentOf, rebaseDn } from './compare-dn.ts';
import type { Dn } from './dn.ts';
import { escapeDnValue, formatDn } from './format-dn.ts';
import { parseDn, parseRdn } from './parse-dn.ts';

const one = (type: string, value: string | Buffer): Dn[number] => [{ type, value }];

/** RFC 4514 §4, RFC 2253 §5, and names seen from servers. */
const EXAMPLES: readonly (readonly [string, Dn])[] = [
  ['UID=jsmith,DC=example,DC=net', [one('UID', 'jsmith'), one('DC', 'example'), one('DC', 'net')]],
  [
    'OU=Sales+CN=J.  Smith,DC=example,DC=net',
    [
      [
        { type: 'OU', value: 'Sales' },
        { type: 'CN', value: 'J.  Smith' },
      ],
      one('DC', 'example'),
      one('DC', 'net'),
    ],
  ],
  [String.raw`CN=James \"Jim\" Smith\, III,DC=example`, [one('CN', 'James "Jim" Smith, III'), one('DC', 'example')]],
  [String.raw`CN=Before\0dAfter,DC=example`, [one('CN', 'Before\rAfter'), one('DC', 'example')]],
  ['1.3.6.1.4.1.1466.0=#04024869', [one('1.3.6.1.4.1.1466.0', 'Hi')]],
  [String.raw`CN=Lu\C4\8Di\C4\87`, [one('CN', 'Lučić')]],
  ['CN=Lučić', [one('CN', 'Lučić')]],
  ['', []],
  ['  ', []],
  [' cn = a , dc = b ', [one('cn', 'a'), one('dc', 'b')]],
  ['cn=a;dc=b', [one('cn', 'a'), one('dc', 'b')]],
  ['CN="Steve, Kille",O=Isode', [one('CN', 'Steve, Kille'), one('O', 'Isode')]],
  [String.raw`cn="a\"b" ,dc=c`, [one('cn', 'a"b'), one('dc', 'c')]],
  ['OID.2.5.4.3=a', [one('2.5.4.3', 'a')]],
  [String.raw`cn=\ a\ `, [one('cn', ' a ')]],
  [String.raw`cn=\20a\20 `, [one('cn', ' a ')]],
  [String.raw`cn=a\\`, [one('cn', 'a\\')]],
  [String.raw`cn=\#a#b`, [one('cn', '#a#b')]],
  ['cn=', [one('cn', '')]],
  [String.raw`CN=x\0ADEL:1,CN=Deleted Objects`, [one('CN', 'x\nDEL:1'), one('CN', 'Deleted Objects')]],
  [String.raw`cn=\FF\FE`, [one('cn', Buffer.from([0xff, 0xfe]))]],
  ['cn=#020105', [[{ type: 'cn', value: Buffer.from('020105', 'hex'), isBer: true }]]],
  ['cn=a=b', [one('cn', 'a=b')]],
];

it.each(EXAMPLES)('%j', (text, dn) => {
  expect(parseDn(text)).toEqual(dn);
  expect(parseDn(formatDn(dn))).toEqual(dn);
});

it.each([
  'a',
  'cn=a,',
  ',cn=a',
  'cn=a,,cn=b',
  '=a',
  'cn=a+',
  'cn="a',
  'cn="a"b',
  'cn=a"b',
  String.raw`cn=a\x`,
  'cn=a\\',
  'cn=#',
  'cn=#1',
  'cn=#04024869x',
  'c n=a',
  'cn=a\0',
])('%j is no DN', (text) => {
  expect(() => parseDn(text)).toThrow(/is not valid: .+ at character \d+/);
});

const anyDn: fc.Arbitrary<Dn> = fc.array(
  fc.array(fc.record({ type: attributeName.filter((name) => !name.includes(';')), value: anyValue }), {
    minLength: 1,
    maxLength: 3,
  }),
  { maxLength: 4 },
);

describe('any name', () => {
  it('comes back from its text', () => {
    fc.assert(
      fc.property(anyDn, (dn) => {
        expect(parseDn(formatDn(dn))).toEqual(dn);
      }),
      { numRuns: 2000 },
    );
  });

  it('has parts that are one part whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(parseDn(`uid=${escapeDnValue(value)},ou=people`)).toEqual([one('uid', value), one('ou', 'people')]);
      }),
      { numRuns: 1000 },
    );
  });

  it('is itself, below its parent, and in no other place', () => {
    fc.assert(
      fc.property(anyDn, anyDn, (dn, base) => {
        const below = [...dn, ...base];
        expect(isWithin(below, base)).toBe(true);
        expect(isSameDn(formatDn(dn), dn)).toBe(true);
        expect(isWithin(base, [...one2(), ...base])).toBe(false);
        expect(rebaseDn(below, base, 'dc=new')).toBe(formatDn([...dn, ...parseDn('dc=new')]));
      }),
    );
  });

  it('or any text is read or refused', () => {
    const piece = fc.constantFrom(...'cn = , + ; " \\ # a 41 é < >'.split(' '), ' ', '\0', '#0401');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect([null, 'invalid-data']).toContain(failureOf(() => dnKey(pieces.join(''))));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the same entry', () => {
  it.each([
    [String.raw`cn=c\2Cd,dc=x`, String.raw`cn=c\,d,dc=x`],
    ['CN=A,DC=X', 'cn=a, dc=x'],
    ['commonName=a', '2.5.4.3=A'],
    ['ou=Sales+cn=J', 'cn=j+ou=sales'],
    ['cn=a  b', 'cn=A b'],
    ['1.3.6.1.4.1.1466.0=#04024869', '1.3.6.1.4.1.1466.0=hi'],
    ['cn="a,b"', String.raw`cn=a\,b`],
    ['cn=\u{FB01}', 'cn=fi'],
  ])('%j is %j', (a, b) => {
    expect(isSameDn(a, b)).toBe(true);
  });

  it.each([
    ['cn=a,dc=x', 'cn=a'],
    [String.raw`cn=a\,dc=x`, 'cn=a,dc=x'],
    ['cn=a+sn=b', 'cn=a,sn=b'],
    ['cn=a', 'sn=a'],
    ['cn=ab', 'cn=a b'],
    [String.raw`cn=a\+sn\=b`, 'cn=a+sn=b'],
  ])('%j is not %j', (a, b) => {
    expect(isSameDn(a, b)).toBe(false);
  });

  it('has a parent, unless it is the root', () => {
    expect(parentOf(String.raw`cn=a\,b,ou=c,dc=d`)).toBe('ou=c,dc=d');
    expect(parentOf('dc=d')).toBe('');
    expect(parentOf('')).toBeNull();
  });

  it('has one RDN where one is asked for', () => {
    expect(parseRdn('cn=a+sn=b')).toHaveLength(2);
    expect(() => parseRdn('cn=a,dc=b')).toThrow('is not one RDN');
  });
});

function one2(): Dn {
  return [one('cn', 'something that is nowhere else')];
}
