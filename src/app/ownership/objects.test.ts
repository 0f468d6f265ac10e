import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { js, type Files } from '../config/load-fixture.ts';
import { BACK, HR, OUT, copy, correlated, found, findings, id, made, system } from './ownership-fixture.ts';

describe('deletions', () => {
  const leaves = { policies: [{ situation: 'SOURCE_MISSING', action: 'DELETE' }] };

  it('that go on through a second mapping are a note while guards hold, else a warning', async () => {
    const cascades = (guard: JsonObject) =>
      found(
        {
          mappings: [
            { ...HR, ...leaves },
            { ...OUT, ...leaves, guard },
          ],
        },
        'cascading-delete',
      );
    expect(await cascades({})).toEqual(['note cascading-delete /mappings/1/policies/0']);
    expect(await cascades({ enabled: false })).toEqual(['warning cascading-delete /mappings/1/policies/0']);
    expect(await found({ mappings: [HR, { ...OUT, ...leaves }] }, 'cascading-delete')).toEqual([]);
    expect(await found({ mappings: [{ ...HR, ...leaves }, OUT] }, 'cascading-delete')).toEqual([]);
  });

  it('tell which of them a guard holds', async () => {
    const told = async (first: JsonObject, next: JsonObject, lockstep: JsonObject = {}): Promise<string> => {
      const mappings = [
        { ...HR, ...leaves, ...first },
        { ...OUT, ...leaves, ...next },
      ];
      const files = { 'conf/managed.json': { objects: [{ name: 'user' }, { name: 'person' }] } };
      const all = await findings({ mappings, lockstep, files });
      return all.find(({ code }) => code === 'cascading-delete')!.message.replace(/^[^;]*; /, '');
    };
    const both = 'the guards of both hold unusual numbers';
    const runs = `${both} that a run makes, that of "user_ldap" when they are pushed on: they wait in sync/queue`;
    const live = '; what LiveSync deletes through "hr_user" is passed on one by one, and no guard counts it';
    const open = 'the guard of "user_ldap" lets any number pass';
    expect(await told({}, {})).toBe(`${runs}${live}`);
    expect(await told({ enableSync: false }, {})).toBe(runs);
    expect(await told({}, { enableSync: false })).toBe(both);
    expect(await told({}, {}, { implicitSync: { enabled: false } })).toBe(both);
    expect(await told({}, { guard: { enabled: false } })).toBe(`${open}${live}`);
    expect(await told({}, { guard: { enabled: false }, enableSync: false })).toBe(open);
    const managed = await told({ source: 'managed/person' }, {}, {});
    expect(managed).toContain('what implicit synchronization deletes through "hr_user" is passed on one by one');
  });

  it('that come back to where the object came from are a warning', async () => {
    const back = { ...BACK, links: 'user_ldap', ...leaves };
    expect(await found({ mappings: [{ ...OUT, ...leaves }, back] }, 'cascading-delete')).toEqual([]);
    const invalid = { ...OUT, validSource: js('source.active') };
    expect(await found({ mappings: [invalid, back] }, 'cascading-delete')).toEqual([
      'warning cascading-delete /mappings/1/policies/0',
    ]);
  });

  it('of everything that is not linked are told where another mapping creates', async () => {
    const purge = { ...BACK, policies: [{ situation: 'UNASSIGNED', action: 'DELETE' }] };
    const told = (mappings: readonly JsonObject[]) => found({ mappings }, 'deletes-of-others');
    expect(await told([HR, purge])).toEqual(['warning deletes-of-others /mappings/1/policies/0']);
    expect(await told([purge])).toEqual([]);
    expect(await told([HR, { ...purge, validTarget: js('target.fromLdap') }])).toEqual([]);
    expect(await told([HR, { ...purge, runTargetPhase: false }])).toEqual([]);
    expect(await told([{ ...HR, policies: [{ situation: 'ABSENT', action: 'IGNORE' }] }, purge])).toEqual([]);
  });
});

describe('objects that are created twice', () => {
  const told = (mappings: readonly JsonObject[]) => found({ mappings }, 'duplicates');

  it('because a mapping does not recognise what came back', async () => {
    expect(await told([OUT, BACK])).toEqual(['warning duplicates /mappings/0', 'warning duplicates /mappings/1']);
    expect(await told([OUT, { ...BACK, ...correlated('mail') }])).toEqual(['warning duplicates /mappings/0']);
    expect(await told([OUT, { ...BACK, links: 'user_ldap' }])).toEqual([]);
    expect(await told([OUT, { ...BACK, policies: [{ situation: 'ABSENT', action: 'IGNORE' }] }])).toEqual([]);
    expect(await told([HR, OUT])).toEqual([]);
  });

  it('because a mapping feeds itself', async () => {
    const own = { ...OUT, target: 'managed/user' };
    expect(await told([own])).toEqual(['warning duplicates /mappings/0']);
    expect(await told([{ ...own, sourceCondition: '/source/kind eq "a"' }])).toEqual([]);
  });
});

describe('other things', () => {
  it('secrets that lie open where they are written', async () => {
    const files = {
      'conf/managed.json': { objects: [{ name: 'user', properties: [{ name: 'pw', encryption: { key: 'k' } }] }] },
    };
    const told = (property: JsonObject, more: Files = {}) =>
      found({ mappings: [{ ...OUT, properties: [property] }], files: { ...files, ...more } }, 'secret-in-the-open');
    const open = ['warning secret-in-the-open /mappings/0/properties/0'];
    expect(await told(copy('pw', 'name'))).toEqual(open);
    expect(await told(made('', 'name', 'openidm.decrypt(source.pw)'))).toEqual(open);
    expect(await told(copy('mail'))).toEqual([]);
    const guarded = system('ldap', { id, name: { type: 'string', nativeName: '__PASSWORD__' } });
    expect(await told(copy('pw', 'name'), guarded)).toEqual([]);
  });

  it('an order of startup in which a mapping reads what is filled later', async () => {
    const order = (startup: readonly string[]) =>
      found({ mappings: [HR, OUT], lockstep: { startup: [...startup] } }, 'startup-order');
    expect(await order(['user_ldap', 'hr_user'])).toEqual(['warning startup-order /startup/0']);
    expect(await order(['hr_user', 'user_ldap'])).toEqual([]);
  });

  it('every finding has a place, a reason and a remedy', async () => {
    const mappings = [
      {
        ...OUT,
        properties: [copy('mail'), made('name', 'name', 'Math.random()')],
        policies: [{ situation: 'FOUND', action: 'LINK' }],
      },
      { ...BACK, ...correlated('mail'), properties: [made('mail', 'mail', "source + '.'")] },
      { ...HR, properties: [copy('mail')] },
    ];
    const all = await findings({ mappings });
    expect(all.length).toBeGreaterThan(4);
    for (const { message, hint, file, pointer } of all)
      expect([message.length > 20, hint.length > 10, file, pointer.startsWith('/')]).toEqual([
        true,
        true,
        'conf/sync.json',
        true,
      ]);
  });
});
