import * as fc from 'fast-check';
import type { Json, JsonObject } from './json.ts';
import type { ComparisonOperator, Filter } from './query-filter.ts';

/** Random filters and objects for property tests: few names and values, so that they meet, and the nasty ones among them. */
const OPERATORS: readonly ComparisonOperator[] = ['eq', 'co', 'sw', 'lt', 'le', 'gt', 'ge', 'ew', 'ca'];

const anyName = fc.constantFrom(
  'a',
  'b',
  'userName',
  'mail',
  '_id',
  '_rev',
  '0',
  '1',
  '01',
  '',
  '__proto__',
  'constructor',
  'length',
  'a.b',
  'a[0]',
  'say "hi"',
  "it's",
  'a b',
  '(',
  '!',
  'pr',
  'true',
  'a/b',
  'a~b',
  '\\',
  'ø',
  '😀',
  '\u0000',
  '%',
  '$',
);

const anyText = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'A',
    'ab',
    'abc',
    'b',
    '0',
    '1',
    '1.0',
    'true',
    'null',
    '%',
    '_',
    '"',
    "'",
    '\\',
    '\u0000',
    'a\u0000b',
    'é',
    'E\u0301',
    '😀',
    '\ud83d',
    '\ude00',
    '\uffff',
    '\ufffd',
    'İ',
    'a'.repeat(300),
    `${'a'.repeat(300)}b`,
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

const anyNumber = fc.constantFrom(0, 1, -1, 2, 0.5, 1e21, 1e-7, 2 ** 53, 2 ** 63, -(2 ** 63), 1.7976931348623157e308);
const anyLiteral = fc.oneof(anyText, anyNumber, fc.boolean());

const anyPointer = fc.array(anyName, { maxLength: 3, size: 'max' });

export const anyFilter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter; leaf: Filter }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ kind: fc.constant('always' as const), value: fc.boolean() }),
    fc.record({ kind: fc.constant('present' as const), pointer: anyPointer }),
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('compare' as const),
        operator: fc.constantFrom(...OPERATORS),
        pointer: anyPointer,
        value: anyLiteral,
      }),
    },
  ),
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('leaf'),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('filter') }),
  ),
})).filter;

export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ json: Json; leaf: Json }>((tie) => ({
  leaf: fc.oneof(fc.constant(null), anyLiteral),
  json: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(anyName, tie('json'), { maxKeys: 4 }).map(plain),
  ),
})).json;

/** A managed object: no `_id` and `_rev` of its own. */
export const anyDocument: fc.Arbitrary<JsonObject> = fc.dictionary(anyName, anyJson, { maxKeys: 6 }).map((object) => {
  const document = plain(object);
  delete document['_id'];
  delete document['_rev'];
  return document;
});

function plain(object: Readonly<Record<string, Json>>): JsonObject {
  return JSON.parse(JSON.stringify(object)) as JsonObject;
}
