import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { js } from '../config/load-fixture.ts';
import { BACK, HR, OUT, copy, correlated, found, findings, id, made, system, type Case } from './ownership-fixture.ts';

describe('two writers of one attribute', () => {
  const first = { ...HR, properties: [copy('mail')] };
  const second = { ...BACK, ...correlated('mail'), properties: [copy('mail'), copy('name')] };

  it('are told, with an owner to choose', async () => {
    const [one, ...more] = (await findings({ mappings: [first, second] })).filter(({ code }) => code === 'two-writers');
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      file: 'conf/sync.json',
      pointer: '/mappings/1/properties/0',
      message: expect.stringContaining('/mail of managed/user is written by "hr_user" and "ldap_user"'),
      hint: expect.stringContaining('"ownership": {"managed/user": {"mail": "hr_user"}}'),
    });
  });

  it.each<[string, Case]>([
    [
      'an owner in lockstep.json',
      { mappings: [first, second], lockstep: { ownership: { 'managed/user': { mail: 'hr_user' } } } },
    ],
    [
      'the collection as owner',
      { mappings: [first, second], lockstep: { ownership: { 'managed/user': { mail: 'managed/user' } } } },
    ],
    ['an owner in the mapping', { mappings: [{ ...first, authoritative: ['mail'] }, second] }],
    ['a mapping that owns all it writes', { mappings: [{ ...first, authoritative: true }, second] }],
    [
      'an owner at the property',
      { mappings: [{ ...first, properties: [{ ...copy('mail'), authoritative: true }] }, second] },
    ],
    ['different attributes', { mappings: [first, { ...second, properties: [copy('name')] }] }],
    [
      'a mapping that never takes what it found',
      { mappings: [first, { ...second, policies: [{ situation: 'FOUND', action: 'IGNORE' }] }] },
    ],
    ['different targets', { mappings: [first, { ...OUT, ...correlated('mail'), properties: [copy('mail')] }] }],
    [
      'conditions on the source that exclude each other',
      {
        mappings: [
          { ...HR, ...correlated('mail'), sourceCondition: '/source/level eq "a"', properties: [copy('mail')] },
          {
            ...HR,
            ...correlated('mail'),
            name: 'b',
            sourceCondition: '/source/level eq "b" and /source/name pr',
            properties: [copy('mail')],
          },
        ],
      },
    ],
    [
      'different link qualifiers over the same links',
      {
        mappings: [
          { ...OUT, linkQualifiers: ['a'], properties: [copy('mail')] },
          { ...OUT, name: 'b', links: 'user_ldap', linkQualifiers: ['b'], properties: [copy('mail')] },
        ],
      },
    ],
    [
      'the same constant',
      {
        mappings: [
          { ...HR, properties: [{ target: 'state', default: 'active' }] },
          { ...second, properties: [{ target: 'state', default: 'active' }] },
        ],
      },
    ],
    [
      'a key that never changes, by which both find their objects',
      {
        mappings: [
          { ...HR, ...correlated('number', 'id'), properties: [copy('id', 'number')] },
          { ...BACK, ...correlated('number', 'id'), properties: [copy('id', 'number')] },
        ],
      },
    ],
    [
      'one that sets it in new objects only',
      { mappings: [first, { ...second, properties: [], onCreate: js('target.mail = source.mail') }] },
    ],
  ])('are not told with %s', async (_, project) => {
    expect(await found(project, 'two-writers')).toEqual([]);
  });

  it.each<[string, Case, string]>([
    [
      'one place in the other',
      {
        mappings: [
          { ...first, properties: [copy('mail', 'x/y')] },
          { ...second, properties: [copy('mail', 'x')] },
        ],
      },
      '/mappings/1/properties/0',
    ],
    [
      'a script',
      { mappings: [first, { ...second, properties: [], onUpdate: js('target.mail = source.mail') }] },
      '/mappings/1/onUpdate',
    ],
    [
      'shared links',
      { mappings: [first, { ...HR, name: 'b', links: 'hr_user', properties: [copy('mail')] }] },
      '/mappings/1/properties/0',
    ],
    [
      'different constants',
      {
        mappings: [
          { ...HR, properties: [{ target: 's', default: 1 }] },
          { ...second, properties: [{ target: 's', default: 2 }] },
        ],
      },
      '/mappings/1/properties/0',
    ],
  ])('are told with %s', async (_, project, pointer) => {
    expect(await found(project, 'two-writers')).toEqual([`warning two-writers ${pointer}`]);
  });
});

