import { Failure } from '../base/failure.ts';
import type { StoredObject } from './object-set.ts';

/** Some of the objects that were asked for exist, and cannot be read. What `readMany` rejects with, so that nobody takes them for absent. */
export class UnreadableObjects extends Failure {
  /** The others, by the ids that were asked for. */
  readonly found: ReadonlyMap<string, StoredObject>;
  /** Why, by the ids that were asked for. */
  readonly unreadable: ReadonlyMap<string, string>;

  constructor(path: string, found: ReadonlyMap<string, StoredObject>, unreadable: ReadonlyMap<string, string>) {
    const [first] = unreadable;
    const more = unreadable.size > 1 ? ` (and ${unreadable.size - 1} more)` : '';
    super('incomplete-read', `${path}/${first?.[0] ?? ''} cannot be read: ${first?.[1] ?? ''}${more}`);
    this.found = found;
    this.unreadable = unreadable;
  }
}

/** What a read gave, and why the rest could not be read. */
export interface PartialRead {
  readonly found: ReadonlyMap<string, StoredObject>;
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Awaits a `readMany`, for those who can go on without the objects that cannot be read. Rejects as it does otherwise. */
export async function readable(reading: Promise<ReadonlyMap<string, StoredObject>>): Promise<PartialRead> {
  try {
    return { found: await reading, unreadable: NONE };
  } catch (error) {
    if (error instanceof UnreadableObjects) return { found: error.found, unreadable: error.unreadable };
    throw error;
  }
}

const NONE: ReadonlyMap<string, string> = new Map();
