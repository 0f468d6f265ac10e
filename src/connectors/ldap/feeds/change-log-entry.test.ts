import { expect, it } from 'vitest';
import { startFakeServer, success } from '../../../ldap/testing/fake-server.ts';
import { openTo } from '../../../ldap/testing/open-to.ts';
import { LOG_ATTRIBUTES, readLoggedChange, type LoggedChange } from './change-log-entry.ts';

/** An entry of a change log, as it comes from a server. */
async function logged(attributes: Readonly<Record<string, string>>): Promise<LoggedChange | null> {
  const server = await startFakeServer(({ id }, peer) =>
    peer.send(
      id,
      {
        kind: 'entry',
        dn: 'changenumber=7,cn=changelog',
        attributes: Object.entries(attributes).map(([name, value]) => ({ name, values: [value] })),
      },
      success('search'),
    ),
  );
  const connection = await openTo(server);
  try {
    return readLoggedChange((await connection.read('x', LOG_ATTRIBUTES))!, 'changeNumber');
  } finally {
    connection.close();
    await server.dispose();
  }
}

const BASE = { changenumber: '7', targetDn: 'uid=a,ou=people,dc=x' };

it('a modification names what it touches, and who did it', async () => {
  const changes = [
    'replace: mail',
    'mail:: w6RAeA==',
    '-',
    'add: description',
    'description: a very',
    '  long line',
    '-',
    'replace: modifiersname',
    'modifiersname: cn=sync,dc=x',
    '-',
    '\0',
  ].join('\n');
  const change = (await logged({ ...BASE, changeType: 'modify', changes }))!;
  expect(change).toMatchObject({
    number: 7,
    type: 'modify',
    dn: BASE.targetDn,
    newDn: BASE.targetDn,
    modifier: 'cn=sync,dc=x',
  });
  expect([...change.attributes]).toEqual(['mail', 'description', 'modifiersname']);
});

it.each([
  [{ newRdn: 'uid=b' }, 'uid=b,ou=people,dc=x'],
  [{ newRdn: 'uid=b', newSuperior: 'ou=else,dc=x' }, 'uid=b,ou=else,dc=x'],
])('a renaming with %j leads to %s', async (more, newDn) => {
  expect(await logged({ ...BASE, changeType: 'modrdn', ...more })).toMatchObject({ type: 'rename', newDn });
});

it('a deletion has the ids that the log keeps', async () => {
  const change = await logged({ ...BASE, changeType: 'delete', targetUniqueId: 'u-1', targetEntryUUID: 'e-1' });
  expect([...change!.ids]).toEqual([
    ['nsuniqueid', 'u-1'],
    ['entryuuid', 'e-1'],
  ]);
});

it.each([[{ changeType: 'other' }], [{ changeType: 'add', changenumber: 'x' }]])('%j is no change', async (more) => {
  expect(await logged({ ...BASE, ...more })).toBeNull();
});
