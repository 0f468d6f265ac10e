import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { js, openSyncProject, out, system, user } from './sync-project.ts';

const CORRELATION = js("({ _queryFilter: 'name eq \"' + source.userName + '\"' })");

/** A managed user without links, and accounts of the same name: what becomes of them when the user is deleted. */
async function afterDelete(
  names: readonly string[],
  more: JsonObject,
): Promise<{ readonly told: readonly unknown[]; readonly names: readonly unknown[] }> {
  const account = names.map((name, i) => ({ _id: String(i), name }));
  const files = {
    'conf/managed.json': user(),
    'conf/provisioner.openicf-a.json': { ...system('a'), configurationProperties: { objects: { account } } },
    'conf/sync.json': { mappings: [out('a', { correlationQuery: CORRELATION, ...more })] },
  };
  await using project = await openSyncProject(files);
  const { repository } = project.lockstep;
  const object = { kind: 'create', type: 'user', id: 'u', doc: { userName: 'ann', status: 'on' } } as const;
  await repository.commit({ units: [{ object }] });
  await project.remove('managed/user/u');
  const entries = await project.query('audit/sync', 'true');
  const held = await project.held('a');
  return {
    told: entries.map(({ situation, action }) => `${String(situation)} ${String(action)}`),
    names: Object.values(held).map(({ name }) => name),
  };
}

describe('a source object that is deleted without ever having been linked', () => {
  const policies = [
    { situation: 'UNASSIGNED', action: 'DELETE' },
    { situation: 'UNQUALIFIED', action: 'DELETE' },
  ];

  it.each([
    ['nobody has its name', ['bob'], {}, 'ALL_GONE IGNORE', ['bob']],
    ['one account has its name', ['ann', 'bob'], {}, 'UNASSIGNED EXCEPTION', ['ann', 'bob']],
    ['one has, and such are deleted', ['ann', 'bob'], { policies }, 'UNASSIGNED DELETE', ['bob']],
    ['one has, but it did not qualify', ['ann'], { validSource: js('false') }, 'TARGET_IGNORED IGNORE', ['ann']],
    ['two have', ['ann', 'ann'], {}, 'AMBIGUOUS EXCEPTION', ['ann', 'ann']],
    [
      'two have, it did not qualify',
      ['ann', 'ann'],
      { validSource: js('false') },
      'UNQUALIFIED DELETE',
      ['ann', 'ann'],
    ],
  ] as const)('%s', async (_, names, more, told, left) => {
    expect(await afterDelete(names, more as unknown as JsonObject)).toEqual({ told: [told], names: left });
  });
});
