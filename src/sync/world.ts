import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/uuid.ts';
import type { Log } from '../base/log.ts';
import type { JsonObject } from '../base/json.ts';
import type { ObjectSet, Query } from '../model/object-set.ts';
import type { Repository, RowWrite } from '../model/repository.ts';
import type { OpenMapping } from '../mapping/open-mapping.ts';
import type { ScriptMode } from '../mapping/script-host.ts';
import type { PlannedChange } from './planned-change.ts';
import type { ReadByKey } from './read-by-key.ts';

/** Everything that one batch of one mapping needs of the world. */
export interface World {
  readonly mapping: OpenMapping;
  readonly source: ObjectSet;
  readonly target: ObjectSet;
  /** Objects by their ids as links hold them. */
  readonly readSources: ReadByKey;
  readonly readTargets: ReadByKey;
  readonly repository: Repository;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** `plan`: scripts' writes are recorded, nothing is applied. */
  readonly mode: ScriptMode;
  /** Of the run, or of the push of a change: what entries are kept under. */
  readonly runId: string;
  /** What scripts see as `reconId`; null: a change is pushed, no reconciliation runs. */
  readonly reconId: string | null;
  /** What source objects were before the change that is pushed, by id; none in a reconciliation. */
  readonly oldSources?: ReadonlyMap<string, JsonObject>;
  /** Stores what people are asked; absent: nobody is asked (a plan, an explanation). */
  readonly approvals?: ApprovalRows;
  /** Turns what a correlation script gave into a query; throws `Failure` for one that cannot be understood. */
  readonly toQuery: (raw: JsonObject) => Query;
  /** The target set was empty at the start and the mapping does not ask for correlation all the same. */
  readonly skipsCorrelation: boolean;
  /** Keep a trace of each attribute, for explanations. */
  readonly isTracing: boolean;
}

export interface ApprovalRows {
  /**
   * The rows to be stored, in the same commit as the entries, for the changes that wait for an approval; none for what is being
   * asked already as it is.
   */
  rowsFor(changes: readonly PlannedChange[]): Promise<ReadonlyMap<PlannedChange, RowWrite>>;
}

/** The source object before the change that is pushed; null if there is none, or if nobody knows it. */
export function oldSourceOf({ oldSources }: Pick<World, 'oldSources'>, sourceId: string | null): JsonObject | null {
  return sourceId === null ? null : (oldSources?.get(sourceId) ?? null);
}
