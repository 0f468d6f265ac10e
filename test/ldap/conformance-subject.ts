import { createHash } from 'node:crypto';
import { silentLog } from '../../src/base/log.ts';
import { setOwn, type JsonObject } from '../../src/base/json.ts';
import type { ConformanceSubject } from '../../src/connector/connector.conformance.ts';
import { conformanceType } from '../../src/connector/connector.conformance.ts';
import type { ConnectorConfig, ObjectTypeConfig, PropertyConfig } from '../../src/connector/contract.ts';
import { ldapConnector } from '../../src/connectors/ldap/ldap-connector.ts';
import { openLdap, type LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { escapeDnValue } from '../../src/ldap/dn/format-dn.ts';
import type { ObjectSet, ObjectWrite, StoredObject } from '../../src/model/object-set.ts';
import { SUFFIX } from './openldap-config.ts';

export interface DirectoryLogin {
  readonly port: number;
  readonly dn: string;
  readonly password: string;
}

export function openAs({ port, dn, password }: DirectoryLogin): Promise<LdapConnection> {
  return openLdap({
    servers: [{ kind: 'tcp', host: '127.0.0.1', port }],
    security: 'none',
    login: { kind: 'simple', dn, password },
  });
}

/** Settings of the connector for a server of these tests. */
export function settingsFor({ port, dn, password }: DirectoryLogin, more: JsonObject = {}): JsonObject {
  return { host: '127.0.0.1', port, principal: dn, credentials: password, baseContexts: [SUFFIX], ...more };
}

export function connectorConfig(
  configurationProperties: JsonObject,
  objectTypes: ConnectorConfig['objectTypes'],
): ConnectorConfig {
  const connectorName = ldapConnector.connectorNames[0]!;
  return { name: 'ldap', enabled: true, connectorName, configurationProperties, objectTypes };
}

const NATIVE: Readonly<Record<string, string>> = {
  name: 'cn',
  text: 'description',
  count: 'uidNumber',
  groups: 'businessCategory',
  fixed: 'l',
  derived: 'st',
  none: 'title',
};

let counter = 0;

/**
 * The collection of the claims over a container of its own. The claims know objects by plain names, so the id is `cn`; what an entry needs
 * besides (its DN, whose RDN follows the name, and `sn`) is added here, and taken away.
 */
export async function conformanceSubject(login: DirectoryLogin, booleanAttribute: string): Promise<ConformanceSubject> {
  const connection = await openAs(login);
  const ou = `claims${++counter}`;
  const base = `ou=${ou},${SUFFIX}`;
  await connection.add(base, [
    { name: 'objectClass', values: ['organizationalUnit'] },
    { name: 'ou', values: [ou] },
  ]);
  const config = connectorConfig(
    settingsFor(login, {
      baseContexts: [base],
      uidAttribute: 'cn',
      accountObjectClasses: ['top', 'person', 'organizationalPerson', 'inetOrgPerson', 'extensibleObject'],
    }),
    { account: typeFor(booleanAttribute) },
  );
  const connector = ldapConnector.create(config, { projectDirectory: '/', log: silentLog });
  return {
    set: plain(connector.objectSet('account'), base),
    dispose: async () => {
      await connector.close();
      connection.close();
    },
  };
}

function typeFor(booleanAttribute: string): ObjectTypeConfig {
  const properties: Record<string, PropertyConfig> = {};
  for (const [name, property] of Object.entries(conformanceType.properties))
    properties[name] = {
      ...property,
      nativeName: name === 'isActive' ? booleanAttribute : (NATIVE[name] ?? property.nativeName),
    };
  const extra = { ...conformanceType.properties['text']!, flags: [] };
  return {
    nativeType: '__ACCOUNT__',
    properties: { ...properties, dn: { ...extra, nativeName: '__NAME__' }, sn: { ...extra, nativeName: 'sn' } },
  };
}

/** Names are in no way limited, RDNs are on most servers. */
function dnOf(name: string, base: string): string {
  const short = name.length > 100 ? createHash('sha1').update(name).digest('hex') : name;
  return `displayName=${escapeDnValue(short)},${base}`;
}

function plain(set: ObjectSet, base: string): ObjectSet {
  const shown = ({ id, rev, object: { dn: _dn, sn: _sn, ...object } }: StoredObject): StoredObject => ({
    id,
    rev,
    object,
  });
  const withDn = (object: JsonObject): JsonObject => {
    const copy: JsonObject = { ...object };
    if (typeof object['name'] === 'string') setOwn(copy, 'dn', dnOf(object['name'], base));
    return copy;
  };
  const sent = (write: ObjectWrite): ObjectWrite => {
    if (write.kind === 'create') return { ...write, object: { ...withDn(write.object), sn: 'x' } };
    if (write.kind === 'delete' || !write.changed.includes('name')) return write;
    return { ...write, object: withDn(write.object), changed: [...write.changed, 'dn'] };
  };
  return {
    ...set,
    scan: async function* (request) {
      for await (const page of set.scan(request)) yield { ...page, objects: page.objects.map(shown) };
    },
    readMany: async (ids, signal) => {
      const found = await set.readMany(ids, signal);
      return new Map([...found].map(([id, stored]) => [id, shown(stored)]));
    },
    query: async (queries, signal) => {
      const answers = await set.query(queries, signal);
      return answers.map((answer) => (answer.ok ? { ok: true, objects: answer.objects.map(shown) } : answer));
    },
    write: (writes, signal) => set.write(writes.map(sent), signal),
  };
}
