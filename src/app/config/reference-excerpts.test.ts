import { expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { configOf, faultsOf, js, provisioner } from './load-fixture.ts';

/** The excerpts of reference 003, with what is misprinted there put right. */
const EXCERPTS: readonly (readonly [string, readonly JsonObject[]])[] = [
  ['validSource', [{ validSource: js('source.ldapPassword != null') }]],
  ['validTarget', [{ validTarget: js("target.employeeType == 'internal'") }]],
  ['onUpdate', [{ onUpdate: js('if (source.email != null) {target.mail = source.email;}') }]],
  ['onCreate', [{ onCreate: js("target.dn = 'uid=' + source.uid + ',ou=people,dc=example,dc=com'") }]],
  ['allowEmptySourceSet', [{ allowEmptySourceSet: true }]],
  ['links', [{}, { name: 'back', source: 'managed/user', target: 'system/ldap/account', links: 'm' }]],
  ['sourceQuery', [{ sourceQuery: { queryFilter: 'employeeType eq "Permanent"' }, runTargetPhase: false }]],
  ['full entries', [{ sourceQueryFullEntry: true, sourceQuery: { _queryFilter: 'uid sw ""' } }]],
  ['enableSync', [{ name: 'out', source: 'managed/user', target: 'system/ldap/account', enableSync: false }]],
  ['sourceIdsCaseSensitive', [{ sourceIdsCaseSensitive: false, properties: [] }]],
  ['correlateEmptyTargetSet', [{ correlateEmptyTargetSet: true }]],
  ['prefetchLinks', [{ prefetchLinks: false }]],
  ['taskThreads', [{ taskThreads: 20 }, { name: 'serial', taskThreads: 0 }]],
  ['correlation', [{ correlationQuery: js("var qry = {'_queryFilter': 'uid eq \"' + source.userName + '\"'}; qry") }]],
  ['_queryId', [{ correlationQuery: js("var qry = {'_queryId' : 'for-userName', 'uid' : source.name}; qry;") }]],
  [
    'expressionTree',
    [
      {
        name: 'systemLdapAccounts_managedUser',
        properties: [
          { source: 'firstName', target: 'givenName' },
          { source: 'homePhone', target: 'telephoneNumber' },
        ],
        correlationQuery: {
          type: 'text/javascript',
          expressionTree: { all: ['givenName', 'telephoneNumber'] },
          mapping: 'systemLdapAccounts_managedUser',
          file: 'ui/correlateTreeToQueryFilter.js',
        },
      },
    ],
  ],
  [
    'script as an action',
    [
      {
        policies: [
          {
            situation: 'ABSENT',
            action: {
              workflowName: 'managedUserApproval',
              type: 'text/javascript',
              file: 'workflow/triggerWorkflowFromSync.js',
            },
          },
        ],
      },
    ],
  ],
];

const filesFor = (mappings: readonly JsonObject[]) => ({
  'conf/managed.json': { objects: [{ name: 'user' }] },
  'conf/repo.orientdb.json': {
    queries: { 'for-userName': 'SELECT * FROM ${unquoted:_resource} WHERE userName = ${uid}' },
  },
  'conf/provisioner.openicf-ldap.json': provisioner('ldap', {
    syncFailureHandler: { maxRetries: 4, postRetryAction: 'dead-letter-queue' },
    resultsHandlerConfig: { enableFilteredResultsHandler: false },
  }),
  'conf/schedule-recon.json': {
    enabled: true,
    type: 'cron',
    schedule: '0 08 16 * * ?',
    invokeService: 'sync',
    invokeContext: { action: 'reconcile', mapping: mappings[0]?.['name'] ?? 'm' },
  },
  'conf/sync.json': {
    mappings: mappings.map((mapping) => ({
      name: 'm',
      source: 'system/ldap/account',
      target: 'managed/user',
      ...mapping,
    })),
  },
});

it.each(EXCERPTS)('the excerpt "%s" is read without a fault', async (_, mappings) => {
  const faults = await faultsOf(filesFor(mappings));
  expect(faults.filter((fault) => !/^warning .*triggerWorkflowFromSync\.js, which OpenIDM ships/.test(fault))).toEqual(
    [],
  );
  const config = await configOf(filesFor(mappings));
  expect(config.mappings).toHaveLength(mappings.length);
});

it('the three misprints of the reference are each named, and hide nothing', async () => {
  const text = `{ "mappings" : [
    { "name": "m", "source": "managed/user", "target": "managed/user", "sourceQuery" : : { "queryFilter" : "a pr" } },
    { "name": "n", "source": "managed/user", "target": "managed/user"
      "prefetchLinks" : false },
  ] }`;
  expect(await faultsOf({ 'conf/managed.json': { objects: [{ name: 'user' }] }, 'conf/sync.json': text })).toEqual([
    "error conf/sync.json /mappings/0/sourceQuery: expected a value, found ':'",
    "error conf/sync.json /mappings/1/prefetchLinks: expected a comma or }, found '\"'",
    'error conf/sync.json /mappings/1/prefetchLinks: a comma before ]',
  ]);
});
