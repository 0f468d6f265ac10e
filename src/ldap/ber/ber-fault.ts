import { LdapFailure } from '../ldap-failure.ts';

/** Bytes that are not what they should be. The message names what was expected and where, counted from the message's start. */
export function berFault(what: string, offset: number): LdapFailure {
  return new LdapFailure('protocol', 'corrupt', `the server sent what is not LDAP: ${what} at byte ${offset}`);
}
