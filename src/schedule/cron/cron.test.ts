import { describe, expect, it } from 'vitest';
import { cronFault, parseCron } from './cron.ts';

describe('a cron expression', () => {
  it.each([
    '0 0 12 * * ?',
    '0 0/5 * * * ?',
    '0 /5 14,18 * * ?',
    '0 0-5 14 * * ?',
    '0 10,44 14 ? 3 WED',
    '0 15 10 ? * MON-FRI',
    '0 15 10 ? * fri-mon',
    '0 15 10 L * ?',
    '0 15 10 l-3 * ?',
    '0 15 10 LW * ?',
    '0 15 10 15w * ?',
    '0 15 10 ? * 6L',
    '0 15 10 ? * FRIL',
    '0 15 10 ? * L',
    '0 15 10 ? * 6#3',
    '0 15 10 ? * FRI#5',
    '0 15 10 ? * 6L 2026-2030',
    '  0  0\t12 1/5 * ?  *  ',
    '0 0 22-2 28-3/2 NOV-FEB ?',
    '0 0/90 * * * ?',
    '*/59 */59 */23 */31 */12 ?',
  ])('%s is right', (text) => {
    expect(cronFault(text)).toBeNull();
  });

  it.each([
    ['', 'it has 0 fields'],
    ['0 0 12 * *', 'it has 5 fields'],
    ['0 0 12 * * ? 2030 x', 'it has 8 fields'],
    ['60 0 12 * * ?', 'second: 60 is not a number from 0 to 59'],
    ['0 x 12 * * ?', 'minute: "X" is not a number from 0 to 59'],
    ['0 0 24 * * ?', 'hour: 24 is not'],
    ['0 0 12 32 * ?', 'day-of-month: 32 is not a number from 1 to 31'],
    ['0 0 12 0 * ?', 'day-of-month: 0 is not'],
    ['0 0 12 1 13 ?', 'month: 13 is not a number from 1 to 12, or one of JAN'],
    ['0 0 12 1 JUNE ?', 'month: "JUNE" is not'],
    ['0 0 12 ? * 8', 'day-of-week: 8 is not'],
    ['0 0 12 ? * 0', 'day-of-week: 0 is not'],
    ['0 0 12 * * ? 1969', 'year: 1969 is not a number from 1970 to 2099'],
    ['0 0 12 * * ? 2100', 'year: 2100'],
    ['0 0 12 * * ? 2030-2028', 'year: the range 2030-2028 ends before it begins'],
    ['0 0 12 * * *', 'are both given: one of them must be "?"'],
    ['0 0 12 1 * MON', 'are both given'],
    ['0 0 12 ? * ?', 'are both "?"'],
    ['0 ? 12 1 * ?', 'minute: "?" can only stand alone'],
    ['0 1,,2 12 1 * ?', 'minute: "1,,2" has an empty place in its list'],
    ['0 5/ 12 1 * ?', 'minute: "5/" needs a number after "/"'],
    ['0 5/0 12 1 * ?', 'minute: "5/0" has a step of 0'],
    ['0 */60 12 1 * ?', 'minute: the step of "*/60" is larger than 59'],
    ['0 1-2-3 12 1 * ?', 'minute: "1-2-3" cannot be understood'],
    ['0 -5 12 1 * ?', 'minute: "-5" cannot be understood'],
    ['0 5W 12 1 * ?', 'minute: "5W" is not'],
    ['0 0 12L 1 * ?', 'hour: "12L" is not'],
    ['0 0 12 L,15 * ?', 'day-of-month: "L,15": L cannot be combined'],
    ['0 0 12 L-31 * ?', 'day-of-month: "L-31" is more than 30 days'],
    ['0 0 12 W * ?', 'day-of-month: "W": W stands after a single day'],
    ['0 0 12 32W * ?', 'day-of-month: 32 is not'],
    ['0 0 12 1-5W * ?', 'day-of-month: "1-5W": W stands after a single day'],
    ['0 0 12 ? * 6#6', 'day-of-week: "6#6" needs a number from 1 to 5 after "#"'],
    ['0 0 12 ? * 6L,2', 'day-of-week: "6L,2": L and # cannot be combined'],
    ['0 0 12 ? * MON#1,WED#2', 'day-of-week: '],
    ['0 0 12 ? * L-3', 'day-of-week: '],
  ])('%s is refused', (text, reason) => {
    expect(cronFault(text)).toContain(reason);
    expect(() => parseCron(text)).toThrow(expect.objectContaining({ code: 'bad-request', status: 400 }));
  });

  it('a very long one is refused unread', () => {
    expect(cronFault(`0 ${'1,'.repeat(1_000_000)}1 * * * ?`)).toContain('more than 1000 characters');
  });
});
