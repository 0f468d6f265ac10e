import type { Filter } from '../filter/filter.ts';

/** A value as it is sent: text is encoded as UTF-8. */
export type LdapValue = string | Uint8Array;

/** A control of a request, an entry or a result (RFC 4511 §4.1.11). */
export interface LdapControl {
  readonly oid: string;
  /** The server has to refuse the request where it does not know the control. Only meant in requests. */
  readonly isCritical: boolean;
  readonly value: Uint8Array | null;
}

/** How an operation ended (RFC 4511 §4.1.9). */
export interface LdapResult {
  readonly code: number;
  readonly matchedDn: string;
  /** The server's words. For people only. */
  readonly message: string;
  /** LDAP URLs of servers to ask instead, with code 10. */
  readonly referrals: readonly string[];
  readonly controls: readonly LdapControl[];
}

export type SearchScope = 'base' | 'one' | 'subtree' | 'subordinates';
export type AliasDereference = 'never' | 'searching' | 'finding' | 'always';

export interface AttributeValues {
  /** Attribute description: name or OID, with options (`userCertificate;binary`). */
  readonly name: string;
  readonly values: readonly LdapValue[];
}

export interface Modification extends AttributeValues {
  /** `delete` without values removes the attribute; `increment` is RFC 4525. */
  readonly operation: 'add' | 'delete' | 'replace' | 'increment';
}

export type BindAuthentication =
  | { readonly kind: 'simple'; readonly password: LdapValue }
  | { readonly kind: 'sasl'; readonly mechanism: string; readonly credentials: Uint8Array | null };

export interface BindOperation {
  readonly kind: 'bind';
  readonly dn: string;
  readonly authentication: BindAuthentication;
}
export interface UnbindOperation {
  readonly kind: 'unbind';
}
export interface SearchOperation {
  readonly kind: 'search';
  readonly base: string;
  readonly scope: SearchScope;
  readonly dereference: AliasDereference;
  /** 0: no limit but the server's. */
  readonly sizeLimit: number;
  /** Seconds; 0: no limit but the server's. */
  readonly timeLimitSeconds: number;
  /** Names without values. */
  readonly typesOnly: boolean;
  readonly filter: Filter;
  /** Empty: all user attributes. `*`: these; `+`: operational ones (RFC 3673); `1.1`: none. */
  readonly attributes: readonly string[];
}
export interface ModifyOperation {
  readonly kind: 'modify';
  readonly dn: string;
  readonly changes: readonly Modification[];
}
export interface AddOperation {
  readonly kind: 'add';
  readonly dn: string;
  readonly attributes: readonly AttributeValues[];
}
export interface DeleteOperation {
  readonly kind: 'delete';
  readonly dn: string;
}
/** Modify DN: renames an entry, and moves it where `newSuperior` is given. */
export interface RenameOperation {
  readonly kind: 'rename';
  readonly dn: string;
  readonly newRdn: string;
  readonly deleteOldRdn: boolean;
  readonly newSuperior: string | null;
}
export interface CompareOperation {
  readonly kind: 'compare';
  readonly dn: string;
  readonly attribute: string;
  readonly value: LdapValue;
}
export interface AbandonOperation {
  readonly kind: 'abandon';
  readonly messageId: number;
}
export interface ExtendedOperation {
  readonly kind: 'extended';
  readonly oid: string;
  readonly value: Uint8Array | null;
}

/** All requests of RFC 4511. */
export type RequestOperation =
  | BindOperation
  | UnbindOperation
  | SearchOperation
  | ModifyOperation
  | AddOperation
  | DeleteOperation
  | RenameOperation
  | CompareOperation
  | AbandonOperation
  | ExtendedOperation;

export type ResultOperation = 'bind' | 'search' | 'modify' | 'add' | 'delete' | 'rename' | 'compare' | 'extended';

/** The result of any operation. What only bind and extended results have is null elsewhere. */
export interface OperationResult extends LdapResult {
  readonly kind: 'result';
  readonly operation: ResultOperation;
  readonly serverCredentials: Buffer | null;
  readonly oid: string | null;
  readonly value: Buffer | null;
}

/** Other places where a search would have to go on (RFC 4511 §4.5.3). */
export interface SearchReference {
  readonly kind: 'reference';
  readonly urls: readonly string[];
  readonly controls: readonly LdapControl[];
}

/** A message in between (RFC 4511 §4.13), as of content synchronization. */
export interface IntermediateResponse {
  readonly kind: 'intermediate';
  readonly oid: string | null;
  readonly value: Buffer | null;
  readonly controls: readonly LdapControl[];
}

/** Message id and protocol operation, with what both sides may add. */
export interface RequestMessage {
  readonly id: number;
  readonly operation: RequestOperation;
  readonly controls: readonly LdapControl[];
}

/** The largest message id, also the largest of any length or limit in LDAP (RFC 4511 §4.1.1.1). */
export const MAX_MESSAGE_ID = 2 ** 31 - 1;

/** The control with this OID, or null. */
export function findControl(controls: readonly LdapControl[], oid: string): LdapControl | null {
  return controls.find((control) => control.oid === oid) ?? null;
}
