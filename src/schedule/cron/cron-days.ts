import { DAY_OF_MONTH, DAY_OF_WEEK, fault, parseValue, parseValues } from './cron-field.ts';

/** Which days of a month a cron expression means. Weekdays are 0 (Sunday) to 6. */
export type DayRule =
  /** `plain` as they are; `near`: the working day nearest to it that is in the same month (`15W`). */
  | { readonly kind: 'daysOfMonth'; readonly plain: readonly number[]; readonly near: readonly number[] }
  /** `L`, `L-3`, `LW`, `L-3W`: so many days before the last one. */
  | { readonly kind: 'lastDay'; readonly daysBefore: number; readonly isNear: boolean }
  | { readonly kind: 'weekdays'; readonly weekdays: readonly number[] }
  /** `6L` */
  | { readonly kind: 'lastWeekday'; readonly weekday: number }
  /** `6#3` */
  | { readonly kind: 'nthWeekday'; readonly weekday: number; readonly nth: number };

/** In upper case; not `?`. Throws `Failure('bad-request')`. */
export function parseDayOfMonth(text: string): DayRule {
  const last = /^L(?:-(\d{0,9}))?(W)?$/.exec(text);
  if (last !== null) return lastDay(text, last[1], last[2] === 'W');
  if (text.includes('L')) throw fault(DAY_OF_MONTH, `"${text}": L cannot be combined with other days`);
  const items = text.split(',');
  const near = items.filter((item) => item.endsWith('W')).map(nearDay);
  const plain = items.filter((item) => !item.endsWith('W'));
  return { kind: 'daysOfMonth', plain: plain.length === 0 ? [] : parseValues(plain.join(','), DAY_OF_MONTH), near };
}

function lastDay(text: string, offset: string | undefined, isNear: boolean): DayRule {
  if (offset === '') throw fault(DAY_OF_MONTH, `"${text}" needs a number after "-"`);
  const daysBefore = Number(offset ?? 0);
  if (daysBefore > 30) throw fault(DAY_OF_MONTH, `"${text}" is more than 30 days before the last day`);
  return { kind: 'lastDay', daysBefore, isNear };
}

function nearDay(item: string): number {
  const day = item.slice(0, -1);
  if (!/^\d+$/.test(day)) throw fault(DAY_OF_MONTH, `"${item}": W stands after a single day, such as 15W, or in LW`);
  return parseValue(day, DAY_OF_MONTH);
}

/** In upper case; not `?`. Throws `Failure('bad-request')`. */
export function parseDayOfWeek(text: string): DayRule {
  // Quartz: the last day of the week, which is Saturday
  if (text === 'L') return { kind: 'weekdays', weekdays: [6] };
  const last = /^(\w+)L$/.exec(text);
  if (last !== null) return { kind: 'lastWeekday', weekday: parseValue(last[1]!, DAY_OF_WEEK) - 1 };
  const nth = /^(\w+)#([^,]*)$/.exec(text);
  if (nth !== null) return nthWeekday(text, nth[1]!, nth[2]!);
  if (/[L#]/.test(text)) throw fault(DAY_OF_WEEK, `"${text}": L and # cannot be combined with other days`);
  return { kind: 'weekdays', weekdays: parseValues(text, DAY_OF_WEEK).map((value) => value - 1) };
}

function nthWeekday(text: string, weekday: string, nth: string): DayRule {
  if (!/^[1-5]$/.test(nth)) throw fault(DAY_OF_WEEK, `"${text}" needs a number from 1 to 5 after "#"`);
  return { kind: 'nthWeekday', weekday: parseValue(weekday, DAY_OF_WEEK) - 1, nth: Number(nth) };
}

/** The days of a month (1 is January) that a rule means, ascending. */
export function daysOf(rule: DayRule, year: number, month: number): readonly number[] {
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const firstWeekday = new Date(Date.UTC(year, month - 1, 1)).getUTCDay();
  const weekdayOf = (day: number): number => (firstWeekday + day - 1) % 7;
  switch (rule.kind) {
    case 'daysOfMonth': {
      const near = rule.near.filter((day) => day <= length).map((day) => nearest(day, length, weekdayOf));
      const all = new Set([...rule.plain.filter((day) => day <= length), ...near]);
      return [...all].sort((a, b) => a - b);
    }
    case 'lastDay': {
      const day = length - rule.daysBefore;
      if (day < 1) return [];
      return [rule.isNear ? nearest(day, length, weekdayOf) : day];
    }
    case 'weekdays':
      return daysUpTo(length).filter((day) => rule.weekdays.includes(weekdayOf(day)));
    case 'lastWeekday':
      return daysUpTo(length)
        .filter((day) => weekdayOf(day) === rule.weekday)
        .slice(-1);
    case 'nthWeekday':
      return daysUpTo(length)
        .filter((day) => weekdayOf(day) === rule.weekday)
        .slice(rule.nth - 1, rule.nth);
  }
}

/** Saturday goes back and Sunday goes on, unless that is another month. */
function nearest(day: number, length: number, weekdayOf: (day: number) => number): number {
  if (weekdayOf(day) === 6) return day === 1 ? 3 : day - 1;
  if (weekdayOf(day) === 0) return day === length ? day - 2 : day + 1;
  return day;
}

function daysUpTo(length: number): readonly number[] {
  return Array.from({ length }, (_, i) => i + 1);
}
