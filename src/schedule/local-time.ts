import type { TimeZone } from './time-zone.ts';
import { endOfGap, instantOf } from './wall-time.ts';

const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * The instant that `2014-03-06T07:00:31` means on the clock of the zone, in milliseconds since 1970; a time of day may be missing,
 * and with `Z` or an offset at its end the text says itself what it means. What the clock is put forward over is the moment when that
 * happens. Null: this is no such text, or no day of the calendar.
 */
export function parseLocalTime(text: string, zone: TimeZone): number | null {
  const match = FORM.exec(text.trim());
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const wall = Date.UTC(
    year,
    month - 1,
    day,
    hour,
    minute,
    second,
    Number((match[7] ?? '0').padEnd(3, '0').slice(0, 3)),
  );
  const isDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day && month >= 1 && month <= 12;
  if (!isDay || hour > 23 || minute > 59 || second > 59) return null;
  const offset = match[8];
  if (offset !== undefined) return wall - offsetMs(offset);
  return instantOf(zone, wall) ?? endOfGapInstant(zone, wall);
}

function endOfGapInstant(zone: TimeZone, wall: number): number {
  const end = endOfGap(zone, wall);
  return instantOf(zone, end) ?? end;
}

function offsetMs(text: string): number {
  if (text === 'Z') return 0;
  const sign = text.startsWith('-') ? -1 : 1;
  return sign * (Number(text.slice(1, 3)) * 60 + Number(text.slice(-2))) * 60_000;
}
