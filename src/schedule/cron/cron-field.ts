import { Failure } from '../../base/failure.ts';

/** What one field of a cron expression may hold. */
export interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** `JAN` is `min`, and so on. */
  readonly names?: readonly string[];
  /** The largest step after `*` or nothing; a step after a number may be larger, and then gives that number alone. */
  readonly maxStep: number;
  /** Whether a range may go over the end of the field: `22-2`. */
  readonly canWrap: boolean;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export const SECOND: CronField = { name: 'second', min: 0, max: 59, maxStep: 59, canWrap: true };
export const MINUTE: CronField = { name: 'minute', min: 0, max: 59, maxStep: 59, canWrap: true };
export const HOUR: CronField = { name: 'hour', min: 0, max: 23, maxStep: 23, canWrap: true };
export const DAY_OF_MONTH: CronField = { name: 'day-of-month', min: 1, max: 31, maxStep: 31, canWrap: true };
export const MONTH: CronField = { name: 'month', min: 1, max: 12, names: MONTHS, maxStep: 12, canWrap: true };
/** 1 is Sunday. */
export const DAY_OF_WEEK: CronField = {
  name: 'day-of-week',
  min: 1,
  max: 7,
  names: WEEKDAYS,
  maxStep: 7,
  canWrap: true,
};
export const YEAR: CronField = { name: 'year', min: 1970, max: 2099, maxStep: 129, canWrap: false };

/** The values of a list of `*`, numbers, names, ranges and steps, in upper case; ascending. Throws `Failure('bad-request')`. */
export function parseValues(text: string, field: CronField): readonly number[] {
  const values = new Set<number>();
  for (const item of text.split(',')) for (const value of parseItem(item, text, field)) values.add(value);
  return [...values].sort((a, b) => a - b);
}

/** One number or name. */
export function parseValue(text: string, field: CronField): number {
  const index = field.names?.indexOf(text) ?? -1;
  if (index >= 0) return field.min + index;
  if (!/^\d{1,9}$/.test(text)) throw fault(field, `"${text}" is not ${described(field)}`);
  const value = Number(text);
  if (value < field.min || value > field.max) throw fault(field, `${text} is not ${described(field)}`);
  return value;
}

export function fault(field: CronField, message: string): Failure {
  return new Failure('bad-request', `${field.name}: ${message}`);
}

const ITEM = /^(?:(\*)|([^-/*]+)(?:-([^-/*]+))?)?(?:\/(.*))?$/;

function parseItem(item: string, whole: string, field: CronField): readonly number[] {
  if (item === '') throw fault(field, `"${whole}" has an empty place in its list`);
  if (item.includes('?')) throw fault(field, '"?" can only stand alone, and only for day-of-month or day-of-week');
  const match = ITEM.exec(item);
  if (match === null) throw fault(field, `"${item}" cannot be understood`);
  const [, , from, to, step] = match;
  if (from === undefined) return stepped(field.min, field.max, parseStep(item, step, field, field.maxStep), field);
  const first = parseValue(from, field);
  const width = parseStep(item, step, field, Number.MAX_SAFE_INTEGER);
  if (to === undefined) return step === undefined ? [first] : stepped(first, field.max, width, field);
  return stepped(first, parseValue(to, field), width, field);
}

function parseStep(item: string, step: string | undefined, field: CronField, max: number): number {
  if (step === undefined) return 1;
  if (!/^\d{1,9}$/.test(step)) throw fault(field, `"${item}" needs a number after "/"`);
  if (Number(step) === 0) throw fault(field, `"${item}" has a step of 0`);
  if (Number(step) > max) throw fault(field, `the step of "${item}" is larger than ${max}`);
  return Number(step);
}

function stepped(from: number, to: number, step: number, { min, max, canWrap, name }: CronField): readonly number[] {
  if (to < from && !canWrap) throw new Failure('bad-request', `${name}: the range ${from}-${to} ends before it begins`);
  const size = max - min + 1;
  const end = to < from ? to + size : to;
  const values: number[] = [];
  for (let value = from; value <= end; value += step) values.push(((value - min) % size) + min);
  return values;
}

function described({ min, max, names }: CronField): string {
  const range = `a number from ${min} to ${max}`;
  return names === undefined ? range : `${range}, or one of ${names.join(', ')}`;
}
