import { describe, expect, it } from 'vitest';
import type { PropertyConfig } from './contract.ts';
import { compileObjectType, type ObjectType } from './object-type.ts';

const property = (nativeName: string, more: Partial<PropertyConfig> = {}): PropertyConfig => ({
  type: 'string',
  itemType: null,
  nativeName,
  nativeType: 'string',
  isRequired: false,
  flags: [],
  ...more,
});

const typeOf = (properties: Readonly<Record<string, PropertyConfig>>): ObjectType =>
  compileObjectType({ nativeType: '__ACCOUNT__', properties });

describe('reading native attributes', () => {
  it.each([
    ['string', 'JAVA_TYPE_INT', '12', '12'],
    ['string', 'string', 12, '12'],
    ['string', 'string', true, 'true'],
    ['integer', 'string', '-12', -12],
    ['number', 'string', '1.5e3', 1500],
    ['boolean', 'string', 'TRUE', true],
    ['boolean', 'boolean', false, false],
    ['any', 'any', { a: [1] }, { a: [1] }],
    ['object', 'object', { a: null }, { a: null }],
    ['string', 'string', ['one'], 'one'],
  ] as const)('%s of native %s: %j is seen as %j', (type, nativeType, native, seen) => {
    const config = property('x', { type, nativeType });
    expect(typeOf({ a: config }).toObject('1', { x: native as never })).toEqual({ _id: '1', a: seen });
  });

  it.each([
    ['integer', '1.5', 'not an integer'],
    ['integer', '90071992547409930', 'not an integer'],
    ['integer', '', 'not an integer'],
    ['number', 'NaN', 'not a number'],
    ['boolean', 'yes', 'not true or false'],
    ['string', ['a', 'b'], 'single-valued, but there are 2 values'],
  ] as const)('%s refuses %j', (type, native, message) => {
    const read = (): unknown => typeOf({ a: property('x', { type }) }).toObject('1', { x: native as never });
    expect(read).toThrow(message);
    expect(read).toThrow("attribute 'a'");
  });

  it('lists are lists however many values there are; nulls and empty lists are absent', () => {
    const type = typeOf({
      list: property('l', { type: 'array', itemType: 'integer' }),
      flagged: property('f', { flags: ['MULTIVALUED'] }),
      none: property('n', { type: 'array' }),
      missing: property('m'),
    });
    expect(type.toObject('1', { l: '7', f: ['a', null, 'b'], n: [], m: null })).toEqual({
      _id: '1',
      list: [7],
      flagged: ['a', 'b'],
    });
  });

  it('__UID__ is the id, whatever the property is called; hidden attributes stay hidden', () => {
    const type = typeOf({
      _id: property('__UID__'),
      uuid: property('__UID__'),
      secret: property('p', { flags: ['NOT_READABLE'] }),
      rare: property('r', { flags: ['NOT_RETURNED_BY_DEFAULT'] }),
    });
    expect(type.toObject('7', { __UID__: 'x', p: 'x', r: 'x' })).toEqual({ _id: '7', uuid: '7' });
  });

  it('names that JavaScript objects have are ordinary names', () => {
    const type = typeOf(
      JSON.parse(`{"__proto__": ${JSON.stringify(property('x'))}}`) as Record<string, PropertyConfig>,
    );
    expect(Object.entries(type.toObject('1', { x: 'v' }))).toEqual([
      ['_id', '1'],
      ['__proto__', 'v'],
    ]);
    expect(typeOf({ a: property('constructor'), b: property('toString') }).toObject('1', {})).toEqual({ _id: '1' });
  });
});

describe('writing native attributes', () => {
  const type = typeOf({
    name: property('__NAME__', { isRequired: true }),
    uid: property('__NAME__'),
    age: property('age', { type: 'string', nativeType: 'JAVA_TYPE_INT' }),
    list: property('l', { type: 'array', itemType: 'string' }),
    fixed: property('fixed', { flags: ['NOT_UPDATEABLE'] }),
    late: property('late', { flags: ['NOT_CREATABLE'] }),
  });

  it('a create has what is there, in native types', () => {
    expect(type.toCreate({ name: 'n', age: '7', list: 'x', fixed: 'f', late: 'l', _x: 1 })).toEqual({
      __NAME__: 'n',
      age: 7,
      l: ['x'],
      fixed: 'f',
    });
    expect(type.toCreate({ name: 'n', age: null, list: [] })).toEqual({ __NAME__: 'n' });
  });

  it('an update has what changed; null clears', () => {
    const object = { name: 'n', age: '7', list: [], fixed: 'f', late: 'l' };
    expect(type.toUpdate(object, ['list', 'fixed', 'late', 'age'])).toEqual({ l: null, late: 'l', age: 7 });
    expect(type.toUpdate({ name: 'n' }, ['age'])).toEqual({ age: null });
  });

  it.each([
    [{ name: 'n', bogus: 1 }, 'Target does not support attribute bogus'],
    [{ age: '1' }, "Required attribute 'name' value is null"],
    [{ name: null }, "Required attribute 'name' value is null"],
    [{ name: [] }, "Required attribute 'name' value is null"],
    [{ name: 'a', uid: 'b' }, "attribute 'uid' and another attribute give __NAME__ different values"],
  ])('%j is refused', (object, message) => {
    expect(() => type.toCreate(object)).toThrow(message);
  });
});
