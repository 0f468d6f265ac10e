import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { HostCall } from '../mapping/script-host.ts';
import { createScriptHost } from './script-host.ts';
import { openScripts, scriptSource, type OpenOptions, type OpenScripts } from './testing/open-scripts.ts';

async function evaluate(code: string, variables: JsonObject = {}, options: OpenOptions = {}): Promise<Json> {
  await using scripts = await openScripts([code], options);
  return await scripts.value(variables);
}

async function faultOf(code: string, options: OpenOptions = {}) {
  await using scripts = await openScripts([code], options);
  const [result] = await scripts.calls([{ slot: 0, variables: { source: { name: 'Ann' } } }]);
  return result!.ok ? null : result!.fault;
}

describe('scripts of the reference', () => {
  const cases: readonly (readonly [string, JsonObject, Json])[] = [
    ['(object.email != null)', { object: { email: 'a@b' } }, true],
    ["source.lastName +', ' + source.firstName;", { source: { lastName: 'L', firstName: 'F' } }, 'L, F'],
    ["target.employeeType == 'internal'", { target: { employeeType: 'internal' } }, true],
    [
      "var qry = {'_queryId' : 'for-userName', 'uid' : source.name}; qry;",
      { source: { name: 'n' } },
      { _queryId: 'for-userName', uid: 'n' },
    ],
    ['if (source.myGivenName)\n {source.myGivenName;} else {source.givenName;}', { source: { givenName: 'G' } }, 'G'],
    ['source.toLowerCase()', { source: 'ABC' }, 'abc'],
    ['source.missing', { source: {} }, null],
    ['linkQualifier', {}, null],
    ['new Date(0)', {}, '1970-01-01T00:00:00.000Z'],
    ['[1, undefined, 2.0]', {}, [1, null, 2]],
    [
      'openidm.isEncrypted(source) + " " + openidm.isHashed(source)',
      { source: { $crypto: { type: 'salted-hash', value: {} } } },
      'true true',
    ],
    ['openidm.decrypt(source)', { source: { a: ['plain'] } }, { a: ['plain'] }],
    [
      '"a".equals("a") && "A".equalsIgnoreCase("a") && "".isEmpty() && "abc".contains("b") && [1].size() === 1',
      {},
      true,
    ],
    ['var s = ""; for each (var v in {a: "x", b: "y"}) { s += v; } s', {}, 'xy'],
    ['var n = 0; for each (n in [1, 2]); n', {}, 2],
    [
      'typeof java.util.UUID.randomUUID().toString() + java.lang.System.currentTimeMillis().constructor.name',
      {},
      'stringNumber',
    ],
    ['org.forgerock.openidm.util.DateUtil.getDateUtil().now().length', {}, 24],
    ['eval("1 + 1")', {}, 2],
    ['let source = 5; source', { source: 1 }, 5],
  ];
  let scripts: OpenScripts;
  beforeAll(async () => {
    scripts = await openScripts(cases.map(([code]) => code));
  });
  afterAll(() => scripts[Symbol.asyncDispose]());

  it.each(cases.map(([code, variables, expected], slot) => ({ code, variables, expected, slot })))(
    '$code',
    async ({ slot, variables, expected }) => {
      expect(await scripts.calls([{ slot, variables }])).toMatchObject([{ ok: true, value: { value: expected } }]);
    },
  );
});

describe('variables', () => {
  it('that a hook changes come back as JSON', async () => {
    await using scripts = await openScripts([
      'target.mail = source.mail; target.at = new Date(0); delete target.x; target.u = undefined;',
    ]);
    const [result] = await scripts.calls([{ slot: 0, variables: { source: { mail: 'a@b' }, target: { x: 1 } } }]);
    expect(result).toMatchObject({
      ok: true,
      value: { variables: { target: { mail: 'a@b', at: '1970-01-01T00:00:00.000Z' } } },
    });
    expect(JSON.stringify(result)).not.toContain('"x"');
  });

  it('fixed by the script object are fresh in each call and give way to those of the place', async () => {
    await using scripts = await openScripts(['list.push(1); list.length + "/" + source + "/" + size'], {
      constants: { list: [0], source: 'constant', size: 3, 'not-a-name': 1, class: 2 },
    });
    expect(await scripts.value({ source: 'place' })).toBe('2/place/3');
    expect(await scripts.value({ source: 'place' })).toBe('2/place/3');
  });

  it('without a declaration do not survive the object', async () => {
    await using scripts = await openScripts([
      'leak = (typeof leak === "undefined" ? 1 : leak + 1)',
      'this.g = (this.g || 0) + 1; g',
    ]);
    const results = await scripts.calls([{ slot: 0 }, { slot: 0 }, { slot: 1 }, { slot: 1 }]);
    expect(results.map((one) => (one.ok ? (one.value as JsonObject)['value'] : one.fault))).toEqual([1, 1, 1, 1]);
  });

  it('belong to the realm of the scripts', async () => {
    expect(await evaluate('source instanceof Object && source.list instanceof Array', { source: { list: [] } })).toBe(
      true,
    );
  });
});

