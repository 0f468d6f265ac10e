import { createHash, createHmac } from 'node:crypto';
import { canonicalJson } from '../base/canonical-json.ts';
import { isJsonObject, setOwn, type JsonObject } from '../base/json.ts';

/** What the objects of a collection were when they were last seen. Not below `repo/`: no request reaches them. */
export function shadowType(collection: string): string {
  return `sync/shadow/${collection}`;
}

export interface Shadow {
  /** Without what is secret. */
  readonly object: JsonObject;
  /** Equal for equal objects, secrets included. */
  readonly digest: string;
  /** The object is about to be pushed as deleted, and was linked under these mappings. */
  readonly linkedBy: readonly string[];
}

export interface ShadowRules {
  readonly isSecret: (attribute: string) => boolean;
  /** Secrets are guessed by trying if their digest needs no key. */
  readonly key: () => Buffer;
}

export function shadowOf(object: JsonObject, { isSecret, key }: ShadowRules): Shadow {
  const visible: JsonObject = {};
  const hidden: JsonObject = {};
  for (const [name, value] of Object.entries(object)) {
    if (name === '_rev') continue;
    setOwn(isSecret(name) ? hidden : visible, name, value);
  }
  const hash = createHash('sha256').update(canonicalJson(visible));
  const isBare = Object.keys(hidden).length === 0;
  if (!isBare) hash.update(createHmac('sha256', key()).update(canonicalJson(hidden)).digest());
  return { object: visible, digest: hash.digest('base64url'), linkedBy: [] };
}

export function shadowDoc({ object, digest, linkedBy }: Shadow): JsonObject {
  return { object, digest, ...(linkedBy.length === 0 ? {} : { linkedBy: [...linkedBy] }) };
}

export function shadowIn(doc: JsonObject): Shadow {
  const { object, digest, linkedBy } = doc;
  return {
    object: isJsonObject(object) ? object : {},
    digest: typeof digest === 'string' ? digest : '',
    linkedBy: Array.isArray(linkedBy) ? linkedBy.map(String) : [],
  };
}
