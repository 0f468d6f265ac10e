/**
 * Keeps what one object's scripts do to built-ins and globals from the next object. Three depths, by what they cost:
 * `isUntouched` looks at what a merge of hostile data can reach (`__proto__`), a few hundred nanoseconds;
 * `isIntact` looks at everything that an assignment can change, for scripts that name prototypes or globals;
 * `isWhole` finds hidden additions as well, once a batch. Rules of this folder: realm.ts.
 */

export interface Guard {
  isUntouched(): boolean;
  isIntact(): boolean;
  isWhole(): boolean;
  /** Puts everything back. False: something cannot be put back, the process has to go. */
  restore(): boolean;
  /** Takes the present state as the one to keep. */
  accept(): void;
}

/** Makes one function per object that is true while the object is as wanted. Compiled outside: there is no `eval` here. */
export type MakeComparisons = (wanted: readonly Wanted[]) => readonly (() => boolean)[];

export interface Wanted {
  readonly object: object;
  /** Members that must have these values. */
  readonly keys: readonly PropertyKey[];
  readonly values: readonly unknown[];
  /** A `for in` over `probe` must show nothing but `shown`. */
  readonly probe: object;
  readonly shown: ReadonlySet<string>;
}

interface Watched {
  readonly object: object;
  readonly prototype: object | null;
  readonly descriptors: ReadonlyMap<PropertyKey, PropertyDescriptor>;
  readonly isSame: () => boolean;
}

const { ownKeys, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf } = Reflect;
const { is, create, hasOwn } = Object;
const { isArray } = Array;
const RealmSet = Set;
const RealmMap = Map;

/** `intrinsics`: the first three are those that data can reach. `globals`: watched, not followed. */
export function createGuard(intrinsics: readonly object[], globals: object, makeComparisons: MakeComparisons): Guard {
  let watched: readonly Watched[] = [];

  function accept(): void {
    const objects = [...reachable(intrinsics)].filter(
      (object) => typeof object !== 'function' || hasOwn(object, 'prototype'),
    );
    watched = watch([...objects, globals], makeComparisons);
  }

  function isUntouched(): boolean {
    for (let i = 0; i < 3; i++) if (!watched[i]!.isSame()) return false;
    return true;
  }

  function isIntact(): boolean {
    for (const one of watched) if (!one.isSame()) return false;
    return true;
  }

  function isWhole(): boolean {
    for (const one of watched) if (!one.isSame() || hasChangedShape(one)) return false;
    return true;
  }

  function restore(): boolean {
    for (const one of watched) putBack(one);
    return isWhole();
  }

  accept();
  return { isUntouched, isIntact, isWhole, restore, accept };
}

/** Every object that the roots lead to by own members and prototypes. */
function reachable(roots: readonly object[]): Set<object> {
  const seen = new RealmSet<object>(roots);
  for (const object of seen) {
    const next: unknown[] = [getPrototypeOf(object)];
    for (const key of ownKeys(object)) next.push(getOwnPropertyDescriptor(object, key)!.value);
    for (const value of next)
      if ((typeof value === 'object' && value !== null) || typeof value === 'function') seen.add(value);
  }
  return seen;
}

function watch(objects: readonly object[], makeComparisons: MakeComparisons): readonly Watched[] {
  const descriptors = objects.map(
    (object) => new RealmMap(ownKeys(object).map((key) => [key, getOwnPropertyDescriptor(object, key)!])),
  );
  const comparisons = makeComparisons(objects.map((object, i) => wantedOf(object, descriptors[i]!)));
  return objects.map((object, i) => {
    return { object, prototype: getPrototypeOf(object), descriptors: descriptors[i]!, isSame: comparisons[i]! };
  });
}

function wantedOf(object: object, descriptors: ReadonlyMap<PropertyKey, PropertyDescriptor>): Wanted {
  const keys: PropertyKey[] = [];
  const values: unknown[] = [];
  for (const [key, { value }] of descriptors) {
    if (value === undefined || value !== value) continue;
    keys.push(key);
    values.push(value);
  }
  const probe = typeof object === 'function' || isArray(object) ? object : (create(object) as object);
  const shown = new RealmSet<string>();
  for (const key in probe) shown.add(key);
  return { object, keys, values, probe, shown };
}

function hasChangedShape({ object, descriptors, prototype }: Watched): boolean {
  return ownKeys(object).length !== descriptors.size || getPrototypeOf(object) !== prototype;
}

function putBack(one: Watched): void {
  setPrototypeOf(one.object, one.prototype);
  for (const key of ownKeys(one.object)) if (!one.descriptors.has(key)) deleteProperty(one.object, key);
  for (const [key, wanted] of one.descriptors) {
    const now = getOwnPropertyDescriptor(one.object, key);
    if (now === undefined || !is(now.value, wanted.value)) defineProperty(one.object, key, wanted);
  }
}
