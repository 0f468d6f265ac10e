import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { js, type Files } from '../config/load-fixture.ts';
import { HR, OUT, copy, found, made } from './ownership-fixture.ts';

describe('what every run writes again', () => {
  const again = (property: JsonObject, more: JsonObject = {}, mapping = HR): Promise<readonly string[]> =>
    found({ mappings: [{ ...mapping, properties: [property], ...more }] }, 'written-every-run');
  const transform = ['warning written-every-run /mappings/0/properties/0/transform'];

  it.each<[string, readonly string[]]>([
    ['Math.random()', transform],
    ['new Date().toISOString()', transform],
    ["openidm.hash(source, 'SHA-256')", transform],
    ["openidm.update('managed/counter/1', null, {}); 1", transform],
    ['new Date(source) < new Date()', []],
    ['source.trim()', []],
  ])('%s', async (code, expected) => {
    expect(await again(made('mail', 'mail', code))).toEqual(expected);
  });

  it('not under a condition on the target, but under one on the source', async () => {
    const random = made('mail', 'mail', 'Math.random()');
    expect(await again({ ...random, condition: '!(/target/mail pr)' })).toEqual([]);
    expect(await again({ ...random, condition: js('oldTarget == null') })).toEqual([]);
    expect(await again({ ...random, condition: '/object/mail pr' })).toEqual(transform);
  });

  it('what hooks make out of what is there', async () => {
    const onUpdate = js("target.note = target.note + '.'");
    expect(await again(copy('mail'), { onUpdate })).toEqual(['warning written-every-run /mappings/0/onUpdate']);
    expect(await again(copy('mail', 'note'), { onUpdate })).toEqual([]);
    expect(await again(copy('mail'), { onUpdate: js("if (!target.note) target.note = 'x'") })).toEqual([]);
    expect(await again(copy('mail'), { onCreate: js('target.stamp = new Date()') })).toEqual([]);
  });

  it('what the target never shows, or shows as something else', async () => {
    expect(await again(copy('mail', 'secret'), {}, OUT)).toEqual([
      'warning written-every-run /mappings/0/properties/0',
    ]);
    const isSet = { condition: '/object/mail pr' };
    expect(await again({ ...copy('mail', 'secret'), ...isSet }, {}, OUT)).toEqual([
      'note written-every-run /mappings/0/properties/0',
    ]);
    const direct = { name: 'direct', source: 'system/hr/account', target: 'system/ldap/account' };
    expect(await again(copy('level'), {}, direct)).toEqual(['warning written-every-run /mappings/0/properties/0']);
    expect(await again(made('level', 'level', 'Number(source)'), {}, direct)).toEqual([]);
    expect(await again(copy('name'), {}, direct)).toEqual([]);
  });

  it('what a hook of the managed type sets again', async () => {
    const type = (source: string): Files => ({
      'conf/managed.json': { objects: [{ name: 'user', onUpdate: js(source) }] },
    });
    const hooked = (source: string) =>
      found({ mappings: [{ ...HR, properties: [copy('name')] }], files: type(source) });
    expect(await hooked("object.name = object.a + ' ' + object.b")).toEqual([
      'warning hook-overwrites /mappings/0/properties/0',
    ]);
    expect(await hooked("if (!object.name) object.name = 'x'")).toEqual([]);
    expect(await hooked('object.name = object.name.trim()')).toEqual([]);
  });
});