describe('openidm', () => {
  it('calls arrive with their arguments and mode, and answers come back', async () => {
    const calls: HostCall[] = [];
    await using scripts = await openScripts(
      [
        'openidm.create("managed/user", null, {a: 1}); openidm.action("sync", "performAction", {x: 1}); openidm["delete"]("a/b", null).id',
      ],
      { answer: async (call) => (calls.push(call), { ok: true, value: { id: 7 } }) },
    );
    const [result] = await scripts.calls([{ slot: 0 }], 'plan');
    expect(result).toMatchObject({ value: { value: 7 } });
    expect(calls).toEqual([
      { name: 'openidm.create', args: ['managed/user', null, { a: 1 }], mode: 'plan' },
      { name: 'openidm.action', args: ['sync', 'performAction', { x: 1 }], mode: 'plan' },
      { name: 'openidm.delete', args: ['a/b', null], mode: 'plan' },
    ]);
  });

  it('errors are exceptions with code, message and detail; a missing object reads as null', async () => {
    const answer = async ({ name }: HostCall) => {
      if (name === 'openidm.read') throw new Failure('not-found', 'no such object');
      throw new Failure('denied', 'policy', { detail: { result: false } });
    };
    const code =
      'var r = openidm.read("x"); try { openidm.update("x", null, {}); } catch (e) { [r, e.code, e.message, e.detail.result, e instanceof Error]; }';
    expect(await evaluate(code, {}, { answer })).toEqual([null, 403, 'policy', false, true]);
    expect(await faultOf('openidm.update("x", null, {})', { answer })).toMatchObject({
      kind: 'thrown',
      thrown: { code: 403, message: 'policy', detail: { result: false } },
      line: 1,
    });
  });

  it('a script that is called by what another script does gets its turn', async () => {
    const depths: number[] = [];
    const scripts = await openScripts(['source > 0 ? openidm.create("x", null, source) : 0'], {
      answer: async ({ args }) => {
        depths.push(args[2] as number);
        return { ok: true, value: await scripts.value({ source: (args[2] as number) - 1 }) };
      },
    });
    await using _ = scripts;
    expect(await scripts.value({ source: 3 })).toBe(0);
    expect(depths).toEqual([3, 2, 1]);
    await expect(scripts.value({ source: 30 })).rejects.toThrow('more than 8 deep');
  });

  it('logger and System.out reach the answering side', async () => {
    const lines: string[] = [];
    const code =
      'logger.info("user {} has {}", "ann", {a: 1}); console.log("x", 2); java.lang.System.out.println("out"); 1';
    await evaluate(
      code,
      {},
      { answer: async ({ name, args }) => (lines.push(`${name} ${args[0]}`), { ok: true, value: null }) },
    );
    expect(lines).toEqual(['logger.info user ann has {"a":1}', 'logger.info x 2', 'logger.info out']);
  });
});

describe('modules', () => {
  it('are loaded once, may need each other, and see their own exports', async () => {
    const modules = {
      'a.js':
        'exports.name = "a"; var b = require("./b"); exports.both = function () { return "a" + b.name; }; exports.loads = (exports.loads || 0) + 1;',
      'b.js': 'var a = require("./a"); module.exports = { name: "b of " + a.name };',
      'data.json': '{"x": [1]}',
    };
    await using scripts = await openScripts(['var a = require("a"); [a.both(), a.loads, require("data").x[0]]'], {
      modules,
    });
    expect(await scripts.value()).toEqual(['ab of a', 1, 1]);
    expect(await scripts.value()).toEqual(['ab of a', 1, 1]);
  });

  it('may add to built-ins for good; load() makes names global', async () => {
    const modules = {
      'lib.js': 'String.prototype.shout = function () { return this + "!"; };',
      'old.js': 'try { none(); } catch (e) {} var twice = function (n) { return 2 * n; }',
    };
    await using scripts = await openScripts(['require("lib"); load("old.js"); "a".shout() + twice(2)'], { modules });
    expect(await scripts.value()).toBe('a!4');
    expect(await scripts.value()).toBe('a!4');
  });

  it('that are missing or broken are errors of the script, with the place', async () => {
    const modules = { 'bad.js': 'var x = ;', 'throws.js': 'exports.f = function () {\n  return nothing.here;\n};' };
    expect(await faultOf('require("none")', { modules })).toMatchObject({
      message: 'module "none" not found (asked for by script/s0.js)',
    });
    expect(await faultOf('require("bad")', { modules })).toMatchObject({
      message: 'script/bad.js:1:9: Unexpected token',
    });
    expect(await faultOf('require("throws").f()', { modules })).toMatchObject({
      file: 'script/throws.js',
      line: 2,
      column: 3,
    });
  });
});

