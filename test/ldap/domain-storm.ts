import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';

const UNIT = { name: 'objectClass', values: ['organizationalUnit'] };

/** A part of a domain that a connector is given, with containers in it, and one beside it. */
export interface DomainPart {
  readonly base: string;
  readonly outside: string;
}

export async function addDomainPart(connection: LdapConnection, name: string, domain: string): Promise<DomainPart> {
  const part = { base: `OU=${name}-base,${domain}`, outside: `OU=${name}-outside,${domain}` };
  for (const dn of [
    part.base,
    part.outside,
    `OU=inner0,${part.base}`,
    `OU=inner1,${part.base}`,
    `OU=inner2,${part.outside}`,
  ])
    await connection.add(dn, [UNIT]);
  return part;
}

let serial = 0;

export async function addUser(connection: LdapConnection, dn: string): Promise<void> {
  await connection.add(dn, [
    { name: 'objectClass', values: ['user'] },
    { name: 'sAMAccountName', values: [`u${++serial}x${process.pid}`] },
  ]);
}

/**
 * Changes of every kind, the same for the same seed: users come, go, move and change places and names, names are given up and taken by
 * others, containers are renamed and moved in and out with what is below them.
 */
export async function domainStorm(
  connection: LdapConnection,
  { base, outside }: DomainPart,
  seed: number,
  count: number,
): Promise<void> {
  let state = seed * 7919 + 13;
  const next = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let i = 0; i < count; i++) {
    const users = await names(connection, [base, outside], '(objectClass=user)');
    const places = await names(connection, [base, outside], '(objectClass=organizationalUnit)');
    const roots = new Set([base, outside]);
    const inner = places.filter((dn) => !roots.has(dn));
    const user = users[next(Math.max(1, users.length))];
    const place = places[next(places.length)]!;
    const moved = inner[next(inner.length)]!;
    const kind = next(9);
    if (kind <= 1 || user === undefined) await addUser(connection, `CN=user ${++serial},${place}`);
    else if (kind === 2) await connection.delete(user);
    else if (kind === 3) {
      // The name is taken by another one at once.
      await connection.rename(user, `CN=renamed ${++serial}`);
      await addUser(connection, user);
    } else if (kind === 4) {
      await connection.delete(user);
      await addUser(connection, user);
    } else if (kind === 5) await move(connection, user, place);
    else if (kind === 6) await connection.rename(moved, `OU=place ${++serial}`);
    else if (kind === 7) await move(connection, moved, next(2) === 0 ? base : outside);
    else
      await connection.modify(user, [
        { operation: 'replace', name: 'l', values: next(3) === 0 ? [] : [`city ${next(9)}`] },
      ]);
  }
}

async function move(connection: LdapConnection, dn: string, to: string): Promise<void> {
  const rdn = dn.slice(0, dn.indexOf(','));
  if (dn.endsWith(to) && dn === `${rdn},${to}`) return;
  await connection.rename(dn, rdn.replace(/=.*/, `=moved ${++serial}`), { newSuperior: to });
}

async function names(connection: LdapConnection, bases: readonly string[], filter: string): Promise<string[]> {
  const found: string[] = [];
  for (const base of bases)
    for await (const items of connection.search({ base, filter, attributes: ['1.1'] }))
      for (const item of items) if (item.kind === 'entry') found.push(item.dn);
  return found.toSorted();
}
