/** What definitions of all kinds have (RFC 4512 §4.1). */
export interface Definition {
  readonly oid: string;
  readonly names: readonly string[];
  readonly description: string | null;
  readonly isObsolete: boolean;
  /** `X-…` extensions. */
  readonly extensions: Readonly<Record<string, readonly string[]>>;
}

export interface AttributeType extends Definition {
  readonly superior: string | null;
  readonly equality: string | null;
  readonly ordering: string | null;
  readonly substring: string | null;
  /** OID of the syntax, without a length. Null: that of the superior. */
  readonly syntax: string | null;
  /** What the server will take, in characters, where it says so. */
  readonly maxLength: number | null;
  readonly isSingleValued: boolean;
  readonly isCollective: boolean;
  /** May users change it? */
  readonly isModifiable: boolean;
  readonly usage: 'userApplications' | 'directoryOperation' | 'distributedOperation' | 'dSAOperation';
}

export interface ObjectClass extends Definition {
  readonly superiors: readonly string[];
  readonly kind: 'abstract' | 'structural' | 'auxiliary';
  readonly must: readonly string[];
  readonly may: readonly string[];
}

/** What a structural class may have besides (a DIT content rule, RFC 4512 §4.1.6); the oid is that of the class. */
export interface ContentRule extends Definition {
  readonly auxiliaries: readonly string[];
  readonly must: readonly string[];
  readonly may: readonly string[];
}

/** A definition that could not be read: the others can. */
export interface SchemaFault {
  readonly definition: string;
  readonly message: string;
}
