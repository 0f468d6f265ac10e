import { Failure } from '../../base/failure.ts';
import { parseDayOfMonth, parseDayOfWeek, type DayRule } from './cron-days.ts';
import { DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, parseValues, SECOND, YEAR } from './cron-field.ts';

/** A cron expression as Quartz 1.8 has it (specification §11.5), taken apart. Lists ascend and have no value twice. */
export interface Cron {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: DayRule;
  /** 1 is January. */
  readonly months: readonly number[];
  /** 1970 to 2099. */
  readonly years: readonly number[];
}

const MAX_LENGTH = 1000;

/**
 * Six or seven fields: `sec min hour day-of-month month day-of-week [year]`; letter case does not count. Throws
 * `Failure('bad-request')` that names the field and the reason.
 */
export function parseCron(text: string): Cron {
  if (text.length > MAX_LENGTH) throw new Failure('bad-request', `it has more than ${MAX_LENGTH} characters`);
  const fields = text
    .toUpperCase()
    .split(/\s+/)
    .filter((field) => field !== '');
  if (fields.length < 6 || fields.length > 7)
    throw new Failure(
      'bad-request',
      `it has ${fields.length} fields: six or seven are needed, "second minute hour day-of-month month day-of-week [year]"`,
    );
  const [second, minute, hour, dayOfMonth, month, dayOfWeek, year = '*'] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  return {
    seconds: parseValues(second, SECOND),
    minutes: parseValues(minute, MINUTE),
    hours: parseValues(hour, HOUR),
    days: parseDays(dayOfMonth, dayOfWeek),
    months: parseValues(month, MONTH),
    years: parseValues(year, YEAR),
  };
}

/** What is wrong with an expression; null: nothing. */
export function cronFault(text: string): string | null {
  try {
    parseCron(text);
    return null;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/** One of the two is `?`. Both are looked at, so that a fault in either is found. */
function parseDays(dayOfMonth: string, dayOfWeek: string): DayRule {
  const byMonth = dayOfMonth === '?' ? null : parseDayOfMonth(dayOfMonth);
  const byWeek = dayOfWeek === '?' ? null : parseDayOfWeek(dayOfWeek);
  if (byMonth !== null && byWeek === null) return byMonth;
  if (byWeek !== null && byMonth === null) return byWeek;
  const both = `${DAY_OF_MONTH.name} and ${DAY_OF_WEEK.name}`;
  throw new Failure(
    'bad-request',
    byMonth === null
      ? `${both} are both "?": one of them must say which days`
      : `${both} are both given: one of them must be "?"`,
  );
}
