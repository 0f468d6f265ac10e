import type { LdapEntry } from '../codec/ldap-entry.ts';
import { LdapFailure } from '../ldap-failure.ts';
import type { RequestOptions } from './connection-options.ts';
import type { LdapConnection } from './ldap-connection.ts';

/** What a server says of itself (RFC 4512 §5.1). Lists are empty where it says nothing. */
export interface RootDse {
  readonly namingContexts: readonly string[];
  readonly defaultNamingContext: string | null;
  readonly subschemaSubentry: string | null;
  readonly vendorName: string | null;
  readonly vendorVersion: string | null;
  /** OIDs. */
  readonly supportedControls: ReadonlySet<string>;
  readonly supportedExtensions: ReadonlySet<string>;
  readonly supportedFeatures: ReadonlySet<string>;
  /** Active Directory's; Samba has them too. */
  readonly supportedCapabilities: ReadonlySet<string>;
  readonly supportedSaslMechanisms: readonly string[];
  /** Base of the retro change log. */
  readonly changeLog: string | null;
  /** Everything, also what only this server has. */
  readonly entry: LdapEntry;
}

/** Reads the root DSE. Rejects with `LdapFailure`. */
export async function readRootDse(connection: LdapConnection, options?: RequestOptions): Promise<RootDse> {
  const entry = await connection.read('', ['*', '+'], options);
  if (entry === null) throw new LdapFailure('protocol', 'incomplete-read', 'the server shows no root DSE');
  const set = (name: string): ReadonlySet<string> => new Set(entry.texts(name));
  return {
    namingContexts: entry.texts('namingContexts'),
    defaultNamingContext: entry.text('defaultNamingContext'),
    subschemaSubentry: entry.text('subschemaSubentry'),
    vendorName: entry.text('vendorName'),
    vendorVersion: entry.text('vendorVersion'),
    supportedControls: set('supportedControl'),
    supportedExtensions: set('supportedExtension'),
    supportedFeatures: set('supportedFeatures'),
    supportedCapabilities: set('supportedCapabilities'),
    supportedSaslMechanisms: entry.texts('supportedSASLMechanisms'),
    changeLog: entry.text('changeLog'),
    entry,
  };
}
