import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, messageOf } from '../../base/failure.ts';
import type { LdapConnectionOptions, LdapLogin, LdapTlsOptions } from '../../ldap/client/connection-options.ts';
import { shownAddress, type LdapAddress } from '../../ldap/client/ldap-address.ts';
import { locateServers } from './locate-servers.ts';
import type { LdapSettings } from './ldap-settings.ts';

/** A server that is not one of the settings. */
export interface OtherServer {
  readonly address: LdapAddress;
  readonly isTls: boolean;
}

/**
 * What a connection is opened with, to the servers of the settings or to `other`. Reads the files of certificates; rejects with
 * `bad-configuration` where one cannot be read, with `denied` where another server would get the password in the clear.
 */
export async function connectionOptions(
  settings: LdapSettings,
  projectDirectory: string,
  other?: OtherServer,
): Promise<LdapConnectionOptions> {
  const { connectTimeoutMs, requestTimeoutMs, isSealed } = settings;
  if (isSealed)
    throw new Failure('unreachable', 'its credentials are encrypted; only the server that has the key can use them');
  const servers = await serversOf(settings, other);
  const security = other === undefined ? settings.security : securityOf(settings, other);
  const tls = security === 'none' ? {} : { tls: await tlsOptions(settings, projectDirectory) };
  return { servers, security, ...tls, login: loginOf(settings), connectTimeoutMs, requestTimeoutMs };
}

async function serversOf({ servers, domain }: LdapSettings, other?: OtherServer): Promise<readonly LdapAddress[]> {
  if (other !== undefined) return [other.address];
  return domain === null ? servers : locateServers(domain);
}

function securityOf({ security }: LdapSettings, { address, isTls }: OtherServer): LdapSettings['security'] {
  if (isTls) return 'tls';
  if (security !== 'tls') return security;
  throw new Failure('denied', `${shownAddress(address)} would get the login without TLS, which "ssl" forbids`);
}

function loginOf({ authType, principal, credentials }: LdapSettings): LdapLogin {
  switch (authType) {
    case 'anonymous':
      return { kind: 'anonymous' };
    case 'external':
      return principal === '' ? { kind: 'external' } : { kind: 'external', authorizationId: principal };
    case 'plain':
      return { kind: 'plain', user: principal, password: credentials };
    case 'simple':
      return { kind: 'simple', dn: principal, password: credentials };
  }
}

async function tlsOptions(settings: LdapSettings, projectDirectory: string): Promise<LdapTlsOptions> {
  const { caFile, clientCertificateFile, clientKeyFile, serverName, isVerified } = settings;
  const read = async (key: string, file: string): Promise<Buffer> => {
    try {
      return await readFile(path.resolve(projectDirectory, file));
    } catch (error) {
      throw new Failure('bad-configuration', `${key} cannot be read: ${messageOf(error)}`, { cause: error });
    }
  };
  return {
    isVerified,
    ...(serverName === null ? {} : { serverName }),
    ...(caFile === null ? {} : { ca: await read('caFile', caFile) }),
    ...(clientCertificateFile === null
      ? {}
      : { certificate: await read('clientCertificateFile', clientCertificateFile) }),
    ...(clientKeyFile === null ? {} : { key: await read('clientKeyFile', clientKeyFile) }),
  };
}
