import { setTimeout as sleep } from 'node:timers/promises';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { openAs, type DirectoryLogin } from '../ldap/conformance-subject.ts';
import { PEOPLE } from './ldap-campaign-project.ts';

const UNITS = ['a', 'b', 'c'].map((ou) => `ou=${ou},${PEOPLE}`);
const NAMES = 25;
const CITIES = ['Rome', 'Oslo', 'Bonn', 'Lyon'];

/** Changes the people of a directory in every way that there is, as fast as it takes them, until it is stopped. */
export class Tempest {
  readonly #login: () => DirectoryLogin;
  readonly #random: () => number;
  #isOn = false;
  #done: Promise<void> = Promise.resolve();
  #serial: number;
  /** Changes that the directory accepted, by kind. */
  readonly counts: Record<string, number> = {};

  constructor(login: () => DirectoryLogin, random: () => number, serial: number) {
    this.#login = login;
    this.#random = random;
    this.#serial = serial;
  }

  static async prepare(login: DirectoryLogin): Promise<void> {
    const connection = await openAs(login);
    for (const dn of UNITS) await connection.add(dn, [{ name: 'objectClass', values: ['organizationalUnit'] }]);
    connection.close();
  }

  start(): void {
    this.#isOn = true;
    this.#done = this.#blow();
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await this.#done;
  }

  async #blow(): Promise<void> {
    let connection: LdapConnection | null = null;
    while (this.#isOn) {
      try {
        connection ??= await openAs(this.#login());
        await this.#change(connection);
      } catch {
        // Taken names, entries that are gone, a server that is away: all of it belongs to the weather.
        if (connection?.isOpen !== true) {
          connection = null;
          await sleep(20);
        }
      }
    }
    connection?.close();
  }

  async #change(connection: LdapConnection): Promise<void> {
    const kind = this.#below(10);
    const dn = this.#anyDn();
    const done = async (name: string, work: Promise<unknown>): Promise<void> => {
      await work;
      this.counts[name] = (this.counts[name] ?? 0) + 1;
    };
    if (kind < 3) return done('add', this.#add(connection, dn));
    if (kind === 3) return done('delete', connection.delete(dn));
    if (kind === 4) return done('rename', connection.rename(dn, `uid=n${this.#below(NAMES)}`));
    if (kind === 5) {
      const [rdn = ''] = dn.split(',');
      return done('move', connection.rename(dn, rdn, { newSuperior: this.#of(UNITS) }));
    }
    if (kind === 6) {
      await connection.delete(dn);
      return done('delete and create again', this.#add(connection, dn));
    }
    if (kind === 7) {
      await connection.rename(dn, `uid=n${this.#below(NAMES)}`);
      return done('rename and create in its place', this.#add(connection, dn));
    }
    const [name, value] = kind === 8 ? ['l', this.#of(CITIES)] : ['mail', `m${this.#below(1000)}@example.org`];
    return done('modify', connection.modify(dn, [{ operation: 'replace', name: name!, values: [value!] }]));
  }

  #add(connection: LdapConnection, dn: string): Promise<unknown> {
    const [, uid = ''] = /^uid=([^,]*)/.exec(dn) ?? [];
    return connection.add(dn, [
      { name: 'objectClass', values: ['inetOrgPerson'] },
      { name: 'uid', values: [uid] },
      { name: 'cn', values: [`Person ${uid}`] },
      { name: 'sn', values: [uid] },
      { name: 'employeeNumber', values: [String(++this.#serial)] },
      { name: 'mail', values: [`${uid}@example.org`] },
      { name: 'l', values: [this.#of(CITIES)] },
    ]);
  }

  #anyDn(): string {
    return `uid=n${this.#below(NAMES)},${this.#of(UNITS)}`;
  }

  #of<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}
