import type { Query } from '../model/object-set.ts';
import type { GuardConfig } from './mapping-config.ts';
import type { ProgramPayload } from './program-payload.ts';
import type { ScriptSource } from './script-host.ts';
import type { StageName } from './stages.ts';

/** A mapping, compiled once. A run reads this and nothing of the configuration. */
export interface CompiledMapping {
  readonly name: string;
  readonly source: string;
  readonly target: string;
  readonly links: LinkRules;
  /** The fixed list of link qualifiers, or null when a script gives them for each object. */
  readonly qualifiers: readonly string[] | null;
  readonly hasCorrelation: boolean;
  readonly sourceQuery: QueryRequest | null;
  readonly targetQuery: QueryRequest | null;
  /** Null: on for `recon`, off for `reconById`. */
  readonly runTargetPhase: boolean | null;
  readonly allowEmptySourceSet: boolean;
  readonly correlateEmptyTargetSet: boolean;
  readonly enableSync: boolean;
  readonly guard: GuardConfig;
  readonly payload: ProgramPayload;
  readonly scripts: readonly ScriptSource[];
  /** Stages in which at least one script takes part; the others run in the engine's own process. */
  readonly scriptStages: ReadonlySet<StageName>;
}

export interface QueryRequest {
  /** Where the query is sent instead of the mapping's own source or target. */
  readonly resourceName: string | null;
  /** Null: everything. */
  readonly query: Query | null;
}

/** How this mapping reads the links of its link type: specification §8. */
export interface LinkRules {
  readonly isEnabled: boolean;
  /** Name of the mapping that owns the links. */
  readonly linkType: string;
  /** The owner runs the other way: this mapping's source ids are the links' second ids. */
  readonly isReversed: boolean;
  readonly areSourceIdsCaseSensitive: boolean;
  readonly areTargetIdsCaseSensitive: boolean;
}
