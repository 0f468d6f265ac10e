import type { GuardConfig, GuardLimit } from '../mapping/mapping-config.ts';
import type { ChangeClass } from '../model/run.ts';
import type { HeldClass, Progress } from './progress.ts';

/** Whether a class of destructive changes may go ahead. Pure. */
export function judge(changeClass: ChangeClass, count: number, linked: number, guard: GuardConfig): string | null {
  if (!guard.isEnabled || count === 0) return null;
  if (changeClass === 'ambiguousDelete')
    return guard.allowAmbiguousDelete
      ? null
      : 'several candidates per source object; "allowAmbiguousDelete" is not set';
  if (changeClass === 'delete') return exceeds(count, linked, guard.delete, guard.percentFloor);
  if (changeClass === 'unlink') return exceeds(count, linked, guard.unlink, guard.percentFloor);
  return null;
}

/** Every class that has to wait, with the reason. */
export function heldClasses(progress: Progress, linked: number, guard: GuardConfig): readonly HeldClass[] {
  const held: HeldClass[] = [];
  for (const [name, count] of Object.entries(progress.planned)) {
    const changeClass = name as ChangeClass;
    const reason = judge(changeClass, count, linked, guard);
    if (reason !== null) held.push({ changeClass, count, reason });
  }
  return held;
}

function exceeds(count: number, linked: number, limit: GuardLimit, floor: number): string | null {
  if (limit.max !== null && count > limit.max) return `${count} are more than the limit of ${limit.max}`;
  if (limit.maxPercent === null || count <= floor || count * 100 <= linked * limit.maxPercent) return null;
  const share = linked === 0 ? 'all' : `${((count * 100) / linked).toFixed(2)} %`;
  return `${count} of ${linked} linked objects (${share}) are more than ${limit.maxPercent} % and more than ${floor}`;
}
