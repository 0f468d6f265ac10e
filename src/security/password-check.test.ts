import { describe, expect, it } from 'vitest';
import { hashPassword } from './password-hash.ts';
import { openPasswordCheck, type StoredSecret } from './password-check.ts';
import { CHEAP, TestClock } from './testing/test-security.ts';

const slow = async (password: string): Promise<StoredSecret> => ({
  kind: 'slow',
  hash: await hashPassword(password, CHEAP),
});

describe('the password check', () => {
  it('remembers a success for a while', async () => {
    const clock = new TestClock();
    const check = openPasswordCheck({ clock, cost: CHEAP, rememberMs: 1000 });
    const secret = await slow('right');
    expect(await check.matches('ann', secret, 'right')).toEqual({ isRight: true, isRemembered: false });
    expect(await check.matches('ann', secret, 'right')).toEqual({ isRight: true, isRemembered: true });
    clock.advance(1001);
    expect(await check.matches('ann', secret, 'right')).toEqual({ isRight: true, isRemembered: false });
  });

  it('remembers nothing for another password, another hash or another name', async () => {
    const check = openPasswordCheck({ clock: new TestClock(), cost: CHEAP });
    const secret = await slow('right');
    await check.matches('ann', secret, 'right');
    expect(await check.matches('ann', secret, 'wrong')).toEqual({ isRight: false, isRemembered: false });
    expect(await check.matches('ann', await slow('changed'), 'right')).toEqual({ isRight: false, isRemembered: false });
    expect(await check.matches('ann', { kind: 'none' }, 'right')).toEqual({ isRight: false, isRemembered: false });
    expect(await check.matches('bob', secret, 'right')).toEqual({ isRight: true, isRemembered: false });
  });

  it('remembers a failure in the same way, whether somebody has the name or not', async () => {
    const check = openPasswordCheck({ clock: new TestClock(), cost: CHEAP });
    for (const secret of [await slow('right'), { kind: 'none' } as const])
      for (const isRemembered of [false, true])
        expect(await check.matches('ann', secret, 'wrong')).toEqual({ isRight: false, isRemembered });
    expect(await check.matches('bob', { kind: 'none' }, 'wrong')).toEqual({ isRight: false, isRemembered: false });
  });

  it('compares what is quick to compare, and remembers it under its text', async () => {
    const check = openPasswordCheck({ clock: new TestClock(), cost: CHEAP });
    const quick = (text: string): StoredSecret => ({ kind: 'quick', text, compare: (password) => password === text });
    expect(await check.matches('ann', quick('a'), 'a')).toEqual({ isRight: true, isRemembered: false });
    expect(await check.matches('ann', quick('a'), 'a')).toEqual({ isRight: true, isRemembered: true });
    expect((await check.matches('ann', quick('b'), 'a')).isRight).toBe(false);
  });

  it('answers all of many at once, few at a time, and refuses a flood', async () => {
    const check = openPasswordCheck({ clock: new TestClock(), cost: CHEAP, concurrency: 1 });
    const secret = await slow('right');
    const results = await Promise.allSettled(
      Array.from({ length: 300 }, (_, i) => check.matches('ann', secret, `no ${i}`)),
    );
    const refused = results.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(99);
    expect(refused[0]!.reason).toMatchObject({ code: 'unreachable', retryable: true });
    expect(await check.matches('ann', secret, 'right')).toMatchObject({ isRight: true });
  });
});
