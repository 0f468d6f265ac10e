import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScriptSource } from '../../mapping/script-host.ts';
import { applyEdits, columnShifts, Edits, originalColumn } from './edits.ts';
import { prepareModule } from './prepare-module.ts';
import { prepareScript } from './prepare-script.ts';

function source(code: string): ScriptSource {
  return { label: 'here', code, file: 'script/a.js', type: 'text/javascript', variables: ['source'], constants: {} };
}

function traits(code: string) {
  const prepared = prepareScript(source(code));
  if (!('script' in prepared)) throw new Error(prepared.message);
  const { mayMutate, reach, usesEval, hidden } = prepared.script;
  return { mayMutate, reach, usesEval, hidden };
}

describe('a rewritten script', () => {
  it('keeps every line and can be traced back to every column', () => {
    const edit = fc.tuple(fc.nat(30), fc.string({ unit: fc.constantFrom('<', '>'), minLength: 1, maxLength: 5 }));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 31, maxLength: 40 });
    fc.assert(
      fc.property(text, fc.uniqueArray(edit, { selector: ([at]) => at, maxLength: 5 }), (original, inserts) => {
        const edits = new Edits();
        for (const [at, insert] of inserts) edits.open(at, insert);
        const sorted = edits.sorted();
        const lines = applyEdits(original, sorted).split('\n');
        const shifts = columnShifts(original, sorted);
        const back = lines.map((line, l) =>
          [...line].flatMap((letter, c) =>
            /[<>]/.test(letter) ? [] : [[originalColumn(shifts, l + 1, c + 1), letter]],
          ),
        );
        expect(back).toEqual(original.split('\n').map((line) => [...line].map((letter, c) => [c + 1, letter])));
      }),
    );
  });
});

describe('what a script may do', () => {
  it.each([
    ['source.a + source.b.toLowerCase()', { mayMutate: false, reach: 'none', usesEval: false }],
    ['var x = {}; x.y = source; x', { mayMutate: true, reach: 'none' }],
    ['source.roles.push(1)', { mayMutate: true }],
    ['delete source.a', { mayMutate: true }],
    ['x = 1; y++; x', { mayMutate: false, reach: 'none', hidden: ['x', 'y', 'require', 'load'] }],
    ['function f() { z = 1; } f()', { hidden: ['z', 'require', 'load'] }],
    ['function f() { var z; z = 1; } f()', { hidden: ['require', 'load'] }],
    ['Math.max = 1', { reach: 'assign' }],
    ['this.x = 1', { reach: 'assign' }],
    ['source["constructor"]', { reach: 'assign' }],
    ['Object.defineProperty(source, "a", {})', { reach: 'define', mayMutate: true }],
    ['eval("1")', { reach: 'define', usesEval: true }],
  ])('%s', (code, expected) => {
    expect(traits(code)).toMatchObject(expected);
  });
});

describe('a module', () => {
  it('keeps its text; load() publishes what it declares', () => {
    const module = { file: 'a.js', code: 'var a = 1;\nfunction f() { var inner; }' };
    expect(prepareModule(module, 'require').code).toBe(module.code);
    expect(prepareModule(module, 'load').code).toMatch(/globalThis\.a = a;.*globalThis\.f = f;/);
  });

  it('with a fault says where', () => {
    expect(() => prepareModule({ file: 'lib/a.js', code: 'var x;\nvar = 1' }, 'require')).toThrow('lib/a.js:2:5');
  });
});
