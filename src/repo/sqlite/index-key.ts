import { createHash } from 'node:crypto';
import type { JsonObject } from '../../base/json.ts';

const MAX_PLAIN_LENGTH = 256;
const HASH_MARK = '\u0001';

/**
 * What stands for a text in an index. Texts that UTF-8 or SQLite would confuse (lone surrogates, NUL) and long ones are
 * replaced by a hash, so that equal keys mean equal texts.
 */
export function indexKey(text: string): string {
  if (text.length <= MAX_PLAIN_LENGTH && text.isWellFormed() && !text.includes('\0') && !text.startsWith(HASH_MARK))
    return text;
  return HASH_MARK + createHash('sha256').update(text, 'utf16le').digest('hex');
}

/** Where the keys lie of texts that start with `prefix`; null if they cannot be told. Ranges `[from, to)` in UTF-8 order. */
export function prefixRanges(prefix: string): readonly (readonly [string, string])[] | null {
  if (prefix === '' || indexKey(prefix) !== prefix) return null;
  const end = afterPrefix(prefix);
  return end === null
    ? null
    : [
        [prefix, end],
        [HASH_MARK, '\u0002'],
      ];
}

/** The smallest text above everything that starts with `prefix`, by code points (which is the order of UTF-8). */
function afterPrefix(prefix: string): string | null {
  const points = [...prefix].map((letter) => letter.codePointAt(0)!);
  const last = points.pop()!;
  if (last === 0x10ffff) return null;
  points.push(last === 0xd7ff ? 0xe000 : last + 1);
  return String.fromCodePoint(...points);
}

/** Keys of one attribute of one object: of its text, of each text among its values, or null if it has none. */
export type AttributeKeys = string | readonly string[] | null;

export function attributeKeys(doc: JsonObject, attribute: string): AttributeKeys {
  if (!Object.hasOwn(doc, attribute)) return null;
  const value = doc[attribute];
  if (typeof value === 'string') return indexKey(value);
  if (!Array.isArray(value)) return null;
  const keys = new Set<string>();
  for (const element of value) if (typeof element === 'string') keys.add(indexKey(element));
  return keys.size === 0 ? null : [...keys];
}
