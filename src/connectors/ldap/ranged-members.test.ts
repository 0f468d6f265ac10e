import { afterEach, expect, it } from 'vitest';
import { silentLog } from '../../base/log.ts';
import type { Connector, ObjectTypeConfig, PropertyConfig } from '../../connector/contract.ts';
import { success, startFakeServer, type FakePeer, type FakeServer } from '../../ldap/testing/fake-server.ts';
import type { Modification, RequestMessage } from '../../ldap/codec/message.ts';
import type { ObjectSet, ScanPage } from '../../model/object-set.ts';
import { ldapConnector } from './ldap-connector.ts';

const BASE = 'dc=example';
const MOST = 1500;

const property = (nativeName: string, type: PropertyConfig['type'] = 'string'): PropertyConfig => ({
  type,
  itemType: type === 'array' ? 'string' : null,
  nativeName,
  nativeType: 'string',
  isRequired: false,
  flags: [],
});
const GROUP: ObjectTypeConfig = {
  nativeType: '__GROUP__',
  properties: { dn: property('__NAME__'), members: property('member', 'array') },
};

/** Groups as Active Directory gives them: at most 1,500 members at a time. A list may end early. */
async function startRanging(groups: Map<string, string[]>, endsEarly: ReadonlySet<string>): Promise<FakeServer> {
  const tell = ({ id }: RequestMessage, dn: string, first: number, peer: FakePeer): void => {
    const all = groups.get(dn)!;
    const part = endsEarly.has(dn) && first > 0 ? [] : all.slice(first, first + MOST);
    const last = first + MOST >= all.length ? '*' : String(first + part.length - 1);
    const name = all.length <= MOST ? 'member' : `member;range=${first}-${last}`;
    peer.send(id, { kind: 'entry', dn, attributes: part.length === 0 ? [] : [{ name, values: part }] });
  };
  return startFakeServer((message, peer) => {
    const { operation, id } = message;
    if (operation.kind === 'modify') return peer.send(id, success('modify'));
    if (operation.kind !== 'search') return;
    const range = operation.attributes.map((name) => /;range=(\d+)-/.exec(name)?.[1]).find((one) => one !== undefined);
    if (operation.base === '') peer.send(id, { kind: 'entry', dn: '', attributes: [] });
    else
      for (const dn of groups.keys())
        if (operation.scope !== 'base' || operation.base === dn) tell(message, dn, Number(range ?? 0), peer);
    peer.send(id, success('search'));
  });
}

let server: FakeServer | null = null;
let connector: Connector | null = null;
afterEach(async () => {
  await connector?.close();
  await server?.dispose();
});

async function open(sizes: Readonly<Record<string, number>>, endsEarly: readonly string[] = []): Promise<ObjectSet> {
  const dnOf = (name: string): string => `cn=${name},${BASE}`;
  const groups = new Map(
    Object.entries(sizes).map(([name, size]) => [
      dnOf(name),
      Array.from({ length: size }, (_, i) => `cn=m${i},${BASE}`),
    ]),
  );
  server = await startRanging(groups, new Set(endsEarly.map(dnOf)));
  const { address } = server;
  if (address.kind !== 'tcp') throw new Error('no port');
  const { host, port } = address;
  const settings = {
    host,
    port,
    baseContexts: [BASE],
    uidAttribute: 'dn',
    groupMemberAttribute: 'member',
    readSchema: false,
  };
  connector = ldapConnector.create(
    {
      name: 'ad',
      enabled: true,
      connectorName: 'ldap',
      configurationProperties: settings,
      objectTypes: { group: GROUP },
    },
    { projectDirectory: '/', log: silentLog },
  );
  return connector.objectSet('group');
}

it('lists that come in parts are read whole, by scan and by id', async () => {
  const set = await open({ small: 3, exact: 1500, large: 3200 });
  const counts: Record<string, number> = {};
  for await (const page of set.scan({ pageSize: 10 }))
    for (const { id, object } of page.objects) counts[id] = new Set(object['members'] as string[]).size;
  expect(counts).toEqual({ 'cn=small,dc=example': 3, 'cn=exact,dc=example': 1500, 'cn=large,dc=example': 3200 });
  const [found] = (await set.readMany(['cn=large,dc=example'])).values();
  expect(found!.object['members']).toHaveLength(3200);
});

it('a list that never comes whole is a fault of its entry, and the others are read', async () => {
  const set = await open({ small: 3, broken: 3200 }, ['broken']);
  const pages: ScanPage[] = [];
  for await (const page of set.scan({ pageSize: 10 })) pages.push(page);
  expect(pages[0]).toMatchObject({
    isLast: true,
    objects: [{ id: 'cn=small,dc=example' }],
    faults: [{ id: 'cn=broken,dc=example', message: expect.stringContaining('member') as string }],
  });
  await expect(set.readMany(['cn=small,dc=example', 'cn=broken,dc=example'])).rejects.toMatchObject({
    found: new Map([['cn=small,dc=example', expect.anything()]]),
    unreadable: new Map([['cn=broken,dc=example', expect.stringContaining('member') as string]]),
  });
});

it('of such a list only the member that changes is written', async () => {
  const set = await open({ large: 3200 });
  const id = 'cn=large,dc=example';
  const { object } = (await set.readMany([id])).get(id)!;
  const members = [...(object['members'] as string[]).filter((dn) => !dn.startsWith('cn=m2000,')), 'cn=new,dc=example'];
  const [outcome] = await set.write([{ kind: 'update', id, rev: null, object: { members }, changed: ['members'] }]);
  expect(outcome).toMatchObject({ ok: true, id });
  const sent = server!.requests.flatMap(({ operation }) => (operation.kind === 'modify' ? operation.changes : []));
  const shown = sent.map(({ operation, name, values }: Modification) => [operation, name, ...values.map(String)]);
  expect(shown).toEqual([
    ['delete', 'member', 'cn=m2000,dc=example'],
    ['add', 'member', 'cn=new,dc=example'],
  ]);
});
