import type { ObjectSet } from '../model/object-set.ts';
import { forward } from './forward.ts';

/** The same set, of which nothing can be written: every write is refused with `denied`. */
export function readOnly(set: ObjectSet): ObjectSet {
  const refusal = { ok: false, code: 'denied', message: `${set.path} is read-only` } as const;
  return { ...forward(set), write: (writes) => Promise.resolve(writes.map(() => refusal)) };
}
