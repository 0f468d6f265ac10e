import { asciiLower } from './ascii-lower.ts';
import type { LdapAttribute } from './ldap-attribute.ts';
import type { LdapControl } from './message.ts';
import { sliceText } from './value-text.ts';

/** An entry that a search found: a view of its message (see `LdapAttribute` on what keeping it costs). */
export class LdapEntry {
  /** In the order of the server. A name may come twice with different options. */
  readonly attributes: readonly LdapAttribute[];
  readonly controls: readonly LdapControl[];
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  readonly #dnStart: number;
  readonly #dnEnd: number;
  #dn: string | null = null;

  /** `start` to `end`: the contents of the search result entry. */
  constructor(
    bytes: Buffer,
    [start, end]: readonly [number, number],
    [dnStart, dnEnd]: readonly [number, number],
    attributes: readonly LdapAttribute[],
    controls: readonly LdapControl[],
  ) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#dnStart = dnStart;
    this.#dnEnd = dnEnd;
    this.attributes = attributes;
    this.controls = controls;
  }

  get kind(): 'entry' {
    return 'entry';
  }

  /** The distinguished name, as the server wrote it. */
  get dn(): string {
    return (this.#dn ??= sliceText(this.#bytes, this.#dnStart, this.#dnEnd));
  }

  /** The attribute with exactly this description, in any letter case: `mail`, `userCertificate;binary`. */
  attribute(description: string): LdapAttribute | null {
    const key = asciiLower(description);
    for (const attribute of this.attributes) if (attribute.description.key === key) return attribute;
    return null;
  }

  /** The first value as text; null where the attribute is absent. Throws `Failure('invalid-data')` for what is not UTF-8. */
  text(description: string): string | null {
    return this.attribute(description)?.text() ?? null;
  }

  /** All values as text; empty where the attribute is absent. */
  texts(description: string): string[] {
    return this.attribute(description)?.texts() ?? [];
  }

  /** The first value as bytes; null where the attribute is absent. */
  value(description: string): Buffer | null {
    return this.attribute(description)?.value() ?? null;
  }

  /** The contents of the search result entry as they were sent. */
  get encoded(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }
}
