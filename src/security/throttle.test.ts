import { describe, expect, it } from 'vitest';
import { TestClock } from './testing/test-security.ts';
import { openThrottle, placeOf, type Throttle } from './throttle.ts';

const ADMIN = 'openidm-admin';

/** Failures in a row, each as soon as it is looked at; gives the pauses before them. */
function failTimes(throttle: Throttle, clock: TestClock, count: number, account: string, address: string): number[] {
  return Array.from({ length: count }, () => {
    const waitMs = throttle.waitMs(account, address);
    clock.advance(waitMs);
    throttle.begin(account, address).settle('wrong');
    return waitMs;
  });
}

describe('the throttle', () => {
  it('lets a few mistakes pass, then doubles the pause, up to a quarter of an hour', () => {
    const clock = new TestClock();
    const throttle = openThrottle(clock);
    const pauses = failTimes(throttle, clock, 20, ADMIN, '192.0.2.1');
    expect(pauses.slice(0, 10)).toEqual([0, 0, 0, 0, 0, 0, 1000, 2000, 4000, 8000]);
    expect(Math.max(...pauses)).toBe(15 * 60_000);
  });

  it('does not hold up the account elsewhere, whoever is attacking it', () => {
    const clock = new TestClock();
    const throttle = openThrottle(clock);
    for (let i = 0; i < 10; i++) failTimes(throttle, clock, 8, ADMIN, `198.51.100.${i}`);
    expect(throttle.waitMs(ADMIN, '192.0.2.1')).toBe(0);
  });

  it('holds up an account under attack from everywhere for two seconds at most, and not where it got in before', () => {
    const clock = new TestClock();
    const throttle = openThrottle(clock);
    throttle.begin(ADMIN, '192.0.2.7').settle('right');
    for (let i = 0; i < 1000; i++) throttle.begin(ADMIN, `10.0.${i % 250}.${i}`).settle('wrong');
    expect(throttle.waitMs(ADMIN, '203.0.113.1')).toBe(2000);
    expect(throttle.waitMs(ADMIN, '192.0.2.7')).toBe(0);
  });

  it('holds up an address that tries many names, but not who got in from there', () => {
    const clock = new TestClock();
    const throttle = openThrottle(clock);
    throttle.begin(ADMIN, '192.0.2.1').settle('right');
    for (let i = 0; i < 60; i++) throttle.begin(`user${i}`, '192.0.2.1').settle('wrong');
    expect(throttle.waitMs('someone', '192.0.2.1')).toBeGreaterThan(0);
    expect(throttle.waitMs(null, '192.0.2.1')).toBeGreaterThan(0);
    expect(throttle.waitMs(ADMIN, '192.0.2.1')).toBe(0);
  });

  it('is not reset for one account by logging in to another', () => {
    const clock = new TestClock();
    const throttle = openThrottle(clock);
    for (let i = 0; i < 8; i++) {
      throttle.begin(ADMIN, '192.0.2.1').settle('wrong');
      throttle.begin('mallory', '192.0.2.1').settle('right');
    }
    expect(throttle.waitMs(ADMIN, '192.0.2.1')).toBeGreaterThan(0);
  });

  it('counts attempts side by side before they are answered', () => {
    const throttle = openThrottle(new TestClock());
    const attempts = Array.from({ length: 6 }, () => throttle.begin(ADMIN, '192.0.2.1'));
    expect(throttle.waitMs(ADMIN, '192.0.2.1')).toBeGreaterThan(0);
    for (const attempt of attempts) attempt.settle('unknown');
    expect(throttle.waitMs(ADMIN, '192.0.2.1')).toBe(0);
  });

  it('forgets after an hour', () => {
    const clock = new TestClock();
    const throttle = openThrottle(clock);
    failTimes(throttle, clock, 6, ADMIN, '192.0.2.1');
    clock.advance(60 * 60_000);
    expect(failTimes(throttle, clock, 6, ADMIN, '192.0.2.1')).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('counts %s as %s', (address, place) => {
    expect(placeOf(address)).toBe(place);
  });
});
