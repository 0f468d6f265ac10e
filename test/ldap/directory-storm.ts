import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { SUFFIX } from './openldap-config.ts';

let serial = 0;

export const PEOPLE = `ou=people,${SUFFIX}`;

/** Changes of every kind, the same for the same seed. `canRename`: names change, too. */
export async function storm(
  connection: LdapConnection,
  seed: number,
  count: number,
  { canRename = true, canDelete = true } = {},
): Promise<void> {
  const next = numbers(seed);
  const present = await namesIn(connection);
  for (let i = 0; i < count; i++) {
    const kind = next(6);
    const at = next(Math.max(1, present.length));
    const dn = present[at];
    if (kind === 0 || dn === undefined) present.push(await addPerson(connection, `new${++serial}`));
    else if (kind === 1 && canDelete) {
      await connection.delete(dn);
      present.splice(at, 1);
    } else if (kind === 2 && canRename) {
      const rdn = `uid=renamed${++serial}`;
      await connection.rename(dn, rdn);
      present[at] = `${rdn},${PEOPLE}`;
    } else if (kind === 3) {
      await connection.modify(dn, [
        { operation: 'replace', name: 'mail', values: [`${i}@example.org`, `b${i}@x.org`] },
      ]);
    } else await connection.modify(dn, [{ operation: 'replace', name: 'l', values: [`city ${next(5)}`] }]);
  }
}

export async function addPerson(connection: LdapConnection, uid: string, parent = PEOPLE): Promise<string> {
  const dn = `uid=${uid},${parent}`;
  await connection.add(dn, [
    { name: 'objectClass', values: ['inetOrgPerson'] },
    { name: 'uid', values: [uid] },
    { name: 'cn', values: [`Person ${uid}`] },
    { name: 'sn', values: [uid] },
  ]);
  return dn;
}

async function namesIn(connection: LdapConnection): Promise<string[]> {
  const names: string[] = [];
  const query = { base: PEOPLE, filter: '(objectClass=inetOrgPerson)', attributes: ['1.1'] };
  for await (const items of connection.pagedSearch(query))
    for (const item of items) if (item.kind === 'entry') names.push(item.dn);
  return names.sort();
}

/** Whole numbers below a bound, from a seed. */
function numbers(seed: number): (bound: number) => number {
  let state = seed * 2_654_435_761;
  return (bound) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (state >>> 8) % bound;
  };
}
