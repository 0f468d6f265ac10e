import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scriptEffects, type ScriptEffects } from './script-effects.ts';

function effects(code: string): ScriptEffects {
  const found = scriptEffects(code, ['source', 'target', 'object', 'oldTarget']);
  if (found === null) throw new Error(`does not parse: ${code}`);
  return found;
}

describe('whether a value differs each time', () => {
  it.each([
    ['Math.random()', 'random'],
    ["'x' + Math.floor(Math.random() * 10)", 'random'],
    ['java.util.UUID.randomUUID().toString()', 'random'],
    ['new java.security.SecureRandom().nextInt()', 'random'],
    ['new Date()', 'time'],
    ['Date.now()', 'time'],
    ['java.lang.System.currentTimeMillis()', 'time'],
    ['var now = new Date(); now.toISOString()', 'time'],
    ['var d; d = new Date(); d.setDate(d.getDate() + 30); d.getTime()', 'time'],
    ['(function () { return source + Date.now(); }())', 'time'],
    ['function stamp() { return new Date().toISOString(); } stamp()', 'time'],
    ['if (source) { source } else { new Date() }', 'time'],
    ['try { source.x } catch (e) { Math.random() }', 'random'],
    ['`${source}-${Date.now()}`', 'time'],
    ["source || 'id-' + Math.random()", 'random'],
    ["openidm.encrypt(source, null, 'key')", 'encryption'],
    ["openidm.hash(source, 'SHA-256')", 'salt'],
    ['var r = Math.random; r()', 'random'],
    ['var m = Math; var r = m.random; "x" + r()', 'random'],
    ['Math.random.call(null)', 'random'],
    ['var D = Date; new D()', 'time'],
    ["openidm.read('managed/user/' + source.id)._rev", 'revision'],
    ["var user = openidm.read('managed/user/1'); user ? user._rev : null", 'revision'],
    ["openidm.query('managed/user', { _queryFilter: 'true' }).result[0]['_rev']", 'revision'],
  ])('%s: %s', (code, kind) => {
    expect(effects(code).volatility?.kind).toBe(kind);
  });

  it.each([
    'source.a + source.b',
    'new Date(source).getTime()',
    'new Date().getFullYear()',
    'new Date().toISOString().slice(0, 10)',
    "new Date(source.end) < new Date() ? 'inactive' : 'active'",
    'var now = new Date(); source.start <= now.getTime()',
    'var random = source.random; random',
    'Math.floor((Date.now() - new Date(source).getTime()) / 31557600000)',
    'target.id || Math.random()',
    'target.id ? target.id : Math.random()',
    'function unused() { return Math.random(); } source',
    'openidm.decrypt(source)',
    "openidm.read('managed/user/1').mail",
    'source._rev',
    'var r = source.random; r',
    'var f = f; f()',
    "'Math.random()'",
    'logger.info("at {}", new Date()); source',
  ])('%s: not', (code) => {
    expect(effects(code).volatility).toBeNull();
  });
});

describe('what a value is made of', () => {
  it.each([
    ['source', ''],
    ['source.toLowerCase()', 'toLowerCase'],
    ['source && source.trim()', 'trim'],
    ['source ? source.toUpperCase() : null', 'toUpperCase'],
    ['source == null ? null : source.toLowerCase()', 'toLowerCase'],
    ["source + ''", null],
    ['source.toLowerCase().trim()', null],
    ["source.split(',')", null],
  ])('%s', (code, normalizer) => {
    expect(effects(code).normalizer).toBe(normalizer);
  });

  it('reads of a variable are known while only its attributes are used', () => {
    expect(effects("source.a + source['b'] + source.c.d").reads).toEqual(
      new Map([['source', new Set(['a', 'b', 'c'])]]),
    );
    expect(effects('source[source.a]').reads.get('source')).toBeNull();
    expect(effects('var x = {source: 1}; x.source').reads.size).toBe(0);
  });
});

