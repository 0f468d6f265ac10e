import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { buildRealm } from '../child/build-realm.ts';
import type { RealmHost } from '../realm/realm.ts';
import { REALM_GLOBALS, undefinedNames } from './undefined-names.ts';

const names = (code: string): readonly string[] =>
  undefinedNames(code, ['source', 'linkQualifier']).map(({ name }) => name);

describe('a name that means nothing', () => {
  it.each([
    ['target.mail', ['target']],
    ['source.mail + tagret', ['tagret']],
    ['if (source.a) { missing() }', ['missing']],
    ['({ a: source.a, b: oops, short })', ['oops', 'short']],
    ['var f = function (a) { return a + b; }; f(1)', ['b']],
    ['try { source.x() } finally { gone }', ['gone']],
    ['try { source.x() } catch (e) { gone }', ['gone']],
    ['source[key]', ['key']],
    ['`${nobody}`', ['nobody']],
    ['count += 1; total.x', ['total']],
  ])('%s: %j', (code, found) => {
    expect(names(code)).toEqual(found);
  });

  it.each([
    'source.target',
    'typeof target === "undefined" ? null : target.mail',
    'try { target.mail } catch (e) { null }',
    'found = source.a; found',
    'for (i = 0; i < 3; i++) source[i]',
    'for (key in source) key',
    'for each (value in source) value',
    '[a, b] = source.list; a + b',
    'var { mail: m, ...rest } = source; m + rest',
    'function f(a, { b }, ...c) { return a + b + c + arguments.length; } f(1)',
    'class A { m() { return 1; } } new A()',
    'outer: for (;;) { break outer; }',
    'late(); function late() {}',
    'undefined === source ? NaN : Infinity',
    'require("script/a.js").b + openidm.read("x").c + java.lang.System.currentTimeMillis()',
    'load("script/names.js"); fromThere',
    'with (source) { mail }',
    'eval("var x = 1"); x',
    'globalThis.shared = 1; shared',
    "{'_queryFilter': 'a eq \"' + source.b + '\"'}",
    'identityServer.getProperty("a"); logger.info("x"); console.log(linkQualifier)',
  ])('%s: none', (code) => {
    expect(names(code)).toEqual([]);
  });

  it('is told with its place', () => {
    expect(undefinedNames('source;\n  target.mail; target', ['source'])).toEqual([
      { name: 'target', line: 2, column: 3 },
    ]);
    expect(undefinedNames('{"a": target}', [])).toEqual([{ name: 'target', line: 1, column: 7 }]);
  });
});

it('what is global is what the realm of scripts has', () => {
  const host: RealmHost = {
    call: () => 'null',
    log: () => {},
    findModule: () => '{"ok":false,"message":""}',
    compileModule: () => '',
    randomUuid: () => '',
  };
  const { context } = buildRealm(host, { allowEval: false });
  const real = vm.runInContext('Object.getOwnPropertyNames(globalThis)', context) as readonly string[];
  expect([...REALM_GLOBALS].toSorted()).toEqual([...real].toSorted());
});
