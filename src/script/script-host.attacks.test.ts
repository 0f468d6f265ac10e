import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import type { HostCall } from '../mapping/script-host.ts';
import { openScripts, type OpenScripts } from './testing/open-scripts.ts';

/** Each is run in the middle of a batch. The object must fail with this kind, its neighbours must not. */
const DEADLY: readonly (readonly [string, string, readonly string[]])[] = [
  ['an endless loop', 'while (true) {}', ['timeout']],
  ['an endless loop of promise jobs', '(function f() { Promise.resolve().then(f); })(); 1', ['timeout']],
  ['a loop that allocates', 'while (true) new Array(1000).fill(1.5)', ['timeout']],
  [
    'an array that fills the heap',
    'var a = []; while (true) a.push(new Array(10000).join("x").split(""))',
    ['memory', 'timeout'],
  ],
  [
    'buffers outside the heap',
    'var b = []; while (true) { var x = new Uint8Array(50000000); x.fill(1); b.push(x); }',
    ['memory', 'thrown', 'timeout'],
  ],
  ['a split into 268 million parts', '"x".repeat(268435440).split("").length', ['memory', 'timeout', 'thrown']],
  [
    'a slice of four thousand million',
    'Array.prototype.slice.call({length: 4294967295})',
    ['timeout', 'memory', 'thrown'],
  ],
  ['a catastrophic pattern', '/^(a+)+$/.test(new Array(40).join("a") + "!")', ['timeout']],
  ['endless logging', 'while (true) logger.info("x")', ['timeout']],
  ['endless calls', 'while (true) openidm.read("x")', ['timeout']],
  ['endless recursion through a call', '(function f() { openidm.read("x"); f(); })()', ['thrown', 'timeout']],
  ['a huge result', '"x".repeat(20000000)', ['result']],
];

/** What must not work: each gives what it found, and that must be nothing. */
const ESCAPES: readonly (readonly [string, string])[] = [
  ['the process by constructor', 'source.constructor.constructor("return typeof process")()'],
  ['the process by a built-in function', 'openidm.read.constructor("return typeof process")()'],
  [
    'the process by the error of a call',
    'var f; try { openidm.read({toJSON: function () { throw new Error("x"); }}); } catch (e) { f = e.constructor.constructor("return typeof process")(); } f',
  ],
  [
    'the process by the stack',
    'Error.prepareStackTrace = function (e, s) { return s; }; var s = new Error("x").stack; typeof s === "string" ? "undefined" : "stack " + s.length',
  ],
  [
    'the process by the caller',
    '(function f() { return f.caller === null || f.caller.caller === null ? "undefined" : "found"; })()',
  ],
  ['the process by the logger', 'logger.info.constructor("return typeof process")()'],
  [
    'the process by an exhausted stack',
    'var found = "undefined"; function f() { try { f(); } catch (e) { try { found = e.constructor.constructor("return typeof process")(); } catch (x) {} } } f(); found',
  ],
  [
    'the process by an exhausted stack in a call',
    'var found = "undefined"; function f() { try { logger.info("x"); f(); } catch (e) { try { found = e.constructor.constructor("return typeof process")(); } catch (x) {} } } f(); found',
  ],
  [
    'process, require of Node, timers',
    '[typeof process, typeof setTimeout, typeof fetch, typeof Buffer, typeof WebAssembly, typeof SharedArrayBuffer].join("") === "undefined".repeat(6) ? "undefined" : "found"',
  ],
  ['process by eval', 'eval("typeof process")'],
  ['the world by require', 'try { require("fs"); "fs" } catch (e) { "undefined" }'],
];

const POLLUTIONS: readonly (readonly [string, string, string])[] = [
  ['Object.prototype.polluted = 1', '({}).polluted', 'a prototype'],
  ['source.__proto__.polluted = 1', '({}).polluted', 'a prototype by __proto__'],
  ['var k = "__pro" + "to__"; source[k]["pol" + "luted"] = 1', '({}).polluted', 'a prototype by a name made up'],
  ['String.prototype.trim = function () { return "evil"; }; 1', '" a ".trim() === "a" ? null : "evil"', 'a method'],
  ['JSON.stringify = function () { return "evil"; }; 1', 'JSON.stringify(1) === "1" ? null : "evil"', 'a function'],
  [
    'Object.defineProperty(Object.prototype, "hidden", {get: function () { return 1; }, configurable: true}); 1',
    '({}).hidden',
    'a hidden member',
  ],
  ['Array.prototype.push = null; 1', 'var a = []; a.push(1); a.length === 1 ? null : "evil"', 'an array method'],
  [
    'this.polluted = 1; (function () { return this; })().other = 2; 1',
    'typeof polluted + typeof other === "undefinedundefined" ? null : "evil"',
    'globals',
  ],
  ['openidm.read = function () { return "evil"; }; 1', 'openidm.read("x")', 'openidm'],
  [
    'delete Object.prototype.toString; 1',
    '({}).toString() === "[object Object]" ? null : "evil"',
    'a method that is gone',
  ],
  ['Object = null; 1', 'typeof Object === "function" ? null : "evil"', 'a global that is replaced'],
];

