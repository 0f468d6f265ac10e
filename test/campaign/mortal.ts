import type { Lockstep } from '../../src/app/lockstep.ts';
import { isManagedSet } from '../../src/model/managed-set.ts';
import type { ObjectSet, ObjectWrite } from '../../src/model/object-set.ts';
import type { Repository } from '../../src/model/repository.ts';

/** The process is gone: from here on nothing that it tries has any effect. */
export class Death extends Error {
  override readonly name = 'Death';
}

export type Moment = 'before' | 'after' | 'halfway';

export interface Mortal {
  readonly lockstep: Lockstep;
  /** Commits and writes to external systems so far. */
  steps(): number;
  isDead(): boolean;
}

/**
 * An engine over the same stores that dies at its `step`-th commit or external write: before it, after it, or (external
 * writes only; a commit is atomic) with the first half of it done. `step` 0: never.
 */
export function mortal(lockstep: Lockstep, step: number, moment: Moment): Mortal {
  let count = 0;
  let isDead = false;
  const alive = (): void => {
    if (isDead) throw new Death();
  };
  const die = (): never => {
    isDead = true;
    throw new Death();
  };
  const act = async <T>(whole: () => Promise<T>, half: () => Promise<unknown>): Promise<T> => {
    alive();
    const isLast = ++count === step;
    if (isLast && moment === 'before') die();
    if (isLast && moment === 'halfway') {
      await half();
      die();
    }
    const result = await whole();
    alive();
    return isLast ? die() : result;
  };
  const { repository } = lockstep;
  const guarded: Repository = {
    objects: guard(repository.objects, alive),
    links: guard(repository.links, alive),
    runs: guard(repository.runs, alive),
    leases: guard(repository.leases, alive),
    audit: guard(repository.audit, alive),
    commit: (batch) =>
      act(
        () => repository.commit(batch),
        async () => {},
      ),
    close: async () => {},
  };
  const objectSet: Lockstep['objectSet'] = (collection, over) => {
    const set = lockstep.objectSet(collection, over);
    if (isManagedSet(set)) return set;
    const write = (writes: readonly ObjectWrite[]): ReturnType<ObjectSet['write']> =>
      act(
        () => set.write(writes),
        () => set.write(writes.slice(0, Math.ceil(writes.length / 2))),
      );
    return { ...guard(set, alive), path: set.path, traits: set.traits, write };
  };
  return { lockstep: { ...lockstep, repository: guarded, objectSet }, steps: () => count, isDead: () => isDead };
}

/** Every method refuses once the process is dead. */
function guard<T extends object>(target: T, alive: () => void): T {
  const names = new Set<string>();
  for (
    let level: object | null = target;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  )
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
  const guarded: Record<string, unknown> = {};
  for (const name of names) {
    const value: unknown = Reflect.get(target, name, target);
    if (name === 'constructor' || typeof value !== 'function') continue;
    guarded[name] = (...args: unknown[]): unknown => {
      alive();
      return Reflect.apply(value, target, args);
    };
  }
  return guarded as T;
}
