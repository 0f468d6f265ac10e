import type { TimeZone } from './time-zone.ts';

/** What the clock on the wall shows, in milliseconds as if it were UTC. */
export type WallMs = number;

export function wallAt(zone: TimeZone, atMs: number): WallMs {
  return atMs + zone.offsetMs(atMs);
}

/** No zone is further from UTC, and none changes its clock twice within so much. */
const DAY_MS = 26 * 3_600_000;

/** The last instant at which the wall shows this; null: it never does, since the clock is put forward over it. */
export function instantOf(zone: TimeZone, wall: WallMs): number | null {
  const instants = offsetsAround(zone, wall)
    .map((offset) => wall - offset)
    .filter((instant) => wallAt(zone, instant) === wall);
  return instants.length === 0 ? null : Math.max(...instants);
}

/** The first wall time after a gap in which `wall` lies. */
export function endOfGap(zone: TimeZone, wall: WallMs): WallMs {
  return wallAt(zone, changeBefore(zone, wall));
}

/** The instant at which the clock jumps over `wall`. */
export function changeBefore(zone: TimeZone, wall: WallMs): number {
  const offsets = offsetsAround(zone, wall);
  return changeWithin(zone, wall - Math.max(...offsets), wall - Math.min(...offsets));
}

/** The instant, within a second, of the first change of the offset after `fromMs`; `toMs` has the new one. */
export function changeWithin(zone: TimeZone, fromMs: number, toMs: number): number {
  const before = zone.offsetMs(fromMs);
  let [low, high] = [Math.floor(fromMs / 1000), Math.ceil(toMs / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offsetMs(middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}

/** Where the wall shows the same twice and this is the first time: what it shows right after the clock is put back; else null. */
export function repeatFrom(zone: TimeZone, atMs: number): WallMs | null {
  const last = instantOf(zone, wallAt(zone, atMs));
  if (last === null || last <= atMs) return null;
  return wallAt(zone, changeWithin(zone, atMs, last));
}

function offsetsAround(zone: TimeZone, wall: WallMs): readonly number[] {
  return [zone.offsetMs(wall - DAY_MS), zone.offsetMs(wall + DAY_MS)];
}
