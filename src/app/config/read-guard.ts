import type { GuardConfig } from '../../mapping/mapping-config.ts';
import type { GuardJson } from './schema-guard.ts';

/** What is said replaces what was; null takes a limit away. */
export function readGuard(base: GuardConfig, json: GuardJson | undefined): GuardConfig {
  if (json === undefined) return base;
  const limit = (
    before: GuardConfig['delete'],
    max: number | null | undefined,
    maxPercent: number | null | undefined,
  ): GuardConfig['delete'] => ({
    max: max === undefined ? before.max : max,
    maxPercent: maxPercent === undefined ? before.maxPercent : maxPercent,
  });
  return {
    isEnabled: json.enabled ?? base.isEnabled,
    delete: limit(base.delete, json.maxDeletes, json.maxDeletePercent),
    unlink: limit(base.unlink, json.maxUnlinks, json.maxUnlinkPercent),
    percentFloor: json.percentFloor ?? base.percentFloor,
    allowAmbiguousDelete: json.allowAmbiguousDelete ?? base.allowAmbiguousDelete,
  };
}
