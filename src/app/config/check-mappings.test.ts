import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { BASE, faultsOf, js, LDAP_USER, mappingFaults } from './load-fixture.ts';

describe('a mapping with a fault', () => {
  it.each<[JsonObject, string]>([
    [{ source: 'managed/usr' }, 'error /source: the managed type "usr" is not declared'],
    [{ source: 'system/lpad/account' }, 'error /source: the system "lpad" is not configured'],
    [{ target: 'system/ldap/acount' }, 'error /target: the system "ldap" has no object type "acount"'],
    [{ target: 'managed/user/x' }, 'error /target: "managed/user/x" is not a collection that a mapping can use'],
    [{ source: '' }, 'error /source: "" is not a collection that a mapping can use'],
    [{ links: 'gone' }, 'error /links: "links" names the mapping "gone", which does not exist'],
    [
      { validSource: { type: 'text/javascript', file: 'gone.js' } },
      'the script gone.js is neither in script/ nor in the project directory',
    ],
    [
      { validSource: { type: 'text/javascript', file: '../x.js' } },
      'the script ../x.js is outside of the project directory',
    ],
    [
      { onRecon: { type: 'groovy', source: '1' } },
      'warning /onRecon/type: onRecon: a script in the language "groovy" cannot be run here',
    ],
    [{ properties: [{ source: 'uid', target: '/' }] }, 'error /properties/0/target: cannot replace root object'],
    [
      { properties: [{ source: 'eMial', target: 'mail' }] },
      'system/ldap/account has no attribute "eMial": it reads as absent',
    ],
    [
      {
        properties: [
          { source: 'uid', target: 'a' },
          { source: 'cn', target: '/a' },
        ],
      },
      '"/a" is written twice; this entry always wins',
    ],
    [
      { policies: [{ situation: 'FOUND', action: 'DELETE' }] },
      'warning /policies/0/action: DELETE is unusual for the situation FOUND',
    ],
    [
      {
        policies: [
          { situation: 'FOUND', action: 'LINK' },
          { situation: 'FOUND', action: 'UPDATE' },
        ],
      },
      'this policy for FOUND is never used',
    ],
    [
      { correlationQuery: js('1'), correlationScript: js('1') },
      'Cannot configure both correlationQuery and correlationScript in a single mapping',
    ],
    [{ sourceCondition: '/source/a qe 1' }, 'error /sourceCondition: the query filter cannot be read'],
    [
      { sourceCondition: '/object/a eq 1' },
      'warning /sourceCondition: the filter asks for /object, which is never there',
    ],
    [{ sourceQuery: { _queryFilter: '((' } }, 'error /sourceQuery/_queryFilter: the query filter cannot be read'],
    [{ sourceQuery: { _queryFiltr: 'true' } }, 'error /sourceQuery: the query has neither _queryFilter nor _queryId'],
    [{ targetQuery: { _queryId: 'for-usrName' } }, 'warning /targetQuery: the query "for-usrName" is not defined'],
    [
      { sourceQuery: { _queryId: 'for-userName' } },
      'warning /sourceQuery: the query "for-userName" cannot be sent to system/ldap/account',
    ],
    [
      { correlationQuery: js("var q = {'_queryId': 'hard', 'uid': source.uid}; q") },
      'the query "hard" is too much database language to be translated',
    ],
    [{ enableSync: 'false' }, 'error /enableSync: expected true or false, found text'],
    [{ linkQualifiers: 3 }, 'error /linkQualifiers: expected a list or an object, found a number'],
    [{ validSuorce: js('true') }, 'warning /validSuorce: the key "validSuorce" is not known and has no effect'],
  ])('%j: %s', async (mapping, fault) => {
    const faults = await mappingFaults(mapping, {
      'conf/repo.orientdb.json': { queries: { hard: 'SELECT 1 UNION SELECT 2' } },
    });
    expect(faults.join('\n')).toContain(fault);
  });

  it('finds nothing wrong with the advanced example of the reference', async () => {
    const files = { 'script/isValid.js': '1', 'script/getFirstNonEmpty.js': '1', 'script/triggerAdDisable.js': '1' };
    const file = (name: string): JsonObject => ({ type: 'text/javascript', file: name });
    const policies = {
      CONFIRMED: 'UPDATE',
      FOUND: 'UPDATE',
      ABSENT: 'CREATE',
      AMBIGUOUS: 'EXCEPTION',
      MISSING: 'EXCEPTION',
      UNQUALIFIED: 'UNLINK',
      UNASSIGNED: 'EXCEPTION',
    };
    const faults = await mappingFaults(
      {
        validSource: file('script/isValid.js'),
        correlationQuery: js("var map = {'_queryFilter': 'uid eq \"' + \n source.userName + '\"'}; map;"),
        properties: [
          { source: 'uid', transform: js('source.toLowerCase()'), target: 'userName' },
          {
            source: '',
            transform: js('if (source.myGivenName) {source.myGivenName;} else {source.givenName;}'),
            target: 'givenName',
          },
          { source: 'cn', target: 'fullname' },
          { comment: 'Multi-valued', source: 'title', transform: file('script/getFirstNonEmpty.js'), target: 'title' },
          { condition: js('object.password != null'), transform: js('source.password'), target: '__PASSWORD__' },
        ],
        onCreate: js("target.ldapStatus = 'New Account'"),
        onUpdate: js("target.ldapStatus = 'OLD'"),
        onUnlink: file('script/triggerAdDisable.js'),
        policies: [
          ...Object.entries(policies).map(([situation, action]) => ({ situation, action })),
          {
            situation: 'SOURCE_MISSING',
            action: {
              workflowName: 'managedUserApproval',
              type: 'text/javascript',
              file: 'workflow/triggerWorkflowFromSync.js',
            },
          },
        ],
        defaultMapping: file('roles/defaultMapping.js'),
        onRecon: { type: 'groovy', file: 'roles/onRecon.groovy' },
      },
      files,
    );
    expect(faults).toEqual([]);
  });
});

describe('mappings together', () => {
  const reversed = { name: 'back', source: 'managed/user', target: 'system/ldap/account', links: 'm' };
  const faults = async (...mappings: JsonObject[]) =>
    (await faultsOf({ ...BASE, 'conf/sync.json': { mappings } })).filter((text) => text.startsWith('error'));

  it('share links in the same direction or reversed', async () => {
    expect(await faults(LDAP_USER, reversed, { ...LDAP_USER, name: 'again', links: 'm' })).toEqual([]);
  });

  it('share links only with an owner', async () => {
    expect((await faults(LDAP_USER, reversed, { ...LDAP_USER, name: 'x', links: 'back' })).join()).toContain(
      'the mapping "back" has no links of its own',
    );
  });

  it('share links only between the same collections', async () => {
    expect((await faults(LDAP_USER, { ...reversed, source: 'system/ldap/account' })).join()).toContain(
      'the links of "m" are between system/ldap/account and managed/user',
    );
  });

  it('have different names', async () => {
    expect((await faults(LDAP_USER, LDAP_USER)).join()).toContain('two mappings have the name "m"');
  });
});
