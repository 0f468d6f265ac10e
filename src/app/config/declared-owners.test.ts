import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { BASE, configOf, faultsOf, LDAP_USER, type Files } from './load-fixture.ts';

const properties = [
  { source: 'email', target: 'mail' },
  { source: 'cn', target: 'address/city' },
];
const SECOND = { ...LDAP_USER, name: 'n', properties };

function project(mappings: readonly JsonObject[], ownership?: JsonObject): Files {
  const files = { ...BASE, 'conf/sync.json': { mappings } };
  return ownership === undefined ? files : { ...files, 'conf/lockstep.json': { ownership } };
}

async function notOwned(files: Files): Promise<JsonObject> {
  const { mappings } = await configOf(files);
  return Object.fromEntries(
    mappings.map(({ name, notOwned: others = [] }) => [
      name,
      others.map(({ target, owner }) => `${target.join('/')}: ${owner}`),
    ]),
  );
}

describe('who owns an attribute', () => {
  const mappings = [{ ...LDAP_USER, properties }, SECOND];

  it('is said by lockstep.json, by a mapping, or by a property', async () => {
    const byMapping = { m: [], n: ['mail: m'] };
    expect(await notOwned(project(mappings, { 'managed/user': { mail: 'm' } }))).toEqual(byMapping);
    expect(await notOwned(project(mappings, { '/managed/user/': { '/mail': 'm' } }))).toEqual(byMapping);
    expect(await notOwned(project([{ ...mappings[0], authoritative: ['mail'] }, SECOND]))).toEqual(byMapping);
    const marked = { ...mappings[0], properties: [{ ...properties[0], authoritative: true }] };
    expect(await notOwned(project([marked, SECOND]))).toEqual(byMapping);
    const all = { ...mappings[0], authoritative: true };
    expect(await notOwned(project([all, SECOND]))).toEqual({ m: [], n: ['mail: m', 'address/city: m'] });
  });

  it('may be the collection itself: then no mapping', async () => {
    const ownership = { 'managed/user': { mail: 'managed/user' } };
    expect(await notOwned(project(mappings, ownership))).toEqual({
      m: ['mail: managed/user'],
      n: ['mail: managed/user'],
    });
  });

  it('does not concern mappings onto other collections, and nothing changes without it', async () => {
    const back = {
      name: 'back',
      source: 'managed/user',
      target: 'system/ldap/account',
      properties: [{ source: 'mail', target: 'email' }],
    };
    expect(await notOwned(project([mappings[0]!, back], { 'managed/user': { mail: 'm' } }))).toEqual({
      m: [],
      back: [],
    });
    expect((await configOf(project(mappings))).mappings.every((mapping) => !('notOwned' in mapping))).toBe(true);
  });

  it.each<[string, Files, string]>([
    [
      'a mapping that is not there',
      project(mappings, { 'managed/user': { mail: 'o' } }),
      'error conf/lockstep.json /ownership/managed~1user/mail: there is no mapping "o"',
    ],
    [
      'a mapping that writes elsewhere',
      project(mappings, { 'system/ldap/account': { mail: 'm' } }),
      'error conf/lockstep.json /ownership/system~1ldap~1account/mail: the mapping "m" writes managed/user, not system/ldap/account',
    ],
    [
      'two owners in two files',
      project([mappings[0]!, { ...SECOND, authoritative: ['mail'] }], { 'managed/user': { mail: 'm' } }),
      'error conf/sync.json /mappings/1/authoritative/0: "mail" of managed/user belongs to "m" and to "n"',
    ],
    [
      'two mappings that own all they write',
      project([
        { ...mappings[0], authoritative: true, properties: [properties[0]!] },
        { ...SECOND, authoritative: true, properties: [properties[0]!] },
      ]),
      'error conf/sync.json /mappings/1/properties/0/target: "mail" of managed/user belongs to "m" and to "n"',
    ],
    [
      'an owner within what another owns',
      project(mappings, { 'managed/user': { address: 'm', 'address/city': 'n' } }),
      'error conf/lockstep.json /ownership/managed~1user/address~1city: "address/city" of managed/user belongs to "m" and to "n"',
    ],
  ])('%s is an error', async (_, files, fault) => {
    expect((await faultsOf(files)).filter((one) => one.startsWith('error'))).toEqual([fault]);
  });

  it.each<JsonObject>([
    { ownership: 1 } as JsonObject,
    { ownership: { 'managed/user': 'm' } },
    { ownership: { 'managed/user': { mail: null } } },
    { ownership: { 'managed/user': { '': 'm' } } },
    { ownership: { __proto__: { mail: 'm' } } },
  ])('in another shape, %j, throws nothing', async (lockstep) => {
    await expect(faultsOf({ ...project(mappings), 'conf/lockstep.json': lockstep })).resolves.toBeInstanceOf(Array);
  });
});
