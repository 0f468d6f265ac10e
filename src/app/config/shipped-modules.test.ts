import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../base/json.ts';
import { openScripts } from '../../script/testing/open-scripts.ts';
import { shippedModule } from './shipped-modules.ts';

const ROLES: Readonly<Record<string, JsonObject>> = {
  'managed/role/a': { assignments: [{ _ref: 'managed/assignment/x' }] },
  'managed/role/b': { assignments: { mail: { attributes: [] } } },
  'managed/role/past': { temporalConstraints: [{ duration: '2001-01-01T00:00:00Z/2002-01-01T00:00:00Z' }] },
  'managed/assignment/x': { _id: 'x', mapping: 'm' },
};

const NAMES = ['ui/onCreateUser', 'ui/onUpdateUser', 'ui/onDelete-user-cleanup', 'roles/effectiveRoles', 'lib/lodash'];
const MODULES = Object.fromEntries(
  [...NAMES, 'roles/effectiveAssignments', 'crypto', 'lib/underscore', 'bin/defaults/script/ui/onCreateUser.js'].map(
    (name) => [name, shippedModule(name)!.code],
  ),
);

async function evaluate(code: string, object: Json = {}): Promise<Json> {
  await using scripts = await openScripts([code], {
    modules: MODULES,
    answer: async ({ name, args }) =>
      name === 'openidm.read'
        ? { ok: true, value: ROLES[String(args[0])] ?? null }
        : { ok: true, value: { name, args: [...args] } },
  });
  return await scripts.value({ object });
}

describe('modules that OpenIDM ships', () => {
  it.each<[string, Json, Json]>([
    [
      "require('ui/onCreateUser').setDefaultFields(object); object",
      { userName: 'u' },
      { userName: 'u', accountStatus: 'active', authzRoles: [{ _ref: 'repo/internal/role/openidm-authorized' }] },
    ],
    [
      "require('bin/defaults/script/ui/onCreateUser.js').setDefaultFields(object); object",
      { accountStatus: 'inactive', authzRoles: [] },
      { accountStatus: 'inactive', authzRoles: [] },
    ],
    [
      "require('ui/onUpdateUser').preserveLastSync(object, {lastSync: {m: 1}}, {method: 'update'}); object",
      {},
      { lastSync: { m: 1 } },
    ],
    ["require('ui/onUpdateUser').preserveLastSync(object, {lastSync: 1}, {method: 'patch'}); object", {}, {}],
    ["require('ui/onDelete-user-cleanup'); 1", {}, 1],
    ["require('roles/effectiveRoles').calculateEffectiveRoles(object, 'roles')", {}, []],
    [
      "require('roles/effectiveRoles').calculateEffectiveRoles(object, 'roles')",
      { roles: [{ _ref: 'managed/role/a' }, { _ref: 'managed/role/past' }, 'openidm-authorized', null] },
      [{ _ref: 'managed/role/a' }],
    ],
    ["require('roles/effectiveAssignments').calculateEffectiveAssignments(object, 'effectiveRoles')", {}, []],
    [
      "require('roles/effectiveAssignments').calculateEffectiveAssignments(object, 'effectiveRoles')",
      { effectiveRoles: [{ _ref: 'managed/role/a' }, { _ref: 'managed/role/b' }, { _ref: 'managed/role/gone' }] },
      [
        { _id: 'x', mapping: 'm' },
        { name: 'mail', attributes: [] },
      ],
    ],
    [
      "var _ = require('lib/underscore'); _.pluck(_.where(object, {a: 1}), 'b').concat(_.contains([1], 1))",
      [
        { a: 1, b: 2 },
        { a: 2, b: 3 },
      ],
      [2, true],
    ],
    ["require('lib/underscore').max([{n: 1}, {n: 3}], function (one) { return one.n; }).n", {}, 3],
    ["require('lib/underscore').max; require('lib/lodash').max([1, 2])", {}, 2],
  ])('%s of %j gives %j', async (code, object, value) => {
    expect(await evaluate(code, object)).toEqual(value);
  });

  it('random text obeys its rules and differs each time', async () => {
    const code = `var made = require('crypto').generateRandomString([{rule: 'UPPERCASE', minimum: 2}, {rule: 'INTEGERS', minimum: 3},
      {rule: 'SPECIAL', minimum: 1}], 12); var other = require('crypto').generateRandomString([], 12); [made, other]`;
    const [made, other] = (await evaluate(code)) as string[];
    expect(made).toHaveLength(12);
    expect(made!.match(/[A-Z]/g)!.length).toBeGreaterThanOrEqual(2);
    expect(made!.match(/\d/g)!.length).toBeGreaterThanOrEqual(3);
    expect(made).toMatch(/[^A-Z\d]/);
    expect(other).toMatch(/^[A-Za-z\d]{12}$/);
  });

  it('a hash is made by the crypto service', async () => {
    expect(await evaluate("require('crypto').hash('x', 'SHA-512')")).toEqual({
      name: 'openidm.hash',
      args: ['x', 'SHA-512'],
    });
  });

  it('any other name is not there', () => {
    expect(shippedModule('roles/conditionalRoles')).toBeNull();
    expect(shippedModule('toString')).toBeNull();
  });
});
