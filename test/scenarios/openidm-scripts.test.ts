import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { openRunTree } from '../../src/openidm/testing/run-tree.ts';
import { openEngine } from './engine.ts';
import { objects, showObjects } from './notation.ts';

const file = (name: string): JsonObject => ({ type: 'text/javascript', file: name });
const TO_USERS: JsonObject = {
  name: 'm',
  source: 'system/hr/account',
  target: 'managed/user',
  correlationQuery: { type: 'text/javascript', source: "({_queryFilter: 'key eq \"' + source.key + '\"'})" },
  properties: [
    { source: 'key', target: 'key' },
    { source: 'name', target: 'name' },
  ],
};

describe('scripts that OpenIDM ships, in a run', () => {
  it('a workflow that cannot be started fails its own objects; the others are written', async () => {
    const start = { ...file('workflow/triggerWorkflowFromSync.js'), workflowName: 'nowhere' };
    const policies = [
      { situation: 'ABSENT', action: start },
      { situation: 'FOUND', action: 'UPDATE' },
    ];
    await using engine = await openEngine({
      mappings: [{ ...TO_USERS, policies }],
      memory: { hr: objects('a(key=1,name=A) b(key=2,name=B)') },
      managed: { user: objects('t(key=2)') },
    });
    const { entries } = await engine.run('m');
    expect(entries.map(({ situation, status, message }) => [situation, status, message])).toEqual([
      ['ABSENT', 'failed', expect.stringContaining('workflow/processinstance')],
      ['FOUND', 'done', null],
    ]);
    expect(showObjects(await engine.objects('managed/user'))).toBe('t(key=2,name=B)');
  });

  it('a mapping that cannot be used is a conflict for whoever asks for it', async () => {
    await using engine = await openEngine({
      mappings: [{ ...TO_USERS, onCreate: file('roles/update-users-of-role.js') }],
      memory: { hr: objects('a(key=1)') },
    });
    const tree = openRunTree(engine.lockstep);
    for (const action of ['recon', 'plan'])
      await expect(tree.action('recon', action, { mapping: 'm' })).rejects.toMatchObject({
        status: 409,
        message: expect.stringContaining('roles/update-users-of-role.js'),
      });
  });

  it('role assignments that are left out are told in the log', async () => {
    const assignments = [{ mapping: 'out' }, { mapping: 'other' }];
    await using engine = await openEngine({
      mappings: [
        {
          name: 'out',
          source: 'managed/user',
          target: 'system/hr/account',
          defaultMapping: file('roles/defaultMapping.js'),
        },
      ],
      memory: { hr: [] },
      managed: {
        user: [
          { _id: 'u', effectiveAssignments: assignments },
          { _id: 'v', effectiveAssignments: [] },
        ],
      },
      files: {
        'conf/managed.json': { objects: [{ name: 'user', schema: { properties: { effectiveAssignments: {} } } }] },
      },
    });
    await engine.run('out');
    expect(engine.logged.filter((line) => line.includes('assignments'))).toEqual([
      'warn: script: mapping out: 1 role assignments of u are not given to the target',
    ]);
  });

  it('hooks of managed.json as OpenIDM 4 has them work', async () => {
    const properties = {
      effectiveRoles: {
        type: 'array',
        isVirtual: true,
        onRetrieve: {
          type: 'text/javascript',
          source: "require('roles/effectiveRoles').calculateEffectiveRoles(object, 'roles');",
        },
      },
      effectiveAssignments: {
        type: 'array',
        isVirtual: true,
        onRetrieve: { ...file('roles/effectiveAssignments.js'), effectiveRolesPropName: 'effectiveRoles' },
      },
    };
    const user = {
      name: 'user',
      onCreate: {
        type: 'text/javascript',
        source: "require('ui/onCreateUser').setDefaultFields(object)",
      },
      onUpdate: file('ui/onUpdateUser.js'),
      schema: { properties },
    };
    await using engine = await openEngine({
      mappings: [TO_USERS],
      memory: { hr: objects('a(key=1)') },
      files: { 'conf/managed.json': { objects: [user] } },
    });
    await engine.run('m');
    expect(await engine.objects('managed/user')).toMatchObject([
      {
        key: '1',
        accountStatus: 'active',
        authzRoles: [{ _ref: 'repo/internal/role/openidm-authorized' }],
        effectiveRoles: [],
        effectiveAssignments: [],
      },
    ]);
  });
});