describe('two mappings that write only what each made itself', () => {
  it('are one note', async () => {
    const properties = [copy('mail'), copy('name')];
    const mappings = [
      { ...HR, properties },
      { ...BACK, properties },
    ];
    expect(await found({ mappings }, 'two-writers')).toEqual(['note two-writers /mappings/1/properties/0']);
    const [note] = await findings({ mappings });
    expect(note?.message).toContain('"hr_user" and "ldap_user" both write /mail, /name of managed/user');
    const ownership = { 'managed/user': { mail: 'hr_user', name: 'ldap_user' } };
    expect(await found({ mappings, lockstep: { ownership } }, 'two-writers')).toEqual([]);
  });
});

describe('values that go round', () => {
  const twoWay = (there: JsonObject, back: JsonObject): Case => ({
    mappings: [
      { ...OUT, properties: [there] },
      { ...BACK, links: 'user_ldap', properties: [back] },
    ],
  });
  const cycles = async (project: Case) => (await found(project)).filter((text) => text.includes('cycle'));

  it('as copies come to rest: a note', async () => {
    expect(await cycles(twoWay(copy('mail'), copy('mail')))).toEqual(['note cycle-at-rest /mappings/0/properties/0']);
    expect(await cycles(twoWay(copy('mail'), made('mail', 'mail', 'source && source.toLowerCase()')))).toEqual([
      'note cycle-at-rest /mappings/0/properties/0',
    ]);
  });

  it.each<[string, Case]>([
    ['a transform', twoWay(copy('mail'), made('mail', 'mail', "source + '.'"))],
    ['a transform that reads them off the whole object', twoWay(copy('mail'), made('', 'mail', "source.mail + '.'"))],
    [
      'a hook',
      {
        mappings: [
          { ...OUT, properties: [copy('mail')] },
          { ...BACK, links: 'user_ldap', onUpdate: js("target.mail = source.mail + '.'") },
        ],
      },
    ],
    [
      'letter cases that are changed back and forth',
      twoWay(made('mail', 'mail', 'source.toUpperCase()'), made('mail', 'mail', 'source.toLowerCase()')),
    ],
    [
      'attributes that are exchanged',
      {
        mappings: [
          { ...OUT, properties: [copy('a', 'name'), copy('b', 'mail')] },
          { ...BACK, links: 'user_ldap', properties: [copy('name', 'b'), copy('mail', 'a')] },
        ],
      },
    ],
    [
      'three mappings',
      {
        files: system('third', { id, mail: 'string' }),
        mappings: [
          { ...OUT, properties: [copy('mail')] },
          {
            name: 'ldap_third',
            source: 'system/ldap/account',
            target: 'system/third/account',
            properties: [made('mail', 'mail', "source + '.'")],
          },
          { name: 'third_user', source: 'system/third/account', target: 'managed/user', properties: [copy('mail')] },
        ],
      },
    ],
  ])('through %s may not come to rest', async (_, project) => {
    expect(await cycles(project)).toEqual([expect.stringMatching(/^warning unstable-cycle /)]);
  });

  it('are told with the whole way and a way out that does not take the value from its source', async () => {
    const project = twoWay(copy('mail'), made('mail', 'mail', "source + '.'"));
    const hr = { ...HR, properties: [copy('mail')] };
    const all = await findings({ mappings: [...project.mappings, hr] });
    const one = all.find(({ code }) => code === 'unstable-cycle');
    expect(one?.message).toContain(
      'managed/user /mail → (user_ldap) system/ldap/account /mail → (ldap_user) managed/user /mail',
    );
    expect(one?.hint).toContain('{"managed/user": {"mail": "hr_user"}}');
  });

  it.each<[string, Case]>([
    [
      'an owner',
      {
        ...twoWay(copy('mail'), made('mail', 'mail', "source + '.'")),
        lockstep: { ownership: { 'managed/user': { mail: 'managed/user' } } },
      },
    ],
    ['different attributes', twoWay(copy('mail'), made('name', 'name', "source + '.'"))],
    ['a transform that is not of what comes back', twoWay(copy('mail'), made('name', 'mail', "source + '@x'"))],
    ['places beside each other', twoWay(copy('a/mail', 'mail'), made('mail', 'a/name', "source + '.'"))],
  ])('do not with %s', async (_, project) => {
    expect(await cycles(project)).toEqual([]);
  });
});
