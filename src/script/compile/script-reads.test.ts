import { describe, expect, it } from 'vitest';
import { isJsonObject } from '../../base/json.ts';
import { prepareScript } from './prepare-script.ts';

function reads(code: string): unknown {
  const prepared = prepareScript({
    label: 'test',
    code,
    file: null,
    type: 'text/javascript',
    variables: ['source', 'target', 'linkQualifier'],
    constants: { domain: 'example.com' },
  });
  if (!('script' in prepared)) throw new Error(prepared.message);
  if (prepared.reads === null) return null;
  return Object.fromEntries(
    [...prepared.reads].map(([name, members]) => [name, members === null ? 'all' : [...members]]),
  );
}

describe('what a script reads', () => {
  it.each<[string, unknown]>([
    ['source.mail.toLowerCase()', { source: ['mail'] }],
    [`source.givenName + ' ' + source['sn']`, { source: ['givenName', 'sn'] }],
    ['source', { source: 'all' }],
    ['source.mail; source', { source: 'all' }],
    ['source[linkQualifier]', { source: 'all', linkQualifier: 'all' }],
    ['source.hasOwnProperty("x")', { source: 'all' }],
    [`source.uid + '@' + domain`, { source: ['uid'] }],
    ['1 + 1', {}],
    [
      `var list = []; for (var i = 0; i < source.groups.length; i++) list.push(source.groups[i]); list`,
      { source: ['groups'] },
    ],
    [`var parts = source.mail.split('@'); parts.pop(); parts.join()`, { source: ['mail'] }],
    ['source.groups.slice().sort()', { source: ['groups'] }],
    [`var o = {}; o.a = source.a; o['b'] = source.b; o`, { source: ['a', 'b'] }],
    [`function f(x) { return x.trim(); } f(source.sn)`, { source: ['sn'] }],
    [`source.groups.map(function (dn) { return dn.split(',')[0]; })`, { source: ['groups'] }],
    [`(function () { return source.uid.substring(0, 3); })()`, { source: ['uid'] }],
    [`var x = source; x.uid`, { source: 'all' }],
    ['source?.mail', { source: ['mail'] }],
    ['new Date().getTime() > Date.parse(source.end)', { source: ['end'] }],
  ])('%s', (code, expected) => {
    expect(reads(code)).toEqual(expected);
  });

  it.each([
    'openidm.read("managed/user/x")',
    'logger.info("x"); source.mail',
    'require("x")',
    'java.lang.System.out.println("x")',
    'this.x',
    'eval("1")',
    'source.mail = 1',
    'delete source.mail',
    'source.groups.sort()',
    'source.groups.push(1)',
    'var groups = source.groups; groups.push(1)',
    'var list = []; list = source.groups; list.push(1)',
    'var o = { list: source.groups }; o.list.push(1)',
    'var list = source.objects.slice(); list[0].x = 1',
    'function f(x) { x.y = 1; } f(source)',
    'source.objects.forEach(function (one) { one.x = 1; })',
    'for (source.x in { a: 1 }) {}',
    'for (var one of source.objects) one.x = 1',
    'Math.x = 1',
    'Math = 1',
    'String.prototype.trim.call(source.a)',
    'source.list["pu" + "sh"](1)',
    'unknown(source)',
    'function f(openidm) {} openidm.read("x")',
    'with (source) { mail }',
    '[source.list][0].push(1)',
    'var push = source.list.push; push.call(source.list, 1)',
    'source.count++',
  ])('is not certain: %s', (code) => {
    expect(reads(code)).toBeNull();
  });

  it('is told for each variable by itself', () => {
    const found = reads('source.a + target.b');
    expect(isJsonObject(found)).toBe(true);
    expect(found).toEqual({ source: ['a'], target: ['b'] });
  });
});
