import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { setOwn, type Json, type JsonObject } from './json.ts';

it('is the same for equal values and gives the value back', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as Json;
      expect(canonicalJson(reversed(json))).toBe(canonicalJson(json));
      expect(JSON.parse(canonicalJson(json))).toEqual(json);
    }),
  );
});

it.each([
  ['{"b":1,"a":[{"d":null,"c":"x"}]}', '{"a":[{"c":"x","d":null}],"b":1}'],
  ['{"a":1,"10":2,"9":3,"!":4}', '{"!":4,"10":2,"9":3,"a":1}'],
  ['{"b":1,"__proto__":{"z":1,"y":2}}', '{"__proto__":{"y":2,"z":1},"b":1}'],
  ['[{"b":{"2":1,"1":2}},"x"]', '[{"b":{"1":2,"2":1}},"x"]'],
])('%s is written as %s', (text, wanted) => {
  expect(canonicalJson(JSON.parse(text) as Json)).toBe(wanted);
});

/** The same value with its members in the opposite order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const object: JsonObject = {};
  for (const [key, member] of Object.entries(value).toReversed()) setOwn(object, key, reversed(member));
  return object;
}
