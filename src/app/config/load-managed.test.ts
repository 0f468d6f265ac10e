import { describe, expect, it } from 'vitest';
import { BASE, configOf, faultsOf, js, LDAP_USER } from './load-fixture.ts';

describe('managed objects', () => {
  it('are read from both styles of the file', async () => {
    const encryption = { key: 'openidm-sym-default' };
    const config = await configOf({
      ...BASE,
      'conf/managed.json': {
        objects: [
          {
            name: 'user',
            onDelete: { type: 'text/javascript', file: 'ui/onDelete-user-cleanup.js' },
            onSync: { type: 'text/javascript', file: 'compensate.js' },
            properties: [
              { name: 'securityAnswer', encryption, scope: 'private' },
              { name: 'full', type: 'virtual', onRetrieve: js('1') },
            ],
          },
          {
            name: 'role',
            actions: { hello: js('1') },
            schema: {
              required: ['name'],
              properties: {
                name: { type: 'string', searchable: true, title: 'Name', policies: [] },
                pin: { type: ['string', 'null'], secureHash: { algorithm: 'SHA-512' }, searchable: true },
                members: { type: 'array', items: { type: 'relationship' } },
              },
            },
          },
        ],
      },
      'conf/sync.json': {
        mappings: [{ ...LDAP_USER, correlationQuery: js("({_queryFilter: 'userName eq \"' + source.uid + '\"'})") }],
      },
      'conf/lockstep.json': { managed: { user: { searchable: ['mail'] } } },
    });
    const [user, role] = config.managed;
    expect(Object.keys(user!.hooks)).toEqual(['onDelete', 'onSync']);
    expect(user!.searchable).toEqual(['mail', 'userName']);
    expect(user!.properties).toMatchObject([
      { name: 'securityAnswer', scope: 'private', encryption: { ...encryption, cipher: null } },
      { name: 'full', isVirtual: true, returnByDefault: false, hooks: { onRetrieve: { source: '1' } } },
    ]);
    expect(role!.searchable).toEqual(['name']);
    expect(role!.properties).toMatchObject([
      { name: 'name', isRequired: true, types: ['string'], pointer: '/objects/1/schema/properties/name' },
      { name: 'pin', isRequired: false, secureHash: { algorithm: 'SHA-512' } },
      { name: 'members' },
    ]);
    expect(role!.actions['hello']!.pointer).toBe('/objects/1/actions/hello');
  });

  it('report what is wrong with them', async () => {
    const objects = [
      {
        name: 'user',
        onCraete: js('1'),
        onSync: { type: 'text/javascript', file: 'gone.js' },
        properties: [{ name: 'p', encription: {}, scope: 'secret' }, { name: 'p' }],
      },
      { name: 'user' },
      { name: 'a/b', schema: { properties: { x: { encryption: {} } } } },
    ];
    expect(await faultsOf({ 'conf/managed.json': { objects }, 'conf/sync.json': {} })).toEqual([
      'warning conf/managed.json /objects/0/onCraete: the key "onCraete" is not known and has no effect',
      'error conf/managed.json /objects/0/onSync/file: the script gone.js is neither in script/ nor in the project directory',
      'warning conf/managed.json /objects/0/properties/0/encription: the key "encription" has no effect',
      'error conf/managed.json /objects/0/properties/0/scope: "secret" is neither "public" nor "private"',
      'error conf/managed.json /objects/0/properties/1/name: the attribute "p" is declared twice',
      'error conf/managed.json /objects/1/name: two types of managed objects have the name "user"',
      'error conf/managed.json /objects/2/name: "a/b" is not usable as a name: it must not be empty nor contain / { }',
      'error conf/managed.json /objects/2/schema/properties/x/encryption/key: the key "key" is missing',
    ]);
  });
});
