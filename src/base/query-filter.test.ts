import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from './failure.ts';
import type { Json, JsonObject } from './json.ts';
import { anyFilter, anyJson } from './query-filter.arbitrary.ts';
import { compileFilter, formatFilter, matches, parseFilter, type Filter } from './query-filter.ts';

const exact = { caseSensitive: true };
const relaxed = { caseSensitive: false };

function eq(name: string, value: string | number | boolean): Filter {
  return { kind: 'compare', operator: 'eq', pointer: [name], value };
}

describe('parseFilter', () => {
  test.each<[string, Filter]>([
    ['userName eq "jdoe"', eq('userName', 'jdoe')],
    ["/userName EQ 'jdoe'", eq('userName', 'jdoe')],
    ['a eq "say \\"hi\\" \\\\ \\n"', eq('a', 'say "hi" \\ n')],
    ['a eq true', eq('a', true)],
    ['a eq FALSE', eq('a', false)],
    ['a eq 12', eq('a', 12)],
    ['a eq -1.5e3', eq('a', -1500)],
    ['a eq .5', eq('a', 0.5)],
    ['TRUE', { kind: 'always', value: true }],
    ['/name/first pr', { kind: 'present', pointer: ['name', 'first'] }],
    ['/a~1b pr', { kind: 'present', pointer: ['a/b'] }],
    ['"/postal address" PR', { kind: 'present', pointer: ['postal address'] }],
    ['!(a eq 1)', { kind: 'not', part: eq('a', 1) }],
    ['! a eq 1', { kind: 'not', part: eq('a', 1) }],
    ['mail ew ".org"', { kind: 'compare', operator: 'ew', pointer: ['mail'], value: '.org' }],
    [
      'a eq 1 or b eq 2 AND c eq 3',
      { kind: 'or', parts: [eq('a', 1), { kind: 'and', parts: [eq('b', 2), eq('c', 3)] }] },
    ],
    [
      '(a eq 1 or b eq 2)and c eq 3',
      { kind: 'and', parts: [{ kind: 'or', parts: [eq('a', 1), eq('b', 2)] }, eq('c', 3)] },
    ],
  ])('reads %s', (text, filter) => {
    expect(parseFilter(text)).toEqual(filter);
  });

  test.each([
    ['', 'position 1', 'the end'],
    ['a', 'position 2', 'an operator'],
    ['a eq', 'position 5', 'a text in quotes'],
    ['a ne 1', 'position 3', 'an operator (pr, eq'],
    ['a eq null', 'position 6', 'found "null"'],
    ['a eq 1e3', 'position 6', 'found "1e3"'],
    ['a eq 9223372036854775808', 'position 6', 'a number'],
    ['a eq "x', 'position 6', 'without its closing quote'],
    ['(a pr', 'position 6', '")"'],
    ['a pr)', 'position 5', 'the end'],
    ['a pr b pr', 'position 6', '"and", "or"'],
    ['!!a pr', 'position 2', '"!"'],
    ['a\teq 1', 'position 6', 'an operator'],
  ])('refuses %j and says where', (text, position, hint) => {
    const refused = refusalOf(text);
    expect(refused.code).toBe('bad-request');
    expect(refused.message).toContain(
      `The value '${text}' for parameter '_queryFilter' could not be parsed as a valid query filter`,
    );
    expect(refused.message).toContain(position);
    expect(refused.message).toContain(hint);
  });

  test('nests 256 levels and no more', () => {
    expect(parseFilter(`${'('.repeat(256)}a pr${')'.repeat(256)}`)).toEqual({ kind: 'present', pointer: ['a'] });
    expect(refusalOf(`${'('.repeat(257)}a pr${')'.repeat(257)}`).message).toContain('256 levels');
    expect(refusalOf('!('.repeat(100_000)).code).toBe('bad-request');
  });

  test('any text is read or refused, never an accident', () => {
    const words = fc.constantFrom('(', ')', '!', 'and', 'or', 'eq', 'pr', 'a', '"x"', "'", '\\', '1', ' ', 'true');
    const text = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 12 }).map((list) => list.join(' ')),
    );
    fc.assert(
      fc.property(text, (text) => {
        expect([null, 'bad-request']).toContain(refusalCode(text));
      }),
      { numRuns: 500 },
    );
  });

  test('formatFilter writes what parseFilter reads back', () => {
    fc.assert(
      fc.property(anyFilter, (filter) => {
        fc.pre(isExpressible(filter));
        expect(parseFilter(formatFilter(filter))).toEqual(filter);
      }),
      { numRuns: 500 },
    );
  });
});

