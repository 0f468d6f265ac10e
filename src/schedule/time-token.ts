import type { Json, JsonObject } from '../base/json.ts';
import { setOwn } from '../base/json.ts';

const TOKEN = /(\\?)\$\{Time\.now((?: [+-] \d{1,9}[smhdMy])*)\}/g;
const STEP = /([+-]) (\d+)([smhdMy])/g;

/**
 * Every `${Time.now}`, `${Time.now + 1d}`, `${Time.now - 2h + 30m}` of a value as ISO-8601 text in UTC (specification §11.7). Units:
 * `s m h d M y`. A backslash before it, or anything else within the braces, leaves the text as it is.
 */
export function fillTimes<T extends Json>(value: T, nowMs: number): T {
  return fill(value, nowMs) as T;
}

function fill(value: Json, nowMs: number): Json {
  if (typeof value === 'string')
    return value.replaceAll(TOKEN, (whole, escape: string, steps: string) =>
      escape === '' ? isoText(moved(nowMs, steps), whole) : whole,
    );
  if (Array.isArray(value)) return value.map((item) => fill(item, nowMs));
  if (typeof value !== 'object' || value === null) return value;
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(value)) setOwn(copy, key, fill(item, nowMs));
  return copy;
}

function isoText(atMs: number, fallback: string): string {
  return Math.abs(atMs) <= 8.64e15 ? new Date(atMs).toISOString() : fallback;
}

function moved(nowMs: number, steps: string): number {
  let atMs = nowMs;
  for (const [, sign, count, unit] of steps.matchAll(STEP)) atMs = stepped(atMs, Number(`${sign}${count}`), unit!);
  return atMs;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function stepped(atMs: number, count: number, unit: string): number {
  const width = UNIT_MS[unit];
  return width === undefined ? plusMonths(atMs, unit === 'y' ? count * 12 : count) : atMs + count * width;
}

/** The 31st becomes the last day of a shorter month. */
function plusMonths(atMs: number, count: number): number {
  const at = new Date(atMs);
  const first = new Date(at);
  first.setUTCDate(1);
  first.setUTCMonth(first.getUTCMonth() + count);
  const length = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(at.getUTCDate(), length));
  return first.getTime();
}

/** `10m`, `1d`, `90s`: in milliseconds; months and years from now back. Null: no such text. */
export function durationMs(text: string, nowMs: number): number | null {
  const match = /^(\d{1,9})\s*([smhdMy])$/.exec(text.trim());
  return match === null ? null : nowMs - stepped(nowMs, -Number(match[1]), match[2]!);
}
