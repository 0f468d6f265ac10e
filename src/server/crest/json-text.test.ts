import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../base/json.ts';
import { MAX_JSON_DEPTH, MAX_JSON_KEYS, parseJsonText } from './json-text.ts';

/** That key is refused by itself. */
const isHarmless = (value: unknown): boolean => !JSON.stringify(value).includes('__proto__');

describe('parseJsonText', () => {
  it('reads every JSON value as the parser of the language does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }).filter(isHarmless), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!text.includes('__proto__') && !/\\ud[89a-f]/i.test(text));
        expect(parseJsonText(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('finds a key that is there twice, wherever and however it is written', () => {
    const harmless = fc.jsonValue().filter(isHarmless);
    const key = fc.string({ minLength: 1 }).filter((one) => one !== '__proto__');
    fc.assert(
      fc.property(key, harmless, fc.nat({ max: 20 }), (name, other, depth) => {
        const written = JSON.stringify(name);
        const escaped = `"${[...name].map((one) => escapes(one)).join('')}"`;
        const twice = `{${written}:${JSON.stringify(other)},"":1,${escaped}:0}`;
        const text = '[{"a":'.repeat(depth) + twice + '}]'.repeat(depth);
        expect(() => parseJsonText(text)).toThrow('is there twice in one object');
      }),
    );
  });

  it.each<[text: string, fault: string]>([
    ['', 'not valid JSON'],
    ['{"a" 1}', 'at position 5'],
    ["{'a':1}", 'not valid JSON'],
    ['[1,]', 'not valid JSON'],
    ['{"a":1}}', 'not valid JSON'],
    ['}{', 'not valid JSON'],
    ['NaN', 'not valid JSON'],
    ['"\u0001"', 'not valid JSON'],
    ['{"a', 'not valid JSON'],
    ['{"\\x":1}', 'not valid JSON'],
    ['{"__proto__":1}', '__proto__'],
    ['{"\\u005f_proto__":1}', '__proto__'],
    ['{"\\ud800":1}', 'surrogate'],
    ['["\\udc00"]', 'surrogate'],
    ['[-1e400]', 'too large'],
    [`[${'9'.repeat(400)}]`, 'too large'],
    ['{"a":[1,{"employeeNumber":9007199254740993}]}', 'the whole number at /a/1/employeeNumber is beyond 2^53'],
    ['12345678901234567890123', 'the whole number at / is'],
    ['{"a":"9007199254740993","b":-12345678901234567}', 'at /b is'],
    ['['.repeat(MAX_JSON_DEPTH + 1) + ']'.repeat(MAX_JSON_DEPTH + 1), 'levels deep'],
    ['{"a":'.repeat(1_000_000), 'levels deep'],
    [`{${[...Array(MAX_JSON_KEYS + 1).keys()].map((key) => `"${key}":0`).join(',')}}`, 'more than 50000 keys'],
  ])('refuses %.60s', (text, fault) => {
    expect(() => parseJsonText(text)).toThrow(fault);
  });

  it.each<[text: string, value: Json]>([
    ['{"a":{"a":[{"a":1},{"a":2}]}}', { a: { a: [{ a: 1 }, { a: 2 }] } }],
    ['{"a,b":"a,\\"b\\":1","c":["d","d"]}', { 'a,b': 'a,"b":1', c: ['d', 'd'] }],
    ['{"a\\"":1,"a":2}', { 'a"': 1, a: 2 }],
    ['"__proto__"', '__proto__'],
    ['"\\ud83d\\ude00"', '😀'],
    ['1e3', 1000],
    [' [ ] ', []],
  ])('accepts %j', (text, value) => {
    expect(parseJsonText(text)).toEqual(value);
  });

  it('does not repeat what was sent', () => {
    expect(() => parseJsonText('{"password": hunter2}')).toThrow(/^(?!.*hunter2)/);
  });
});

function escapes(text: string): string {
  return [...Array(text.length).keys()].map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}