function valueOf(result: unknown): unknown {
  const one = result as { readonly ok: boolean; readonly value: JsonObject; readonly fault: unknown };
  return one.ok ? one.value['value'] : one.fault;
}

describe('a script that', () => {
  it.each(DEADLY)('is %s fails its object and no other', { timeout: 60_000 }, async (_name, code, kinds) => {
    await using scripts = await openScripts(['source + 1', code], { limits: { timeoutMs: 250, memoryMiB: 64 } });
    const items = [1, 2, 3].map((source) => ({ slot: 0, variables: { source } }));
    const results = await scripts.calls([...items, { slot: 1 }, ...items]);
    expect(results.filter((_, i) => i !== 3).map(valueOf)).toEqual([2, 3, 4, 2, 3, 4]);
    expect(results[3]).toMatchObject({ ok: false, fault: { kind: expect.toBeOneOf([...kinds]) } });
  });

  describe('reaches for', () => {
    let escapes: OpenScripts;
    beforeAll(async () => {
      escapes = await openScripts([...ESCAPES.map(([, code]) => code), 'source + 1']);
    });
    afterAll(() => escapes[Symbol.asyncDispose]());

    it.each(ESCAPES.map(([name], slot) => ({ name, slot })))('$name finds nothing', async ({ slot }) => {
      const after = { slot: ESCAPES.length, variables: { source: 1 } };
      const [attack, next] = await escapes.calls([{ slot, variables: { source: {} } }, after]);
      expect(attack!.ok ? valueOf(attack) : attack!.fault.kind).toBeOneOf(['undefined', 'thrown']);
      expect(valueOf(next)).toBe(2);
    });
  });

  it.each(POLLUTIONS)('%s does not show in the next object', async (attack, probe) => {
    await using scripts = await openScripts([attack, probe]);
    const results = await scripts.calls([
      { slot: 0, variables: { source: {} } },
      { slot: 1, variables: { source: {} } },
      { slot: 1 },
    ]);
    expect(results.slice(1).map(valueOf)).toEqual([null, null]);
  });
});

describe('a script that wrote something', () => {
  it('and then hangs is not run a second time', async () => {
    const calls: HostCall[] = [];
    await using scripts = await openScripts(['openidm.create("managed/user", null, {}); while (true) {}', 'source'], {
      answer: async (call) => (calls.push(call), { ok: true, value: {} }),
    });
    const results = await scripts.calls([{ slot: 1 }, { slot: 0 }, { slot: 1 }]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(calls).toHaveLength(1);
  });

  it('is not run again because a later one hangs', async () => {
    const calls: HostCall[] = [];
    await using scripts = await openScripts(['openidm.create("managed/user", null, {}); 1', 'while (true) {}'], {
      answer: async (call) => (calls.push(call), { ok: true, value: {} }),
    });
    const results = await scripts.calls([{ slot: 0 }, { slot: 0 }, { slot: 1 }, { slot: 0 }]);
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false, true]);
    expect(calls).toHaveLength(3);
  });
});

describe('the faults of a stopped script', () => {
  it('name the script and the limit', async () => {
    await using scripts = await openScripts(['while (true) {}']);
    const [result] = await scripts.calls([{ slot: 0 }]);
    expect(result).toMatchObject({
      fault: { kind: 'timeout', place: 'script 0', file: 'script/s0.js', message: 'did not finish within 300 ms' },
    });
  });

  it('end a batch in which every object hangs after a bounded number of restarts', { timeout: 60_000 }, async () => {
    await using scripts = await openScripts(['while (true) {}'], { limits: { timeoutMs: 50, maxRestarts: 4 } });
    const results = await scripts.calls(Array.from({ length: 20 }, () => ({ slot: 0 })));
    expect(results.every(({ ok }) => !ok)).toBe(true);
    expect(results.at(-1)).toMatchObject({ fault: { message: expect.stringContaining('not tried') } });
  });

  it('bound the time spent in calls that are never answered', async () => {
    await using scripts = await openScripts(['openidm.read("x")', '1'], {
      limits: { hostCallMs: 300 },
      answer: () => new Promise(() => {}),
    });
    const results = await scripts.calls([{ slot: 0 }, { slot: 1 }]);
    expect(results).toMatchObject([
      { fault: { kind: 'timeout', message: expect.stringContaining('300 ms') } },
      { ok: true },
    ]);
  });
});