describe('what is written', () => {
  it.each([
    ['target.mail = source.email', { attribute: 'mail', isCopy: true, sources: ['email'], isConditional: false }],
    ["target['mail'] = source.a + source.b", { attribute: 'mail', isCopy: false, sources: ['a', 'b'] }],
    ['if (source.a) target.mail = source.a', { attribute: 'mail', isConditional: true }],
    ['source.a && (target.mail = source.a)', { attribute: 'mail', isConditional: true }],
    ['target.mail ||= source.a', { attribute: 'mail', isConditional: true, usesItself: false }],
    ['target.stamp = new Date()', { attribute: 'stamp', volatility: { kind: 'time', cause: 'new Date()' } }],
    ['target.count += 1', { attribute: 'count', usesItself: true }],
    ['target.count++', { attribute: 'count', usesItself: true }],
    ["target.note = target.note + '.'", { attribute: 'note', usesItself: true }],
    ["target.roles.push('x')", { attribute: 'roles', usesItself: true }],
    ["target.roles = target.roles.concat(['x'])", { attribute: 'roles', usesItself: true }],
    ['target.cn = target.cn.toLowerCase()', { attribute: 'cn', usesItself: false, isSelfMade: true }],
    ["target.cn = target.cn || 'x'", { attribute: 'cn', usesItself: false }],
    ['target.address.city = source.city', { attribute: 'address', isCopy: true }],
    ['(function () { target.a = source.a; }())', { attribute: 'a', isConditional: false }],
  ])('%s', (code, expected) => {
    const { writes } = effects(code);
    expect(writes).toHaveLength(1);
    expect(writes[0]).toMatchObject({ variable: 'target', ...expected });
  });

  it('a variable that is handed on, or written by computed names, may be written anywhere', () => {
    expect([...effects('fill(target)').escaping]).toEqual(['target']);
    expect([...effects("['a'].forEach(function (k) { target[k] = source[k]; })").escaping]).toEqual(['target']);
    expect([...effects('target.a = source.a').escaping]).toEqual([]);
  });

  it('functions of openidm that change something are named', () => {
    const code =
      "var n = openidm.read('managed/counter/1'); n.value++; openidm.update('managed/counter/1', null, n); n.value";
    expect([...effects(code).changes]).toEqual(['update']);
  });
});

describe('what a correlation query compares', () => {
  it.each([
    ["({'_queryFilter': 'uid eq \"' + source.userName + '\"'})", [{ name: 'uid', queryId: null, with: 'userName' }]],
    [
      'var q = {_queryFilter: `/mail eq "${source.email.toLowerCase()}"`}; q',
      [{ name: 'mail', queryId: null, with: 'email' }],
    ],
    [
      "({_queryFilter: 'a eq \"' + source.x + '\" and b eq \"' + source.y + '\"'})",
      [
        { name: 'a', queryId: null, with: 'x' },
        { name: 'b', queryId: null, with: 'y' },
      ],
    ],
    ['({_queryFilter: \'type eq "person"\'})', [{ name: 'type', queryId: null, with: null }]],
    ["({'_queryId': 'for-userName', 'uid': source.name})", [{ name: 'uid', queryId: 'for-userName', with: 'name' }]],
    ["({_queryFilter: 'uid eq \"' + key(source) + '\"'})", [{ name: 'uid', queryId: null, with: null }]],
    ["'no query'", []],
  ])('%s', (code, comparisons) => {
    expect(effects(code).comparisons).toEqual(comparisons);
  });
});

describe('any text', () => {
  const words = fc.constantFrom(
    ...'source target . = + ( ) { } [ ] ; , function return if else new Date Math.random() => ` ${ } "a" 1 var let x ? : || && try catch for in of while do switch case default eq'.split(
      ' ',
    ),
  );

  it('is read without a throw, or is no script', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 25 }), (parts) => {
        scriptEffects(parts.join(' '), ['source', 'target']);
      }),
      { numRuns: 3000 },
    );
  });

  it('that is nested deeply is read in time', () => {
    const deep = `${'('.repeat(400)}source${')'.repeat(400)}`;
    expect(effects(deep).normalizer).toBe('');
    expect(
      scriptEffects(Array.from({ length: 2000 }, (_, i) => `source.a${i}`).join(' + '), ['source']),
    ).not.toBeNull();
    expect(scriptEffects(`${'source + '.repeat(100_000)}1`, ['source'])?.volatility ?? null).toBeNull();
    const chain = Array.from({ length: 300 }, (_, i) => `var v${i + 1} = v${i} + v${i};`).join('\n');
    expect(effects(`var v0 = source; ${chain} v300`).volatility).toBeNull();
  });
});
