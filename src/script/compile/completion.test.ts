import vm from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prepareScript } from './prepare-script.ts';

/** What the engine itself says is the completion value. */
function byEngine(code: string): unknown {
  return outcome(() => vm.runInNewContext(code, {}, { timeout: 2000 }));
}

function byRewriting(code: string): unknown {
  return outcome(() => {
    const prepared = prepareScript({
      label: 't',
      code,
      file: null,
      type: 'text/javascript',
      variables: [],
      constants: {},
    });
    if (!('script' in prepared)) throw new Error(prepared.message);
    const run = vm.compileFunction(prepared.script.body, [...prepared.script.hidden], {
      parsingContext: vm.createContext({}),
    }) as () => unknown;
    return run();
  });
}

function outcome(work: () => unknown): unknown {
  try {
    const value = work();
    return typeof value === 'function' ? 'function' : value;
  } catch (thrown) {
    return `threw ${String(thrown)}`;
  }
}

describe('the completion value', () => {
  it.each([
    ['5', 5],
    ['var qry = {a: 1}; qry;', { a: 1 }],
    ['var qry = {a: 1}; qry // done', { a: 1 }],
    ['if (true) { "a"; } else { "b"; }', 'a'],
    ['if (false) { 1; }', undefined],
    ['7; if (false) { 1; }', undefined],
    ['7; var x = 1;', 7],
    ['7; function f() {}', 7],
    ['7; {}', 7],
    ['7; { var a = 2; }', 7],
    ['for (var i = 0; i < 3; i++) { i * 2; }', 4],
    ['for (var i = 0; i < 3; i++) { if (i === 1) { "one"; break; } }', 'one'],
    ['do { 2; if (true) { break; } } while (false)', undefined],
    ['switch (2) { case 1: "a"; break; case 2: "b"; break; default: "c"; }', 'b'],
    ['try { 1; throw new Error("x"); } catch (e) { }', undefined],
    ['try { 1 } finally { 2 }', 1],
    ['do { try { 39 } finally { 42; break; } } while (false)', 42],
    ['outer: for (;;) { 1; for (;;) { 2; break outer; } }', 2],
    ['with ({a: 3}) { a; }', 3],
    ['"use strict"', 'use strict'],
    ['"use strict"; var a = 1;', 'use strict'],
    ['"use strict"; var a = 1; a', 1],
    ['(function () { return 9; })()', 9],
    ['(1, 2)', 2],
    ['let a = 1; const b = 2; a + b', 3],
    ['a: { 1; break a; }', 1],
    ['', undefined],
  ])('of %s', (code, expected) => {
    expect(byEngine(code)).toEqual(expected);
    expect(byRewriting(code)).toEqual(expected);
  });

  it('of a failed try is that of its catch, as ECMA-262 has it (V8 keeps the 5)', () => {
    expect(byRewriting('try { var x = 1; 5; var y = missing(); } catch (e) { }')).toBeUndefined();
  });

  it('is the one of the engine for any program', () => {
    fc.assert(
      fc.property(program, (code) => {
        expect(byRewriting(code)).toEqual(byEngine(code));
      }),
      { numRuns: 1500 },
    );
  });
});

describe('what OpenIDM scripts are written like', () => {
  it.each([
    ["{'_queryFilter': 'uid eq \"a\"'}", { _queryFilter: 'uid eq "a"' }],
    ["{'_queryId': 'x', 'uid': 1};", { _queryId: 'x', uid: 1 }],
    ['return 4;', 4],
    ['if (true) { return 1; } 2', 1],
    ['x = 5; x + 1', 6],
    ['function twice(n) { return n * 2; } twice(4)', 8],
    ['010', 8],
    ['// only a comment', undefined],
    ['#!/bin/js\n3', 3],
  ])('%s', (code, expected) => {
    expect(byRewriting(code)).toEqual(expected);
  });
});

const jump = fc.constantFrom('', '', 'break;', 'continue;', 'if (true) { 8; break; }', '9; continue;');

/** Small programs whose loops end: each loop counts in a variable of its own. */
const program = fc.letrec<{ list: string; statement: string }>((tie) => {
  const value = fc.nat(99).map((n) => `${n};`);
  const inner = fc.array(tie('statement'), { maxLength: 3 }).map((all) => all.join(' '));
  // Neither small by preference nor shrunk: two loops that share a counter may never end.
  const name = fc.noShrink(fc.noBias(fc.nat(1_000_000_000))).map((n) => `i${n}`);
  const loop = (shape: (counter: string, body: string) => string) =>
    fc.tuple(name, inner, jump).map(([counter, body, last]) => shape(counter, `${body} ${last}`));
  const statement = fc.oneof(
    { maxDepth: 4 },
    value,
    fc.constantFrom('var v = 1;', ';', 'true', '({a: 1});', 'let_ = 2;').map((s) => `${s}\n`),
    inner.map((body) => `{ ${body} }`),
    fc.tuple(fc.boolean(), inner, inner).map(([c, a, b]) => `if (${c}) { ${a} } else { ${b} }`),
    fc.tuple(fc.boolean(), value).map(([c, a]) => `if (${c}) ${a}`),
    loop((i, body) => `for (var ${i} = 0; ${i} < 2; ${i}++) { ${body} }`),
    loop((i, body) => `var ${i} = 0; while (${i}++ < 2) { ${body} }`),
    loop((i, body) => `var ${i} = 0; do { ${body} } while (${i}++ < 1)`),
    loop((i, body) => `for (var ${i} in {a: 1, b: 2}) { ${body} }`),
    loop((i, body) => `L${i}: for (var ${i} of [1, 2]) { for (var k${i} of [1, 2]) { ${body} continue L${i}; } }`),
    fc.tuple(fc.nat(2), inner, inner).map(([n, a, b]) => `switch (${n}) { case 0: ${a} case 1: ${b} break; default: }`),
    fc
      .tuple(inner, fc.boolean(), inner)
      .map(([a, t, b]) => `try { ${a} ${t ? 'throw 1;' : ''} } catch (e) { 6; ${b} }`),
    fc.tuple(inner, inner).map(([a, b]) => `try { ${a} } finally { ${b} }`),
    fc.tuple(name, inner).map(([l, a]) => `B${l}: { ${a} if (true) { break B${l}; } }`),
    inner.map((a) => `with ({q: 1}) { ${a} }`),
  );
  return { statement, list: fc.array(tie('statement'), { minLength: 1, maxLength: 4 }).map((all) => all.join(' ')) };
}).list;
