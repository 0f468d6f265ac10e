import type { RunOverrides } from '../app/run-request.ts';
import { DEFAULT_GUARD, type GuardConfig, type GuardLimit } from '../mapping/mapping-config.ts';
import { numberOption, type Options } from './arguments.ts';

/** What the command line changes about one run. */
export function overridesOf(options: Options): RunOverrides {
  const guard = guardOf(options);
  return {
    ...(options.id === undefined ? {} : { ids: options.id }),
    ...(options['source-query'] === undefined ? {} : { sourceQuery: { _queryFilter: options['source-query'] } }),
    ...(options['target-query'] === undefined ? {} : { targetQuery: { _queryFilter: options['target-query'] } }),
    ...(options['target-phase'] === undefined ? {} : { runTargetPhase: options['target-phase'] }),
    ...(options['allow-empty-source'] === undefined ? {} : { allowEmptySourceSet: options['allow-empty-source'] }),
    ...(options['log-unchanged'] === undefined ? {} : { logUnchanged: options['log-unchanged'] }),
    ...(Object.keys(guard).length === 0 ? {} : { guard }),
  };
}

function guardOf(options: Options): Partial<GuardConfig> {
  const deletes = limitOf(options['max-deletes'], options['max-delete-percent'], 'max-deletes', DEFAULT_GUARD.delete);
  const unlinks = limitOf(options['max-unlinks'], options['max-unlink-percent'], 'max-unlinks', DEFAULT_GUARD.unlink);
  return {
    ...(options.guard === undefined ? {} : { isEnabled: options.guard }),
    ...(deletes === null ? {} : { delete: deletes, percentFloor: 0 }),
    ...(unlinks === null ? {} : { unlink: unlinks, percentFloor: 0 }),
    ...(options['allow-ambiguous-delete'] === undefined
      ? {}
      : { allowAmbiguousDelete: options['allow-ambiguous-delete'] }),
  };
}

/** A number given alone is the only limit: "at most 50" means 50, whatever share of the whole that is. */
function limitOf(
  max: string | undefined,
  percent: string | undefined,
  name: string,
  fallback: GuardLimit,
): GuardLimit | null {
  const count = numberOption(max, name);
  const share = numberOption(percent, name.replace(/s$/, '-percent'));
  if (count === null && share === null) return null;
  return { max: count, maxPercent: share ?? (count === null ? fallback.maxPercent : null) };
}
