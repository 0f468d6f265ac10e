import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { compileTemplate } from './expression.ts';

const VARIABLES: JsonObject = {
  name: 'ann',
  count: 3,
  text: '7',
  yes: true,
  saysYes: 'true',
  nothing: null,
  user: { mail: 'a@x', groups: ['hr', 'it'], inner: { deep: 1 } },
  list: ['a', 'b'],
  empty: 5,
};

describe('an expression', () => {
  it.each<[string, Json]>([
    ["${name == 'ann'}", true],
    ['${name == "ann" && count > 2}', true],
    ["${name eq 'bob' or not (count le 2)}", true],
    ["${!(name == 'ann')}", false],
    ['${count == "3"}', true],
    ['${text > 5}', true],
    ["${'10' > '9'}", true],
    ["${'b' > 'a'}", true],
    ['${yes == "true"}', true],
    ['${saysYes == true}', true],
    ['${yes}', true],
    ['${nothing == null}', true],
    ['${nothing != null}', false],
    ['${nothing > 1}', false],
    ['${user.mail}', 'a@x'],
    ["${user['mail']}", 'a@x'],
    ['${user.inner.deep + 1}', 2],
    ['${user.missing}', null],
    ['${user.missing.more}', null],
    ['${user.groups.contains("it")}', true],
    ['${user.groups[1]}', 'it'],
    ['${list.size()}', 2],
    ['${list}', ['a', 'b']],
    ['${empty user.missing}', true],
    ['${empty list}', false],
    ['${empty + 1}', 6],
    ['${not empty(name)}', true],
    ["${count > 2 ? 'many' : 'few'}", 'many'],
    ['${count * 2 + 1}', 7],
    ['${-count}', -3],
    ['${7 mod 4 div 2}', 1.5],
    ["${name + '!'}", 'ann!'],
    ["${execution.getVariable('name')}", 'ann'],
    ["${execution.hasVariable('nobody')}", false],
    ['${name.toUpperCase()}', 'ANN'],
    ["${'}' == '}'}", true],
    ["${'it\\'s'}", "it's"],
    ['#{count}', 3],
    [' ${count} ', 3],
    ['dear ${name}, ${count} of ${list}', 'dear ann, 3 of ["a","b"]'],
    ['no expression', 'no expression'],
    ['${nothing}!', '!'],
    ['$5 {x}', '$5 {x}'],
  ])('%s is %j', (template, value) => {
    expect(compileTemplate(template)(VARIABLES)).toEqual(value);
  });

  it.each([
    ['${nobody == 1}', 'there is no variable "nobody"'],
    ['${name - 1}', 'is not a number'],
    ['${count / 0}', 'is not a number'],
    ['${constructor}', 'there is no variable "constructor"'],
    ['${__proto__.x}', 'there is no variable "__proto__"'],
  ])('%s fails when it is evaluated: %s', (template, message) => {
    const expression = compileTemplate(template);
    expect(() => expression(VARIABLES)).toThrow(message);
  });

  it('never reaches what an object inherits', () => {
    for (const member of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
      expect(compileTemplate(`\${user.${member}}`)(VARIABLES)).toBeNull();
  });

  it.each([
    ['${name ==}', 'at character 8: it ends too early'],
    ['${name name}', '"name" is not expected there'],
    ['${(name}', 'it ends too early'],
    ['${a;b}', 'cannot be read at character 2'],
    ['${runtimeService.start("x")}', 'there is no method "start"'],
    [`\${${'('.repeat(100)}1${')'.repeat(100)}}`, 'nested too deeply'],
    [`\${${'!'.repeat(1000)}yes}`, 'nested too deeply'],
    ['x'.repeat(10_001), 'at most 10000 characters'],
  ])('%s cannot be read: %s', (template, message) => {
    expect(() => compileTemplate(template)).toThrow(message);
  });

  it('gives a value or a failure for any text', () => {
    const pieces = fc.constantFrom(
      '${',
      '}',
      'name',
      '==',
      "'",
      '"',
      '(',
      ')',
      '&&',
      '!',
      '.',
      '[',
      ']',
      ' ',
      '1',
      '?',
      ':',
      'empty',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        expect(outcomeOf(() => compileTemplate(parts.join(''))(VARIABLES))).toBe('told');
      }),
      { numRuns: 2000 },
    );
  });
});

/** `told`: a value that is JSON, or a failure. */
function outcomeOf(evaluate: () => Json): string {
  try {
    return evaluate() === undefined ? 'nothing' : 'told';
  } catch (error) {
    return error instanceof Failure ? 'told' : String(error);
  }
}
