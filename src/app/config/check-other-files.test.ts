import { describe, expect, it } from 'vitest';
import { faultsOf, js, withMapping } from './load-fixture.ts';

describe('files of OpenIDM that have no effect here', () => {
  it('are told, one warning each', async () => {
    const faults = await faultsOf({
      ...withMapping({}),
      'conf/authentication.json': { serverAuthContext: { authModules: [] } },
      'conf/router.json': { filters: [{ onRequest: { type: 'text/javascript', file: 'router-authz.js' } }] },
      'conf/audit.json': {},
      'script/access.js': 'var httpAccessConfig = {};',
    });
    expect(faults).toEqual([
      'warning conf/authentication.json : this file has no effect here',
      'warning conf/router.json /filters: filters have no effect here',
      'warning script/access.js : this script has no effect here',
    ]);
  });

  it('endpoints that cannot answer are told, and keep nothing else from working', async () => {
    const faults = await faultsOf({
      ...withMapping({}),
      'conf/endpoint-a.json': { type: 'text/javascript', file: 'gone.js' },
      'conf/endpoint-b.json': { type: 'groovy', source: '1' },
      'conf/endpoint-c.json': { type: 'text/javascript', file: 'ui/mappingDetails.js' },
      'conf/endpoint-d.json': js("require('ui/nothing')"),
      'conf/endpoint-e.json': js('1'),
    });
    expect(faults).toEqual([
      'warning conf/endpoint-a.json /file: the script gone.js is neither in script/ nor in the project directory',
      'warning conf/endpoint-b.json /type: endpoint: a script in the language "groovy" cannot be run here',
      'warning conf/endpoint-c.json /file: the script ui/mappingDetails.js, which OpenIDM ships, is not available here: the endpoint answers 501',
      'warning conf/endpoint-d.json /source: there is no module "ui/nothing"',
    ]);
  });
});

it('relationships are told once each, without guesses about their keys', async () => {
  const relationship = { type: 'relationship', validate: true, reverseRelationship: true, reversePropertyName: 'x' };
  const properties = {
    manager: relationship,
    roles: { type: 'array', items: relationship, returnByDefault: false },
    secret: { type: 'string', encryption: { key: 'k', cipher: 'ROT13' } },
  };
  const faults = await faultsOf({
    ...withMapping({}),
    'conf/managed.json': { objects: [{ name: 'user', schema: { properties } }] },
  });
  expect(faults.map((fault) => fault.replace('warning conf/managed.json /objects/0/schema/properties/', ''))).toEqual([
    'manager: relationships are kept as plain values',
    'roles: relationships are kept as plain values',
    'secret/encryption/cipher: there is no cipher "ROT13": no value can be stored',
  ]);
});
