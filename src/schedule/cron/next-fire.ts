import type { TimeZone } from '../time-zone.ts';
import { endOfGap, instantOf, repeatFrom, wallAt, type WallMs } from '../wall-time.ts';
import { daysOf } from './cron-days.ts';
import type { Cron } from './cron.ts';

/**
 * The first whole second after `afterMs` at which the clock of the zone shows what the expression asks for; null: never until
 * the end of 2099. As Quartz: what the clock is put forward over does not occur, and of what it shows twice the last counts.
 */
export function nextFire(cron: Cron, zone: TimeZone, afterMs: number): number | null {
  const fromMs = (Math.floor(afterMs / 1000) + 1) * 1000;
  let from = repeatFrom(zone, fromMs) ?? wallAt(zone, fromMs);
  for (;;) {
    const wall = nextWall(cron, from);
    if (wall === null) return null;
    const instant = instantOf(zone, wall);
    if (instant !== null) return instant;
    from = endOfGap(zone, wall);
  }
}

/** The first wall time, from this one on, that the expression means. Looks at each month at most once. */
function nextWall(cron: Cron, from: WallMs): WallMs | null {
  const start = new Date(from);
  const [startYear, startMonth, startDay] = [start.getUTCFullYear(), start.getUTCMonth() + 1, start.getUTCDate()];
  const timeOfDay = nextTime(cron, start);
  const firstTime = timeAt(cron.hours[0]!, cron.minutes[0]!, cron.seconds[0]!);
  for (const year of cron.years) {
    if (year < startYear) continue;
    for (const month of cron.months) {
      if (year === startYear && month < startMonth) continue;
      const isFirst = year === startYear && month === startMonth;
      for (const day of daysOf(cron.days, year, month)) {
        if (isFirst && (day < startDay || (day === startDay && timeOfDay === null))) continue;
        return Date.UTC(year, month - 1, day) + (isFirst && day === startDay ? timeOfDay! : firstTime);
      }
    }
  }
  return null;
}

/** The first time of a day from this one on, in milliseconds after midnight; null: none is left. */
function nextTime({ hours, minutes, seconds }: Cron, from: Date): number | null {
  const [hour, minute, second] = [from.getUTCHours(), from.getUTCMinutes(), from.getUTCSeconds()];
  const laterSecond = seconds.find((one) => one >= second);
  const laterMinute = minutes.find((one) => (laterSecond === undefined ? one > minute : one >= minute));
  const isSameMinute = laterMinute === minute;
  if (hours.includes(hour) && laterMinute !== undefined)
    return timeAt(hour, laterMinute, isSameMinute ? laterSecond! : seconds[0]!);
  const laterHour = hours.find((one) => one > hour);
  return laterHour === undefined ? null : timeAt(laterHour, minutes[0]!, seconds[0]!);
}

function timeAt(hour: number, minute: number, second: number): number {
  return ((hour * 60 + minute) * 60 + second) * 1000;
}
