import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BerReader } from '../ber/ber-reader.ts';
import { encodeBer } from '../ber/ber-writer.ts';
import { decodeFilter } from '../codec/decode-filter.ts';
import { encodeFilter } from '../codec/encode-filter.ts';
import { anyFilter } from '../testing/arbitrary-message.ts';
import { failureOf } from '../testing/failure-of.ts';
import { allOf, anyOf, equalTo, type Filter } from './filter.ts';
import { escapeFilterValue, formatFilter } from './format-filter.ts';
import { parseFilter } from './parse-filter.ts';

/** RFC 4515 §4, RFC 4526, and forms that configurations have. */
const EXAMPLES: readonly (readonly [string, Filter])[] = [
  ['(cn=Babs Jensen)', { kind: 'equal', attribute: 'cn', value: 'Babs Jensen' }],
  ['(!(cn=Tim Howes))', { kind: 'not', filter: { kind: 'equal', attribute: 'cn', value: 'Tim Howes' } }],
  [
    '(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))',
    {
      kind: 'and',
      filters: [
        { kind: 'equal', attribute: 'objectClass', value: 'Person' },
        {
          kind: 'or',
          filters: [
            { kind: 'equal', attribute: 'sn', value: 'Jensen' },
            { kind: 'substrings', attribute: 'cn', initial: 'Babs J', any: [], final: null },
          ],
        },
      ],
    },
  ],
  ['(o=univ*of*mich*)', { kind: 'substrings', attribute: 'o', initial: 'univ', any: ['of', 'mich'], final: null }],
  ['(seeAlso=)', { kind: 'equal', attribute: 'seeAlso', value: '' }],
  ['(cn:caseExactMatch:=Fred Flintstone)', extensible('cn', 'caseExactMatch', false, 'Fred Flintstone')],
  ['(cn:=Betty Rubble)', extensible('cn', null, false, 'Betty Rubble')],
  ['(sn:dn:2.4.6.8.10:=Barney Rubble)', extensible('sn', '2.4.6.8.10', true, 'Barney Rubble')],
  ['(o:dn:=Ace Industry)', extensible('o', null, true, 'Ace Industry')],
  ['(:1.2.3:=Wilma Flintstone)', extensible(null, '1.2.3', false, 'Wilma Flintstone')],
  ['(:DN:2.4.6.8.10:=Dino)', extensible(null, '2.4.6.8.10', true, 'Dino')],
  [
    String.raw`(o=Parens R Us \28for all your parenthetical needs\29)`,
    equal('o', 'Parens R Us (for all your parenthetical needs)'),
  ],
  [String.raw`(cn=*\2A*)`, { kind: 'substrings', attribute: 'cn', initial: null, any: ['*'], final: null }],
  [String.raw`(filename=C:\5cMyFile)`, equal('filename', String.raw`C:\MyFile`)],
  [String.raw`(bin=\00\00\00\04)`, equal('bin', '\0\0\0\u0004')],
  [String.raw`(sn=Lu\c4\8di\c4\87)`, equal('sn', 'Lučić')],
  [String.raw`(objectGUID=\ff\fe)`, equal('objectGUID', Buffer.from([0xff, 0xfe]))],
  ['(1.3.6.1.4.1.1466.0=\u0004\u0002Hi)', equal('1.3.6.1.4.1.1466.0', '\u0004\u0002Hi')],
  ['(objectClass=*)', { kind: 'present', attribute: 'objectClass' }],
  ['(&)', { kind: 'and', filters: [] }],
  ['(|)', { kind: 'or', filters: [] }],
  ['(age>=5)', { kind: 'greaterOrEqual', attribute: 'age', value: '5' }],
  ['(age<=5)', { kind: 'lessOrEqual', attribute: 'age', value: '5' }],
  ['(cn~=a)', { kind: 'approximate', attribute: 'cn', value: 'a' }],
  ['uid=jdoe', equal('uid', 'jdoe')],
  [' ( & ( a = b ) (c=d) ) ', { kind: 'and', filters: [equal('a', ' b '), equal('c', 'd')] }],
  ['(userCertificate;binary=*)', { kind: 'present', attribute: 'userCertificate;binary' }],
  ['(cn=a=b>=c)', equal('cn', 'a=b>=c')],
  [
    '(userAccountControl:1.2.840.113556.1.4.803:=2)',
    extensible('userAccountControl', '1.2.840.113556.1.4.803', false, '2'),
  ],
  ['(cn=a**b)', { kind: 'substrings', attribute: 'cn', initial: 'a', any: [], final: 'b' }],
];

it.each(EXAMPLES)('%s', (text, filter) => {
  expect(parseFilter(text)).toEqual(filter);
});

it.each([
  '',
  '(',
  '()',
  '(cn=a',
  'cn=a)',
  '(cn=a))',
  '(cn)',
  '(=a)',
  '(cn=a(b)',
  String.raw`(cn=\zz)`,
  String.raw`(cn=\2)`,
  '(cn=\0)',
  '(&(cn=a)x)',
  '(!(a=b)(c=d))',
  '(!)',
  '(:=x)',
  '(cn:dn:a:b:=x)',
  '(c n=a)',
  '(cn>=a*b)',
  '(cn:=a*)',
  'cn',
])('%j is no filter', (text) => {
  expect(() => parseFilter(text)).toThrow(/is not valid: .+ at character \d+/);
});

it('text and bytes of a filter are the same filter', () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      expect(parseFilter(formatFilter(filter))).toEqual(filter);
      expect(decodeFilter(new BerReader(encodeBer((writer) => encodeFilter(writer, filter))))).toEqual(filter);
    }),
    { numRuns: 1000 },
  );
});

it('whatever a value holds, it stays one value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      expect(parseFilter(`(&(uid=${escapeFilterValue(value)})(a=b))`)).toEqual({
        kind: 'and',
        filters: [equal('uid', value), equal('a', 'b')],
      });
    }),
  );
});

it('any text is a filter or refused', () => {
  const piece = fc.constantFrom(...'( ) & | ! = * : < > ~ \\ a b ;'.split(' '), ' ', String.raw`\2a`, 'dn', '\0');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
      expect([null, 'bad-request']).toContain(failureOf(() => formatFilter(parseFilter(pieces.join('')))));
    }),
    { numRuns: 3000 },
  );
});

it('depth and length have a bound, and the bound is said', () => {
  expect(() => parseFilter(`${'(!'.repeat(300)}(a=b)${')'.repeat(300)}`)).toThrow('more than 200 levels');
  expect(() => parseFilter('('.repeat(1_000_000))).toThrow('not valid');
  expect(() => parseFilter('('.repeat(2_000_000))).toThrow('too long');
});

it('filters are put together without needless layers', () => {
  const [a, b] = [equalTo('a', '1'), equalTo('b', '2')];
  expect([allOf(a), allOf(a, b), anyOf(b), anyOf(a, b)].map(formatFilter)).toEqual([
    '(a=1)',
    '(&(a=1)(b=2))',
    '(b=2)',
    '(|(a=1)(b=2))',
  ]);
});

function equal(attribute: string, value: string | Buffer): Filter {
  return { kind: 'equal', attribute, value };
}

function extensible(attribute: string | null, rule: string | null, isDnIncluded: boolean, value: string): Filter {
  return { kind: 'extensible', attribute, rule, isDnIncluded, value };
}
