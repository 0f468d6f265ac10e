import type { ScanPage } from '../../model/object-set.ts';
import { Trail, type Place } from './trail.ts';

/** A scan under way: its pages one by one, and what it has read. */
export interface Walk {
  next(signal: AbortSignal | undefined): Promise<IteratorResult<ScanPage, void>>;
  /** As of the last page, or later. */
  readonly trail: Trail;
  close(): void;
}

/** Which scan: a walk goes on for a caller who asks the same in pages of the same size. */
export interface WalkKey {
  readonly question: string;
  readonly pageSize: number;
}

/** Scans that their readers left in the middle, as those do who come back for the next page. */
export interface WalkKeeper {
  /** Keeps it for a while: the search goes on where it is asked for in time, and what it has read is known for longer. */
  park(key: WalkKey, walk: Walk): void;
  /** Keeps in mind what it had read when it came to that place. */
  remember(question: string, place: Place, trail: Trail): void;
  /** The search itself; the caller has it from then on. Null where it is gone. */
  resume(key: WalkKey, place: Place): Walk | null;
  /** What a scan had read when it came to that place; null where that is forgotten. */
  trailTo(question: string, place: Place): Trail | null;
  /** Gives all of them up. */
  close(): void;
}

const MAX_PARKED = 4;
const PARKED_MS = 30_000;
const MAX_TRAILS = 32;
const MAX_TRAIL_BYTES = 32 * 1024 * 1024;

interface Parked {
  readonly walk: Walk;
  readonly timer: NodeJS.Timeout;
}

export interface WalkLimits {
  /** Milliseconds that a search is kept open for its reader. */
  readonly parkedMs?: number;
}

export function walkKeeper({ parkedMs = PARKED_MS }: WalkLimits = {}): WalkKeeper {
  const parked = new Map<string, Parked>();
  const trails = new Map<string, Trail>();
  const drop = (key: string): Walk | null => {
    const found = parked.get(key);
    if (found === undefined) return null;
    parked.delete(key);
    clearTimeout(found.timer);
    return found.walk;
  };
  const remember: WalkKeeper['remember'] = (question, place, trail) => {
    const key = trailKey(question, place);
    trails.delete(key);
    trails.set(key, Trail.asOf(trail, place));
    forgetOldest(trails);
  };
  return {
    remember,
    park: ({ question, pageSize }, walk) => {
      const { place } = walk.trail;
      const key = parkedKey(question, pageSize, place);
      drop(key)?.close();
      parked.set(key, { walk, timer: setTimeout(() => drop(key)?.close(), parkedMs).unref() });
      for (const oldest of parked.keys()) if (parked.size > MAX_PARKED) drop(oldest)?.close();
      remember(question, place, walk.trail);
    },
    resume: ({ question, pageSize }, place) => drop(parkedKey(question, pageSize, place)),
    trailTo: (question, place) => trails.get(trailKey(question, place)) ?? null,
    close: () => {
      for (const key of parked.keys()) drop(key)?.close();
      trails.clear();
    },
  };
}

function forgetOldest(trails: Map<string, Trail>): void {
  let bytes = 0;
  for (const { byteLength } of trails.values()) bytes += byteLength;
  for (const [key, { byteLength }] of trails) {
    if (trails.size <= MAX_TRAILS && bytes <= MAX_TRAIL_BYTES) return;
    trails.delete(key);
    bytes -= byteLength;
  }
}

function trailKey(question: string, { count, sum }: Place): string {
  return `${count} ${sum} ${question}`;
}

function parkedKey(question: string, pageSize: number, place: Place): string {
  return `${pageSize} ${trailKey(question, place)}`;
}
