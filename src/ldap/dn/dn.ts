import type { LdapValue } from '../codec/message.ts';

/** One attribute and value of an RDN. */
export interface DnPart {
  /** As written: a name or an OID. */
  readonly type: string;
  /** Text; bytes only for what is not UTF-8. */
  readonly value: LdapValue;
  /** The value is the BER of something that is not text, written as `#020105`. */
  readonly isBer?: true;
}

/** A relative distinguished name: mostly one part, several joined by `+`. */
export type Rdn = readonly DnPart[];

/** A distinguished name, the entry's own RDN first. Empty: the root. */
export type Dn = readonly Rdn[];
