import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../testing/failure-of.ts';
import { LdapSchema } from './ldap-schema.ts';
import { parseAttributeType, parseObjectClass } from './parse-definition.ts';

/** RFC 4512, RFC 4519, 389 Directory Server and Active Directory. */
const TYPES = [
  "( 2.5.4.41 NAME 'name' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
  "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'RFC4519: common name(s)' SUP name )",
  "(1.2.3 NAME 'tight' SYNTAX '1.3.6.1.4.1.1466.115.121.1.5' SINGLE-VALUE)",
  "( 2.5.18.1 NAME 'createTimestamp' EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE NO-USER-MODIFICATION USAGE directoryOperation )",
  "( 2.16.840.1.113730.3.1.1 NAME 'carLicense' DESC 'it\\27s \\5C' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 X-ORIGIN ( 'RFC 2798' 'user defined' ) X-SCHEMA-FILE '06.ldif' )",
  "( 2.5.4.35 NAME 'userPassword' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )",
  "( 1.2.9 NAME 'loop' SUP loop )",
];
const CLASSES = [
  "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
  "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY ( userPassword $ description ) )",
  "( 1.1.1 NAME 'inetThing' SUP ( person $ top ) MAY ( commonName $ carLicense ) )",
  "( 1.1.2 NAME 'extra' AUXILIARY OBSOLETE MAY tight )",
];

describe('definitions', () => {
  it('of attributes', () => {
    expect(parseAttributeType(TYPES[3]!)).toEqual({
      oid: '2.5.18.1',
      names: ['createTimestamp'],
      description: null,
      isObsolete: false,
      extensions: {},
      superior: null,
      equality: 'generalizedTimeMatch',
      ordering: 'generalizedTimeOrderingMatch',
      substring: null,
      syntax: '1.3.6.1.4.1.1466.115.121.1.24',
      maxLength: null,
      isSingleValued: true,
      isCollective: false,
      isModifiable: false,
      usage: 'directoryOperation',
    });
    expect(parseAttributeType(TYPES[0]!)).toMatchObject({ syntax: '1.3.6.1.4.1.1466.115.121.1.15', maxLength: 32_768 });
    expect(parseAttributeType(TYPES[2]!)).toMatchObject({ oid: '1.2.3', syntax: '1.3.6.1.4.1.1466.115.121.1.5' });
    expect(parseAttributeType(TYPES[4]!)).toMatchObject({
      description: String.raw`it's \ `.trim(),
      extensions: { 'X-ORIGIN': ['RFC 2798', 'user defined'], 'X-SCHEMA-FILE': ['06.ldif'] },
    });
  });

  it('of object classes', () => {
    expect(parseObjectClass(CLASSES[1]!)).toMatchObject({
      superiors: ['top'],
      kind: 'structural',
      must: ['sn', 'cn'],
      may: ['userPassword', 'description'],
    });
    expect(parseObjectClass(CLASSES[3]!)).toMatchObject({ kind: 'auxiliary', isObsolete: true, may: ['tight'] });
  });

  it.each([
    '',
    '(',
    '( 1.2.3',
    'x',
    '( 1.2.3 NAME',
    "( 1.2.3 NAME 'a )",
    '( 1.2.3 ) x',
    '( ( ) )',
    '( 1.2 NAME ( ( ) )',
  ])('%j is none', (text) => {
    expect(() => parseAttributeType(text)).toThrow('cannot be read');
  });

  it('any text is one or refused, and soon', () => {
    const piece = fc.constantFrom(
      '(',
      ')',
      '$',
      "'",
      ' ',
      'NAME',
      'SUP',
      '1.2',
      String.raw`\27`,
      'SINGLE-VALUE',
      'X-A',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect([null, 'invalid-data']).toContain(failureOf(() => parseObjectClass(pieces.join(''))));
      }),
      { numRuns: 2000 },
    );
    expect(() => parseObjectClass(`( 1.2 NAME '${String.raw`\27`.repeat(100_000)}`)).toThrow('cannot be read');
  });
});

describe('a content rule', () => {
  const classes = [
    "( 1.1 NAME 'account' STRUCTURAL MUST cn MAY l )",
    "( 1.2 NAME 'person' SUP account STRUCTURAL )",
    "( 1.3 NAME 'principal' AUXILIARY MUST ( sid $ accountName ) MAY upn )",
  ];
  const rules = ["( 1.1 NAME 'account' AUX ( principal $ unknown ) MAY ( note $ sid ) )"];

  it('adds to a class, and those below it, what it may have besides', () => {
    for (const name of ['account', 'person']) {
      const { must, may } = new LdapSchema([], classes, rules).attributesOf([name]);
      expect([...must.values()]).toEqual(['cn']);
      expect([...may.values()].toSorted()).toEqual(['accountName', 'l', 'note', 'sid', 'upn']);
    }
  });

  it('that cannot be read is a fault, and does no harm', () => {
    const schema = new LdapSchema([], classes, ['( 1.1 AUX']);
    expect(schema.faults).toHaveLength(1);
    expect([...schema.attributesOf(['account']).may.values()]).toEqual(['l']);
  });
});

describe('a schema', () => {
  const schema = new LdapSchema([...TYPES, 'broken'], CLASSES);

  it('keeps what it can read, and says what it cannot', () => {
    expect(schema.attributeTypes).toHaveLength(TYPES.length);
    expect(schema.faults).toMatchObject([{ definition: 'broken' }]);
  });

  it('finds names in any letter case, by OID, with options', () => {
    for (const name of ['CN', 'commonname', '2.5.4.3', 'cn;lang-de'])
      expect(schema.attributeType(name)!.oid).toBe('2.5.4.3');
    expect(schema.attributeType('nope')).toBeNull();
  });

  it('inherits syntax and rules, and does not run in circles', () => {
    expect([schema.syntaxOf('cn'), schema.equalityOf('cn'), schema.syntaxOf('loop')]).toEqual([
      '1.3.6.1.4.1.1466.115.121.1.15',
      'caseIgnoreMatch',
      null,
    ]);
  });

  it('knows how to take values', () => {
    const kinds = ['cn', 'tight', 'createTimestamp', 'userPassword', 'unicodePwd', 'cn;binary', 'nope'].map((name) =>
      schema.valueKind(name),
    );
    expect(kinds).toEqual(['text', 'bytes', 'time', 'bytes', 'bytes', 'bytes', 'text']);
  });

  it('gathers what classes ask for and allow', () => {
    const { must, may } = schema.attributesOf(['INETTHING', 'extra', 'unknown']);
    expect([...must.values()]).toEqual(['sn', 'cn', 'objectClass']);
    expect([...may.keys()]).toEqual(['carlicense', 'userpassword', 'description', 'tight']);
  });
});
