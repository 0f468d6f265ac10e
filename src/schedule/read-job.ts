import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { cronFault } from './cron/cron.ts';
import { LOG_LEVELS, serviceName, type Job } from './job.ts';
import { parseLocalTime } from './local-time.ts';
import { findTimeZone, serverTimeZone, type TimeZone } from './time-zone.ts';

/** What is wrong with one member of a job. `value` may be a secret; `reason` continues a sentence that begins with it. */
export interface JobFault {
  readonly key: string;
  readonly value: Json | undefined;
  readonly reason: string;
  readonly hint?: string;
}

export interface ReadJob {
  /** Null if there is a fault. */
  readonly job: Job | null;
  readonly faults: readonly JobFault[];
}

/** The members that have an effect. */
export const JOB_KEYS = [
  'enabled',
  'persisted',
  'type',
  'schedule',
  'repeatInterval',
  'repeatCount',
  'startTime',
  'endTime',
  'timeZone',
  'misfirePolicy',
  'concurrentExecution',
  'invokeService',
  'invokeContext',
  'invokeLogLevel',
] as const;

const NUMBER = 'is no whole number';

/**
 * Gives a job its shape and finds everything that is wrong with it (specification §11.1). Null counts as absent, and `"true"` as
 * true. Further members are not looked at.
 */
export function readJob(id: string, json: JsonObject, defaults: { readonly persisted: boolean }): ReadJob {
  const faults: JobFault[] = [];
  const read = reader(json, faults);
  const type = read.choice('type', ['cron', 'simple'], 'cron');
  const zoneId = read.text('timeZone');
  const zone = zoneId === null ? serverTimeZone() : findTimeZone(zoneId);
  if (zone === null)
    faults.push({
      key: 'timeZone',
      value: zoneId,
      reason: 'is no time zone',
      hint: 'Name one such as Europe/Berlin or UTC.',
    });
  const service = read.text('invokeService') ?? '';
  if (service === '' && json['invokeService'] !== '' && (json['invokeService'] ?? null) === null)
    faults.push({
      key: 'invokeService',
      value: undefined,
      reason: 'is missing',
      hint: 'It takes sync, provisioner, script or taskscanner.',
    });
  else if (service === '')
    faults.push({ key: 'invokeService', value: json['invokeService'], reason: 'names no service' });
  const job: Job = {
    id,
    enabled: read.flag('enabled', true),
    persisted: read.flag('persisted', defaults.persisted),
    type,
    schedule: type === 'cron' ? readSchedule(read, faults) : null,
    repeatInterval: readInterval(read, faults),
    repeatCount: read.number('repeatCount', 0, -1),
    startTime: readTime(read, faults, 'startTime', zone),
    endTime: readTime(read, faults, 'endTime', zone),
    timeZone: zoneId,
    misfirePolicy: read.choice('misfirePolicy', ['fireAndProceed', 'doNothing'], 'fireAndProceed'),
    concurrentExecution: read.flag('concurrentExecution', false),
    invokeService: serviceName(service),
    invokeContext: read.object('invokeContext'),
    invokeLogLevel: read.choice('invokeLogLevel', LOG_LEVELS, 'info'),
  };
  return { job: faults.length === 0 ? job : null, faults };
}

interface Reader {
  flag(key: string, fallback: boolean): boolean;
  text(key: string): string | null;
  number(key: string, fallback: number, min: number): number;
  choice<T extends string>(key: string, choices: readonly T[], fallback: T): T;
  object(key: string): JsonObject;
}

function reader(json: JsonObject, faults: JobFault[]): Reader {
  const at = (key: string): Json => (Object.hasOwn(json, key) ? json[key]! : null);
  const refuse = <T>(key: string, reason: string, fallback: T, hint?: string): T => {
    faults.push({ key, value: at(key), reason, ...(hint === undefined ? {} : { hint }) });
    return fallback;
  };
  return {
    flag: (key, fallback) => {
      const value = at(key);
      if (value === null) return fallback;
      if (value === true || value === false) return value;
      return value === 'true' || value === 'false'
        ? value === 'true'
        : refuse(key, 'is neither true nor false', fallback);
    },
    text: (key) => {
      const value = at(key);
      return value === null || typeof value === 'string' ? value : refuse(key, 'is no text', null);
    },
    number: (key, fallback, min) => {
      const value = at(key);
      if (value === null) return fallback;
      const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isSafeInteger(number)) return refuse(key, NUMBER, fallback);
      return number < min ? refuse(key, `is less than ${min}`, fallback) : number;
    },
    choice: (key, choices, fallback) => {
      const value = at(key);
      const found = choices.find((choice) => choice === value);
      if (value === null || found !== undefined) return found ?? fallback;
      return refuse(key, 'is not known here', fallback, `It takes one of ${choices.join(', ')}.`);
    },
    object: (key) => {
      const value = at(key);
      return value === null ? {} : isJsonObject(value) ? value : refuse(key, 'is no object', {});
    },
  };
}

/** Shorter than what a firing itself costs is no plan. */
const SHORTEST_INTERVAL_MS = 1000;

function readInterval(read: Reader, faults: JobFault[]): number {
  const interval = read.number('repeatInterval', 0, 0);
  if (interval > 0 && interval < SHORTEST_INTERVAL_MS)
    faults.push({
      key: 'repeatInterval',
      value: interval,
      reason: `is less than ${SHORTEST_INTERVAL_MS} milliseconds`,
    });
  return interval;
}

function readSchedule(read: Reader, faults: JobFault[]): string | null {
  const before = faults.length;
  const schedule = read.text('schedule');
  if (faults.length > before) return null;
  if (schedule === null) {
    const hint = 'A job of the type "cron" needs one, such as "0 0 3 * * ?".';
    faults.push({ key: 'schedule', value: undefined, reason: 'is missing', hint });
    return null;
  }
  const fault = cronFault(schedule);
  if (fault !== null) faults.push({ key: 'schedule', value: schedule, reason: `is no cron expression: ${fault}` });
  return schedule;
}

function readTime(read: Reader, faults: JobFault[], key: string, zone: TimeZone | null): string | null {
  const text = read.text(key);
  if (text === null || text.trim() === '') return null;
  if (zone !== null && parseLocalTime(text, zone) === null)
    faults.push({ key, value: text, reason: 'is no time', hint: 'Write it as 2026-03-06T07:00:00.' });
  return text;
}

/** A sentence: `"schedule": "x" is no cron expression: …`. A value that is not to be shown is left out. */
export function describeFault({ key, value, reason, hint }: JobFault, isShown: boolean): string {
  const text =
    value === undefined || !isShown ? `the value of "${key}"` : `"${key}": ${shorten(JSON.stringify(value))}`;
  const subject = value === undefined ? `"${key}"` : text;
  return `${subject} ${reason}${hint === undefined ? '' : `. ${hint}`}`;
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
