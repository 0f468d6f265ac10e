import { encodeFilter } from '../codec/encode-filter.ts';
import { encodeBer } from '../ber/ber-writer.ts';
import { BOOLEAN } from '../ber/ber-tag.ts';
import type { LdapControl } from '../codec/message.ts';
import type { Filter } from '../filter/filter.ts';
import { parseFilter } from '../filter/parse-filter.ts';

/** Controls that are said by their OID alone. */
export const FLAG_CONTROLS = {
  /** Referral objects are entries (RFC 3296). */
  manageDsaIt: '2.16.840.1.113730.3.4.2',
  /** A delete takes what is below along. */
  treeDelete: '1.2.840.113556.1.4.805',
  /** Active Directory: deleted objects are found too. */
  showDeleted: '1.2.840.113556.1.4.417',
  showRecycled: '1.2.840.113556.1.4.2064',
  showDeactivatedLink: '1.2.840.113556.1.4.2065',
  /** Adding a value that is there, or deleting one that is not, is no error. */
  permissiveModify: '1.2.840.113556.1.4.1413',
  /** Active Directory: the search goes on with changes. */
  changeNotification: '1.2.840.113556.1.4.528',
  /** Active Directory: no search references. */
  domainScope: '1.2.840.113556.1.4.1339',
  relaxRules: '1.3.6.1.4.1.4203.666.5.12',
} as const;

const ASSERTION = '1.3.6.1.1.12';
const SUBENTRIES = '1.3.6.1.4.1.4203.1.10.1';
const PROXIED_AUTHORIZATION = '2.16.840.1.113730.3.4.18';

/** A control without a value: one of `FLAG_CONTROLS`, or any other. */
export function flagControl(oid: string, isCritical = true): LdapControl {
  return { oid, isCritical, value: null };
}

/** The operation is only carried out where the entry matches; otherwise 122 assertionFailed (RFC 4528). */
export function assertionControl(filter: Filter | string): LdapControl {
  const parsed = typeof filter === 'string' ? parseFilter(filter) : filter;
  return { oid: ASSERTION, isCritical: true, value: encodeBer((writer) => encodeFilter(writer, parsed)) };
}

/** Searches give subentries and nothing else, or everything else (RFC 3672 §3). */
export function subentriesControl(isVisible: boolean): LdapControl {
  return { oid: SUBENTRIES, isCritical: true, value: encodeBer((writer) => writer.boolean(isVisible, BOOLEAN)) };
}

/** Carried out in the name of someone else: `dn:uid=a,dc=example`, `u:name` or, for anonymous, the empty text (RFC 4370). */
export function proxiedAuthorizationControl(authorizationId: string): LdapControl {
  return { oid: PROXIED_AUTHORIZATION, isCritical: true, value: Buffer.from(authorizationId) };
}