describe('faults', () => {
  it('say where, in the text as its author wrote it', async () => {
    const code = 'var a = 1;\nif (a) {\n  /* é */ source.missing.name;\n}';
    expect(await faultOf(code)).toMatchObject({
      kind: 'thrown',
      place: 'script 0',
      file: 'script/s0.js',
      line: 3,
      column: 26,
    });
    expect(await faultOf("{'a': source.missing.name}")).toMatchObject({ line: 1, column: 22 });
  });

  const cases: readonly (readonly [string, object])[] = [
    ['throw "text"', { kind: 'thrown', message: 'text', thrown: 'text' }],
    [
      'throw {code: 403, message: "no", detail: {a: 1}}',
      { message: 'no', thrown: { code: 403, message: 'no', detail: { a: 1 } } },
    ],
    ['throw null', { message: 'null' }],
    ['throw {get message() { throw 1; }}', { message: 'something that cannot be shown' }],
    ['(function () {})', { kind: 'result', message: expect.stringContaining('a function') }],
    ['({a: [1, 0 / 0]})', { kind: 'result', message: expect.stringContaining('NaN at /a/1') }],
    ['var o = {}; o.o = o; o', { kind: 'result', message: expect.stringContaining('contains itself') }],
    ['source.f = function () {}; 1', { kind: 'result', message: expect.stringContaining('a function at /f') }],
    ['Promise.resolve(1)', { kind: 'result', message: expect.stringContaining('a Promise') }],
    [
      'new java.text.SimpleDateFormat("x")',
      { message: expect.stringContaining('java.text.SimpleDateFormat is not available') },
    ],
    ['importClass(java.io.File)', { message: expect.stringContaining('there is no Java here') }],
    ['import("fs")', { kind: 'syntax', message: expect.stringContaining('use `require`') }],
    ['var x = ;', { kind: 'syntax', line: 1, column: 9 }],
    ['new Array(-1)', { message: 'RangeError: Invalid array length' }],
  ];
  let scripts: OpenScripts;
  beforeAll(async () => {
    scripts = await openScripts(cases.map(([code]) => code));
  });
  afterAll(() => scripts[Symbol.asyncDispose]());

  it.each(cases.map(([code, fault], slot) => ({ code, fault, slot })))('$code', async ({ slot, fault }) => {
    expect(await scripts.calls([{ slot, variables: { source: {} } }])).toMatchObject([{ ok: false, fault }]);
  });

  it('of all scripts are found without running them', () => {
    const host = createScriptHost({ log: { write: () => {} } });
    const groovy = { ...scriptSource('println 1'), type: 'groovy', file: 'script/x.groovy' };
    const faults = host.check([scriptSource('1 +'), scriptSource('while (true) {}'), groovy]);
    expect(faults.map(({ kind }) => kind)).toEqual(['syntax', 'unsupported']);
    expect(faults[1]!.message).toContain('script/x.groovy');
  });
});

describe('batches', () => {
  it('of any size come back complete and in order', async () => {
    await using scripts = await openScripts(['source.n * 2', 'source.text.length']);
    const sources = Array.from({ length: 3000 }, (_, n) => ({ n, text: 'x'.repeat(n % 1500) }));
    const results = await scripts.every(sources);
    expect(results).toEqual(sources.map(({ n, text }) => ({ ok: true, value: [n * 2, text.length] })));
  });

  it('carry any text', async () => {
    const text = '\u{1F600} é \u2028 " \\ \uD800 __proto__';
    expect(await evaluate('source', { source: { text, __proto__x: 1 } })).toEqual({ text, __proto__x: 1 });
    expect(await evaluate('source', { source: JSON.parse('{"__proto__": {"a": 1}}') as Json })).toEqual(
      JSON.parse('{"__proto__": {"a": 1}}'),
    );
  });

  it('wait for each other', async () => {
    await using scripts = await openScripts(['openidm.read("x") + source'], {
      answer: async () => ({ ok: true, value: 1 }),
    });
    const values = await Promise.all([1, 2, 3].map((source) => scripts.value({ source })));
    expect(values).toEqual([2, 3, 4]);
  });

  it('can be canceled', async () => {
    await using scripts = await openScripts(['while (true) {}', '1'], { limits: { timeoutMs: 20_000 } });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 400);
    await expect(scripts.calls([{ slot: 0 }], 'live', stop.signal)).rejects.toMatchObject({ code: 'canceled' });
    expect(await scripts.calls([{ slot: 1 }])).toMatchObject([{ ok: true }]);
  });
});
