import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, messageOf } from '../../base/failure.ts';
import type { LdapConnectionOptions, LdapLogin, LdapTlsOptions } from '../../ldap/client/connection-options.ts';
import type { LdapSettings } from './ldap-settings.ts';

/** What a connection is opened with. Reads the files of certificates; rejects with `bad-configuration` where one cannot be read. */
export async function connectionOptions(
  settings: LdapSettings,
  projectDirectory: string,
): Promise<LdapConnectionOptions> {
  const { servers, security, connectTimeoutMs, requestTimeoutMs, isSealed } = settings;
  if (isSealed)
    throw new Failure('unreachable', 'its credentials are encrypted; only the server that has the key can use them');
  const tls = security === 'none' ? {} : { tls: await tlsOptions(settings, projectDirectory) };
  return { servers, security, ...tls, login: loginOf(settings), connectTimeoutMs, requestTimeoutMs };
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
