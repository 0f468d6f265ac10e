import { describe, expect, it } from 'vitest';
import { BASE, faultsOf, js, mappingFaults, withMapping } from './load-fixture.ts';

const file = (name: string) => ({ type: 'text/javascript', file: name });

describe('what OpenIDM ships', () => {
  it('a module that is not there is told at its place, also when another module asks for it', async () => {
    const user = {
      name: 'user',
      onCreate: js("require('ui/onCreateUser').setDefaultFields(object); require('roles/conditionalRoles').x(object)"),
      onUpdate: file('hook.js'),
    };
    const faults = await faultsOf({
      ...withMapping({}),
      'conf/managed.json': { objects: [user] },
      'script/hook.js': "var a = require('lib/a'); // require('not/asked')\n/* require('nor/this') */\n",
      'script/lib/a.js': "require('./b'); require('crypto'); require('lib/lodash')",
      'script/lib/b.js': "require('./a'); require('./gone')",
    });
    expect(faults).toEqual([
      'warning conf/managed.json /objects/0/onCreate/source: there is no module "roles/conditionalRoles"',
      'warning conf/managed.json /objects/0/onUpdate/file: there is no module "./gone" (asked for by script/lib/b.js)',
    ]);
  });

  it('a script that nothing stands in for is told, one that has its counterpart is not', async () => {
    const user = {
      name: 'user',
      onCreate: file('ui/onCreateUser.js'),
      onUpdate: file('bin/defaults/script/ui/onUpdateUser.js'),
      onDelete: file('ui/onDelete-user-cleanup.js'),
      onSync: file('compensate.js'),
      onRead: file('roles/conditionalRoles.js'),
    };
    const objects = { objects: [user] };
    expect(await faultsOf({ ...withMapping({}), 'conf/managed.json': objects })).toEqual([
      'warning conf/managed.json /objects/0/onRead/file: the script roles/conditionalRoles.js, which OpenIDM ships, is not available here: it has no effect',
    ]);
    expect(
      await faultsOf({
        ...withMapping({}),
        'conf/managed.json': objects,
        'script/roles/conditionalRoles.js': '1',
      }),
    ).toEqual([]);
  });

  it('a policy action that starts a workflow is no fault', async () => {
    const policies = [{ situation: 'ABSENT', action: file('workflow/triggerWorkflowFromSync.js') }];
    expect(await mappingFaults({ policies }, BASE)).toEqual([]);
  });
});