describe('matches', () => {
  const object: JsonObject = {
    name: 'Ann',
    age: 30,
    isActive: true,
    mail: ['ann@example.org', 'a@example.com', 7],
    none: [],
    nothing: null,
    address: { city: 'Oslo' },
    phones: [{ type: 'home' }],
  };
  test.each<[string, boolean, boolean]>([
    ['name eq "Ann"', true, true],
    ['name eq "ann"', false, true],
    ['name sw "A"', true, true],
    ['name co "NN"', false, true],
    ['name ew "n"', true, true],
    ['name gt "Ana"', true, true],
    ['name lt "a"', true, false],
    ['age eq 30', true, true],
    ['age eq 30.0', true, true],
    ['age eq "30"', false, false],
    ['age ge 30 and age le 30 and !(age gt 30) and !(age lt 30)', true, true],
    ['age co 3', false, false],
    ['isActive eq true', true, true],
    ['isActive eq "true"', false, false],
    ['isActive ge false', false, false],
    ['mail eq "a@example.com"', true, true],
    ['mail eq 7', true, true],
    ['mail ca "a@example.com"', true, true],
    ['mail ew ".org"', true, true],
    ['/mail/1 eq "a@example.com"', true, true],
    ['/mail/5 pr', false, false],
    ['none pr', false, false],
    ['nothing pr', false, false],
    ['missing pr', false, false],
    ['!(missing eq 1)', true, true],
    ['missing lt 1', false, false],
    ['/address/city eq "Oslo"', true, true],
    ['/phones/0/type eq "home"', true, true],
    ['/phones/type eq "home"', false, false],
    ['address pr', true, true],
    ['address co "Oslo"', false, false],
    ['toString pr', false, false],
    ['true', true, true],
    ['false', false, false],
  ])('%s: %s exactly, %s regardless of case', (text, exactly, regardless) => {
    expect(matches(parseFilter(text), object, exact)).toBe(exactly);
    expect(matches(parseFilter(text), object, relaxed)).toBe(regardless);
  });

  test('is total and agrees with its compiled form', () => {
    fc.assert(
      fc.property(anyFilter, anyJson, fc.boolean(), (filter: Filter, value: Json, caseSensitive: boolean) => {
        const compiled = compileFilter(filter, { caseSensitive })(value);
        expect(matches(filter, value, { caseSensitive })).toBe(compiled);
        expect(matches({ kind: 'not', part: filter }, value, { caseSensitive })).toBe(!compiled);
      }),
      { numRuns: 500 },
    );
  });
});

/** Null if the text is a filter. */
function refusalCode(text: string): unknown {
  try {
    parseFilter(text);
    return null;
  } catch (thrown) {
    return thrown instanceof Failure ? thrown.code : thrown;
  }
}

function refusalOf(text: string): Failure {
  try {
    parseFilter(text);
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
  }
  throw new Error(`was not refused: ${text}`);
}

/** The single token `''` looks like the root. */
function isExpressible(filter: Filter): boolean {
  if ('parts' in filter) return filter.parts.every(isExpressible);
  if ('part' in filter) return isExpressible(filter.part);
  return filter.kind === 'always' || filter.pointer.length !== 1 || filter.pointer[0] !== '';
}
