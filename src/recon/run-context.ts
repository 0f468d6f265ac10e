import type { GuardConfig } from '../mapping/mapping-config.ts';
import type { Query } from '../model/object-set.ts';
import { IdSet } from '../sync/id-set.ts';
import { linkView, type LinkView } from '../sync/link-view.ts';
import type { World } from '../sync/world.ts';
import type { Ledger } from './ledger.ts';

/** What the phases of one run share. */
export interface RunContext {
  readonly world: World;
  readonly ledger: Ledger;
  readonly view: LinkView;
  readonly request: ReconRequest;
  readonly signal: AbortSignal;
  /** Source ids that the scan has given, in the form in which they are compared. */
  readonly seenSources: IdSet;
  /** Source ids whose row is there but cannot be read. */
  readonly faultySources: IdSet;
  /** Target ids that the source phase has accounted for. */
  readonly touchedTargets: IdSet;
  /** Those that this run made: they were not there at its start. */
  readonly createdTargets: IdSet;
}

/** What was asked for, with the mapping's own settings already taken into account. */
export interface ReconRequest {
  readonly kind: 'recon' | 'reconById';
  readonly ids: readonly string[];
  readonly sourceQuery: Query | null;
  /** The scan gives every source object: one that it does not give does not exist. */
  readonly isSourceWhole: boolean;
  readonly targetQuery: Query | null;
  readonly runTargetPhase: boolean;
  readonly allowEmptySourceSet: boolean;
  readonly guard: GuardConfig;
  /** Objects per batch. */
  readonly batchSize: number;
  /** Write an entry for objects that did not change, too. */
  readonly logUnchanged: boolean;
}

export function runContext(world: World, ledger: Ledger, request: ReconRequest, signal: AbortSignal): RunContext {
  const view = linkView(world.mapping.compiled.links);
  return {
    world,
    ledger,
    view,
    request,
    signal,
    seenSources: new IdSet(),
    faultySources: new IdSet(),
    touchedTargets: new IdSet(),
    createdTargets: new IdSet(),
  };
}
