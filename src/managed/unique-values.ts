import type { Json, JsonObject } from '../base/json.ts';
import type { ObjectReads } from '../model/repository.ts';

/**
 * Values that no two objects of a type may share. The repository knows no such rule, so whoever is about to commit reserves its
 * values, looks once more, commits, and lets go: two writers in this process cannot both find a value free.
 */
export class UniqueValues {
  readonly #type: string;
  readonly #properties: readonly string[];
  readonly #reserved = new Map<string, Promise<void>>();

  constructor(type: string, properties: readonly string[]) {
    this.#type = type;
    this.#properties = properties;
  }

  get isNeeded(): boolean {
    return this.#properties.length > 0;
  }

  /**
   * Per object the properties whose value another object has: one that is stored, or an earlier one of this batch. One look-up
   * per property for the whole batch.
   */
  async taken(
    reads: ObjectReads,
    objects: readonly { readonly id: string; readonly object: JsonObject }[],
  ): Promise<readonly (readonly string[])[]> {
    const found = objects.map((): string[] => []);
    for (const property of this.#properties) {
      const values = objects.map(({ object }) => textsOf(object, property));
      const wanted = [...new Set(values.flat())];
      if (wanted.length === 0) continue;
      const owners = new Map<string, Set<string>>();
      const given = new Map<string, readonly string[]>();
      for (const row of await reads.findByValue(this.#type, property, wanted)) {
        given.set(row.id, textsOf(row.doc, property));
        for (const text of given.get(row.id)!) addOwner(owners, text, row.id);
      }
      for (const [i, { id }] of objects.entries()) {
        for (const text of given.get(id) ?? []) owners.get(text)?.delete(id);
        if (values[i]!.some((text) => (owners.get(text)?.size ?? 0) > 0)) found[i]!.push(property);
        else for (const text of values[i]!) addOwner(owners, text, id);
      }
    }
    return found;
  }

  /** Waits until nobody else holds any of the values. Call what it gives to let go. */
  async reserve(objects: readonly JsonObject[]): Promise<() => void> {
    const keys = this.#properties.flatMap((property) =>
      objects.flatMap((object) => textsOf(object, property).map((text) => `${property}\u0000${text}`)),
    );
    for (;;) {
      const busy = keys.map((key) => this.#reserved.get(key)).find((one) => one !== undefined);
      if (busy === undefined) break;
      await busy;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const key of keys) this.#reserved.set(key, promise);
    return () => {
      for (const key of keys) if (this.#reserved.get(key) === promise) this.#reserved.delete(key);
      resolve();
    };
  }
}

function addOwner(owners: Map<string, Set<string>>, text: string, id: string): void {
  const ids = owners.get(text);
  if (ids === undefined) owners.set(text, new Set([id]));
  else ids.add(id);
}

/** An empty text is no value. */
function textsOf(object: JsonObject, property: string): readonly string[] {
  const value: Json = Object.hasOwn(object, property) ? object[property]! : null;
  const list = Array.isArray(value) ? value : [value];
  return list.filter((one): one is string => typeof one === 'string' && one !== '');
}
