import { describe, expect, it } from 'vitest';
import { DEFAULT_GUARD, type GuardConfig } from '../mapping/mapping-config.ts';
import type { ChangeClass } from '../model/run.ts';
import { heldClasses, judge } from './guard.ts';
import { initialProgress } from './progress.ts';

const max = (n: number): Partial<GuardConfig> => ({ delete: { max: n, maxPercent: null } });
const percent = (n: number, percentFloor = 0): Partial<GuardConfig> => ({
  delete: { max: null, maxPercent: n },
  percentFloor,
});

describe('the guard', () => {
  it.each<[ChangeClass, number, number, Partial<GuardConfig>, boolean]>([
    ['delete', 0, 0, {}, false],
    ['delete', 20, 20, {}, false],
    ['delete', 21, 100, {}, true],
    ['delete', 21, 210, {}, false],
    ['delete', 21, 209, {}, true],
    ['delete', 21, 0, {}, true],
    ['delete', 3, 100, max(3), false],
    ['delete', 4, 100, max(3), true],
    ['delete', 1, 100, max(0), true],
    ['delete', 1, 10, percent(10), false],
    ['delete', 2, 10, percent(10), true],
    ['delete', 1, 0, percent(10), true],
    ['delete', 5, 10, percent(10, 5), false],
    ['delete', 6, 10, percent(10, 5), true],
    ['delete', 1, 10, percent(0), true],
    ['delete', 10, 10, percent(100), false],
    ['delete', 1000, 1000, { isEnabled: false }, false],
    ['unlink', 21, 100, {}, true],
    ['unlink', 21, 100, max(0), true],
    ['ambiguousDelete', 1, 1000, {}, true],
    ['ambiguousDelete', 1, 1000, { allowAmbiguousDelete: true }, false],
    ['ambiguousDelete', 1, 1000, { isEnabled: false }, false],
    ['create', 100, 1, {}, false],
    ['update', 100, 1, {}, false],
  ])('%s: %i of %i linked under %j: held %s', (changeClass, count, linked, guard, isHeld) => {
    expect(judge(changeClass, count, linked, { ...DEFAULT_GUARD, ...guard }) !== null).toBe(isHeld);
  });

  it('holds each class by itself', () => {
    const progress = { ...initialProgress(), planned: { delete: 5, unlink: 1, ambiguousDelete: 0 } };
    expect(heldClasses(progress, 10, { ...DEFAULT_GUARD, ...max(4) }).map((one) => one.changeClass)).toEqual([
      'delete',
    ]);
  });
});
