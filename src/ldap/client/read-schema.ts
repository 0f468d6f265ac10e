import { LdapFailure } from '../ldap-failure.ts';
import { LdapSchema } from '../schema/ldap-schema.ts';
import type { RequestOptions } from './connection-options.ts';
import { entriesOf } from './entries-of.ts';
import type { LdapConnection } from './ldap-connection.ts';

const DEFAULT_SUBENTRY = 'cn=schema';

/**
 * Reads the schema at `subschemaSubentry` of the root DSE (RFC 4512 §4.4). Rejects with `LdapFailure`, `incomplete-read` where the account may
 * not see it.
 */
export async function readSchema(
  connection: LdapConnection,
  subschemaSubentry: string | null,
  options?: RequestOptions,
): Promise<LdapSchema> {
  const base = subschemaSubentry ?? DEFAULT_SUBENTRY;
  const attributes = ['attributeTypes', 'objectClasses', 'dITContentRules'];
  const query = { base, scope: 'base', filter: '(objectClass=*)', attributes } as const;
  for await (const [entry] of entriesOf(connection.search(query, options)))
    if (entry !== undefined) {
      const [types = [], classes = [], rules = []] = attributes.map((name) => entry.texts(name));
      return new LdapSchema(types, classes, rules);
    }
  const text = `the schema of the directory cannot be read: the server shows no entry "${base}" to this account`;
  throw new LdapFailure('protocol', 'incomplete-read', text);
}
