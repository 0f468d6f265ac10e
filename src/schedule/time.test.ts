import { describe, expect, it } from 'vitest';
import { parseLocalTime } from './local-time.ts';
import { durationMs, fillTimes } from './time-token.ts';
import { findTimeZone } from './time-zone.ts';

describe('time zones', () => {
  it.each([
    ['UTC', 0],
    ['GMT', 0],
    ['Z', 0],
    ['GMT+2', 120],
    ['GMT-03:30', -210],
    ['GMT+0530', 330],
    ['UTC+1', 60],
    ['+02:00', 120],
    ['EST', -300],
    ['PST', -480],
    ['Europe/Berlin', 60],
    ['Asia/Kathmandu', 345],
  ])('%s is %i minutes from UTC in January', (id, minutes) => {
    expect(findTimeZone(id)!.offsetMs(Date.parse('2026-01-15T12:00Z')) / 60_000).toBe(minutes);
  });

  it.each(['', 'Nowhere/City', 'GMT+24', 'GMT+1:75', 'UTC+', '\0', 'Europe'])('%j is none', (id) => {
    expect(findTimeZone(id)).toBeNull();
  });
});

describe('a time on the clock of a zone', () => {
  const berlin = findTimeZone('Europe/Berlin')!;
  it.each([
    ['2026-01-15T12:00:00', '2026-01-15T11:00:00.000Z'],
    ['2026-07-15T12:00:00', '2026-07-15T10:00:00.000Z'],
    ['2026-07-15T12:00:00.250', '2026-07-15T10:00:00.250Z'],
    ['2026-07-15', '2026-07-14T22:00:00.000Z'],
    ['2026-07-15T12:00:00Z', '2026-07-15T12:00:00.000Z'],
    ['2026-07-15T12:00:00-03:00', '2026-07-15T15:00:00.000Z'],
    ['2026-03-29T02:30:00', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25T02:30:00', '2026-10-25T01:30:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(new Date(parseLocalTime(text, berlin)!).toISOString()).toBe(instant);
  });

  it.each(['', 'noon', '2026-02-30T12:00:00', '2026-13-01', '2026-01-01T24:00:00', '2026-01-01T12:60:00'])(
    '%j is none',
    (text) => {
      expect(parseLocalTime(text, berlin)).toBeNull();
    },
  );
});

describe('tokens of time', () => {
  const now = Date.parse('2026-01-31T10:00:00Z');
  it.each([
    ['${Time.now}', '2026-01-31T10:00:00.000Z'],
    ['${Time.now + 1d}', '2026-02-01T10:00:00.000Z'],
    ['${Time.now - 2h}', '2026-01-31T08:00:00.000Z'],
    ['${Time.now + 30s - 1m}', '2026-01-31T09:59:30.000Z'],
    ['${Time.now + 1M}', '2026-02-28T10:00:00.000Z'],
    ['${Time.now + 1y}', '2027-01-31T10:00:00.000Z'],
    ['/sunset/date lt "${Time.now}"', '/sunset/date lt "2026-01-31T10:00:00.000Z"'],
    ['\\${Time.now}', '\\${Time.now}'],
    ['${Time.then}', '${Time.then}'],
    ['${Time.now +1d}', '${Time.now +1d}'],
    ['${Time.now + 1w}', '${Time.now + 1w}'],
  ])('%s becomes %s', (text, filled) => {
    expect(fillTimes({ a: [text] }, now)).toEqual({ a: [filled] });
  });

  it('durations have a unit', () => {
    expect(['10m', '90s', '1d', '1M', '5', 'm'].map((text) => durationMs(text, now))).toEqual([
      600_000,
      90_000,
      86_400_000,
      31 * 86_400_000,
      null,
      null,
    ]);
  });
});
