/** Where a clock on the wall shows something else than UTC. */
export interface TimeZone {
  readonly id: string;
  /** What is to be added to UTC at this instant, in milliseconds. */
  offsetMs(atMs: number): number;
}

const MAX_KEPT = 64;
const kept = new Map<string, TimeZone>();

/**
 * A zone by its Java id: `Europe/Berlin`, `UTC`, `EST`, `PST`, `GMT+2`, `GMT-03:30`, `UTC+1`, `+02:00`. Null: there is none of
 * that name.
 */
export function findTimeZone(id: string): TimeZone | null {
  const known = kept.get(id);
  if (known !== undefined) return known;
  const zone = fixedZone(id) ?? namedZone(id);
  if (zone === null) return null;
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(id, zone);
  return zone;
}

/** That of the server. */
export function serverTimeZone(): TimeZone {
  return findTimeZone(new Intl.DateTimeFormat().resolvedOptions().timeZone) ?? fixedZone('Z')!;
}

const FIXED = /^(?:(?:GMT|UTC|UT)?([+-])(\d{1,2})(?::?([0-5]\d))?|UTC|GMT|UT|Z|Zulu)$/;

function fixedZone(id: string): TimeZone | null {
  const match = FIXED.exec(id);
  if (match === null) return null;
  const [, sign, hours = '0', minutes = '0'] = match;
  if (Number(hours) > 23) return null;
  const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  return { id, offsetMs: () => offsetMs };
}

const WALL = /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/;

function namedZone(id: string): TimeZone | null {
  const format = formatFor(id);
  if (format === null) return null;
  return {
    id,
    offsetMs: (atMs) => {
      const second = Math.floor(atMs / 1000) * 1000;
      const [, month, day, year, hour, minute, seconds] = WALL.exec(format.format(second))!.map(Number);
      return Date.UTC(year!, month! - 1, day!, hour!, minute!, seconds!) - second;
    },
  };
}

function formatFor(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return null;
  }
}
