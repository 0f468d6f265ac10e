/** What scripts written for Rhino expect of strings, arrays and loops. Rules of this folder: realm.ts. */

const { defineProperty, keys } = Object;
const { isArray } = Array;

/** Java's words on strings and lists: not enumerable, and never over something that exists. */
export function addJavaWords(): void {
  add(String.prototype, {
    equals(this: string, other: unknown) {
      return `${this}` === other;
    },
    equalsIgnoreCase(this: string, other: unknown) {
      return typeof other === 'string' && this.toLowerCase() === other.toLowerCase();
    },
    isEmpty(this: string) {
      return this.length === 0;
    },
    contains(this: string, part: unknown) {
      return this.includes(`${part}`);
    },
    // Of the path of a resource, which is an object of its own in OpenIDM.
    leaf(this: string) {
      return this.slice(this.lastIndexOf('/') + 1);
    },
    parent(this: string) {
      return this.slice(0, Math.max(0, this.lastIndexOf('/')));
    },
  });
  add(Array.prototype, {
    size(this: unknown[]) {
      return this.length;
    },
    isEmpty(this: unknown[]) {
      return this.length === 0;
    },
    contains(this: unknown[], one: unknown) {
      return this.includes(one);
    },
    add(this: unknown[], one: unknown) {
      this.push(one);
      return true;
    },
    get(this: unknown[], index: number) {
      return this[index];
    },
  });
}

/** What `for each (x in list)` visits. */
export function valuesOf(list: unknown): unknown {
  if (list === null || list === undefined) return [];
  if (isArray(list)) return list;
  const record = Object(list) as Record<string, unknown>;
  return keys(record).map((key) => record[key]);
}

function add(prototype: object, methods: Readonly<Record<string, unknown>>): void {
  for (const key of keys(methods)) {
    if (!(key in prototype))
      defineProperty(prototype, key, { value: methods[key], writable: true, configurable: true });
  }
}
