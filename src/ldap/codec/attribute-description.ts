import { asciiLower } from './ascii-lower.ts';

/** A name of an attribute with its options, taken apart: `userCertificate;binary`, `member;range=0-1499` (RFC 4512 §2.5). */
export interface AttributeDescription {
  /** As the server spelled it, options included. */
  readonly text: string;
  /** `text` in lower case: what descriptions are compared by. */
  readonly key: string;
  /** Without options. */
  readonly name: string;
  /** In lower case, without semicolons. Empty for most. */
  readonly options: readonly string[];
}

/** A part of a value list (Active Directory's `range` option). `last` is null where the part reaches the end. */
export interface ValueRange {
  readonly first: number;
  readonly last: number | null;
}

const NO_OPTIONS: readonly string[] = [];

export function attributeDescription(text: string): AttributeDescription {
  const key = asciiLower(text);
  const semicolon = text.indexOf(';');
  if (semicolon < 0) return { text, key, name: text, options: NO_OPTIONS };
  return { text, key, name: text.slice(0, semicolon), options: key.slice(semicolon + 1).split(';') };
}

/** The `range` option of an attribute that came in parts, or null. */
export function valueRange({ options }: AttributeDescription): ValueRange | null {
  for (const option of options) {
    const match = /^range=(\d{1,9})-(\d{1,9}|\*)$/.exec(option);
    if (match !== null) return { first: Number(match[1]), last: match[2] === '*' ? null : Number(match[2]) };
  }
  return null;
}
