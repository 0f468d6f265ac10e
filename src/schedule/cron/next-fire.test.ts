import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findTimeZone, type TimeZone } from '../time-zone.ts';
import { wallMinutes, type WallMinute } from '../testing/wall-minutes.ts';
import { parseCron } from './cron.ts';
import { nextFire } from './next-fire.ts';

function zone(id: string): TimeZone {
  const found = findTimeZone(id);
  if (found === null) throw new Error(`no zone ${id}`);
  return found;
}

/** The next times, in seconds; ends with null where there is none. */
function fires(expression: string, zoneId: string, afterMs: number, count: number): readonly (number | null)[] {
  const cron = parseCron(expression);
  const found: (number | null)[] = [];
  for (let after: number | null = afterMs; found.length < count && after !== null;) {
    after = nextFire(cron, zone(zoneId), after);
    found.push(after === null ? null : after / 1000);
  }
  return found;
}

/** `2026-03-29T03:30+02:00` by Berlin's clock. */
function berlin(expression: string, after: string, count = 1): readonly string[] {
  return fires(expression, 'Europe/Berlin', Date.parse(after), count).map((at) =>
    at === null ? 'never' : new Date(at * 1000).toISOString().slice(0, 16),
  );
}

describe('the next time', () => {
  const cases = readFileSync(new URL('../testing/quartz-fires.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('|') as [string, string, string, string]);

  it('is that of Quartz 1.8.6 in 900 cases', () => {
    expect(cases.length).toBe(900);
    for (const [zoneId, after, expression, expected] of cases)
      expect(
        fires(expression, zoneId, Number(after), 4).map(String),
        `${expression} in ${zoneId} after ${after}`,
      ).toEqual(expected.split(' '));
  });

  it.each([
    ['0 0 12 30 2 ?'],
    ['0 0 12 31 4,6,9,11 ?'],
    ['0 0 12 L-30 2 ?'],
    ['0 0 12 29 2 ? 2027'],
    ['* * * * * ? 1970-2025'],
  ])('%s never comes', (expression) => {
    expect(fires(expression, 'Europe/Berlin', Date.parse('2026-01-01'), 1)).toEqual([null]);
  });

  it('ends with the year 2099', () => {
    expect(fires('59 59 23 31 12 ?', 'UTC', Date.parse('2098-12-31T23:59:59Z'), 2)).toEqual([
      Date.parse('2099-12-31T23:59:59Z') / 1000,
      null,
    ]);
  });

  it.each([
    ['L-3', ['2026-01-28', '2026-02-25', '2026-03-28', '2026-04-27']],
    ['L-3W', ['2026-01-28', '2026-02-25', '2026-03-27', '2026-04-27']],
    ['L-30', ['2026-01-01', '2026-03-01', '2026-05-01', '2026-07-01']],
    ['LW', ['2026-01-30', '2026-02-27', '2026-03-31', '2026-04-30']],
    ['1W', ['2026-01-01', '2026-02-02', '2026-03-02', '2026-04-01']],
    ['1W,15W', ['2026-01-01', '2026-01-15', '2026-02-02', '2026-02-16']],
    ['31W', ['2026-01-30', '2026-03-31', '2026-05-29', '2026-07-31']],
  ])('the day of month %s', (day, expected) => {
    const days = fires(`0 0 12 ${day} * ?`, 'UTC', Date.parse('2026-01-01'), 4);
    expect(days.map((at) => new Date(at! * 1000).toISOString().slice(0, 10))).toEqual(expected);
  });
});

describe('when the clock is changed', () => {
  it('what it is put forward over does not occur', () => {
    expect(berlin('0 30 2 * * ?', '2026-03-28T12:00Z', 2)).toEqual(['2026-03-30T00:30', '2026-03-31T00:30']);
    expect(berlin('0 30 * * * ?', '2026-03-29T00:00Z', 2)).toEqual(['2026-03-29T00:30', '2026-03-29T01:30']);
    expect(berlin('0 30 2 29 3 ? 2026', '2026-01-01T00:00Z')).toEqual(['never']);
  });

  it('what it shows twice occurs once, the second time', () => {
    expect(berlin('0 30 2 * * ?', '2026-10-24T12:00Z', 2)).toEqual(['2026-10-25T01:30', '2026-10-26T01:30']);
    expect(berlin('0 30 * * * ?', '2026-10-24T23:00Z', 3)).toEqual([
      '2026-10-24T23:30',
      '2026-10-25T01:30',
      '2026-10-25T02:30',
    ]);
  });

  it('nothing of the second time is lost, wherever in the first one the search begins', () => {
    for (const after of ['2026-10-24T23:59:59Z', '2026-10-25T00:00Z', '2026-10-25T00:45Z', '2026-10-25T00:59:59Z'])
      expect(berlin('0 0/20 2 * * ?', after, 3)).toEqual(['2026-10-25T01:00', '2026-10-25T01:20', '2026-10-25T01:40']);
  });

  it('a day that a zone leaves out has no times', () => {
    // Samoa went from the 29th to the 31st.
    const found = fires('0 0 12 * * ?', 'Pacific/Apia', Date.parse('2011-12-29T00:00:00Z'), 3);
    expect(found.map((at) => new Date(at! * 1000).toISOString().slice(0, 16))).toEqual([
      '2011-12-29T22:00',
      '2011-12-30T22:00',
      '2011-12-31T22:00',
    ]);
  });
});

describe('against a walk over every minute', () => {
  const windows = [
    ['Europe/Berlin', '2026-03-27T00:00Z'],
    ['Europe/Berlin', '2026-10-23T00:00Z'],
    ['America/New_York', '2026-03-06T00:00Z'],
    ['America/New_York', '2026-10-30T00:00Z'],
    ['Australia/Lord_Howe', '2026-04-03T00:00Z'],
    ['Australia/Lord_Howe', '2026-10-02T00:00Z'],
    ['Asia/Kathmandu', '1985-12-30T00:00Z'],
    ['Asia/Kathmandu', '2026-02-27T00:00Z'],
    ['America/Sao_Paulo', '2018-11-02T00:00Z'],
    ['America/Sao_Paulo', '2018-02-16T00:00Z'],
    ['Pacific/Chatham', '2026-09-25T00:00Z'],
    ['Africa/Cairo', '2025-04-23T00:00Z'],
    ['UTC', '2024-02-27T00:00Z'],
  ] as const;
  const DAYS = 4;
  const walls = new Map(windows.map(([id, from]) => [`${id} ${from}`, wallMinutes(id, from, DAYS)]));

  const some = (min: number, max: number): fc.Arbitrary<readonly number[] | null> =>
    fc.option(fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 6 }), { freq: 3 });
  const days = fc.oneof(
    fc.constant({ text: ['*', '?'], isMeant: () => true }),
    fc.uniqueArray(fc.integer({ min: 1, max: 31 }), { minLength: 1, maxLength: 20 }).map((list) => ({
      text: [list.join(','), '?'],
      isMeant: ({ day }: WallMinute) => list.includes(day),
    })),
    fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 }).map((list) => ({
      text: ['?', list.join(',')],
      isMeant: ({ weekday }: WallMinute) => list.includes(weekday),
    })),
    fc.constant({ text: ['L', '?'], isMeant: (wall: WallMinute) => isLastDay(wall) }),
    fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 5 })).map(([weekday, nth]) => ({
      text: ['?', `${weekday}#${nth}`],
      isMeant: (wall: WallMinute) => wall.weekday === weekday && Math.ceil(wall.day / 7) === nth,
    })),
  );

  it('every time is found, and nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...windows), some(0, 59), some(0, 23), days, ([id, from], minutes, hours, day) => {
        const list = (values: readonly number[] | null): string => values?.join(',') ?? '*';
        const expression = `0 ${list(minutes)} ${list(hours)} ${day.text[0]} * ${day.text[1]}`;
        const all = walls.get(`${id} ${from}`)!;
        const isMeant = (wall: WallMinute): boolean =>
          !wall.isRepeatedLater &&
          (minutes?.includes(wall.minute) ?? true) &&
          (hours?.includes(wall.hour) ?? true) &&
          day.isMeant(wall);
        const expected = all.filter(isMeant).map(({ atMs }) => atMs);
        const found: number[] = [];
        const cron = parseCron(expression);
        const end = all.at(-1)!.atMs;
        for (
          let at = nextFire(cron, zone(id), all[0]!.atMs - 1);
          at !== null && at <= end;
          at = nextFire(cron, zone(id), at)
        ) {
          found.push(at);
          if (found.length > expected.length) break;
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 80 },
    );
  });

  function isLastDay({ year, month, day }: WallMinute): boolean {
    return new Date(Date.UTC(year, month - 1, day + 1)).getUTCDate() === 1;
  }
});
