import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { GuardConfig, MappingConfig } from '../mapping/mapping-config.ts';
import type { JsonObject } from '../base/json.ts';
import type { Query } from '../model/object-set.ts';
import { toQuery } from '../model/to-query.ts';
import type { ReconRequest } from '../recon/run-context.ts';
import type { LockstepConfig } from './config/project-config.ts';

/** What a caller may override for one run: the body of a recon call, options of the command line. JSON, kept with the run. */
export interface RunOverrides {
  readonly ids?: readonly string[];
  readonly sourceQuery?: JsonObject;
  readonly targetQuery?: JsonObject;
  readonly runTargetPhase?: boolean;
  readonly allowEmptySourceSet?: boolean;
  readonly guard?: Partial<GuardConfig>;
  readonly logUnchanged?: boolean;
}

/** Where a run comes from. Kept with it. */
export interface RunOrigin {
  /** Who asked for it: `openidm-admin`. */
  readonly initiatedBy?: string;
  /** Of the request that asked for it. */
  readonly transactionId?: string;
}

/** The origin alone, of what has one among other things. */
export function originOf({ initiatedBy, transactionId }: RunOrigin): RunOrigin {
  return {
    ...(initiatedBy === undefined ? {} : { initiatedBy }),
    ...(transactionId === undefined ? {} : { transactionId }),
  };
}

/** The origin that is kept with a run. */
export function storedOrigin({ initiatedBy, transactionId }: JsonObject): RunOrigin {
  return {
    ...(typeof initiatedBy === 'string' ? { initiatedBy } : {}),
    ...(typeof transactionId === 'string' ? { transactionId } : {}),
  };
}

/** The mapping, with its source query sent where the caller wants it. */
export function queriedMapping(mapping: MappingConfig, { sourceQuery }: RunOverrides): MappingConfig {
  if (sourceQuery === undefined) return mapping;
  const name = sourceQuery['resourceName'];
  return { ...mapping, sourceQuery: { ...mapping.sourceQuery, resourceName: typeof name === 'string' ? name : null } };
}

/** The mapping's own settings with the caller's over them. */
export function reconRequest(
  compiled: CompiledMapping,
  overrides: RunOverrides,
  lockstep: LockstepConfig,
): ReconRequest {
  const isById = overrides.ids !== undefined;
  const sourceQuery = effective(overrides.sourceQuery, compiled.sourceQuery?.query ?? null);
  const runTargetPhase = overrides.runTargetPhase ?? compiled.runTargetPhase ?? !isById;
  return {
    kind: isById ? 'reconById' : 'recon',
    ids: overrides.ids ?? [],
    sourceQuery,
    isSourceWhole: sourceQuery === null && (compiled.sourceQuery?.resourceName ?? compiled.source) === compiled.source,
    targetQuery: effective(overrides.targetQuery, compiled.targetQuery?.query ?? null),
    runTargetPhase: runTargetPhase && !isById,
    allowEmptySourceSet: overrides.allowEmptySourceSet ?? compiled.allowEmptySourceSet,
    guard: { ...compiled.guard, ...overrides.guard },
    batchSize: lockstep.batchSize,
    logUnchanged: overrides.logUnchanged ?? lockstep.audit.logUnchanged,
  };
}

/** "Everything" is null: then, and only then, what the scan did not give does not exist. */
function effective(override: JsonObject | undefined, configured: Query | null): Query | null {
  const query = override === undefined ? configured : toQuery(withoutResource(override));
  const isAll = query?.kind === 'id' && (query.queryId === 'query-all-ids' || query.queryId === 'query-all');
  return isAll ? null : query;
}

function withoutResource(query: JsonObject): JsonObject {
  const { resourceName: _, ...rest } = query;
  return rest;
}
