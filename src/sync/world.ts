import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/uuid.ts';
import type { Log } from '../base/log.ts';
import type { JsonObject } from '../base/json.ts';
import type { ObjectSet, Query } from '../model/object-set.ts';
import type { Repository } from '../model/repository.ts';
import type { OpenMapping } from '../mapping/open-mapping.ts';
import type { ScriptMode } from '../mapping/script-host.ts';
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
  /** Run id that scripts and entries see. */
  readonly runId: string;
  /** Turns what a correlation script gave into a query; throws `Failure` for one that cannot be understood. */
  readonly toQuery: (raw: JsonObject) => Query;
  /** The target set was empty at the start and the mapping does not ask for correlation all the same. */
  readonly skipsCorrelation: boolean;
  /** Keep a trace of each attribute, for explanations. */
  readonly isTracing: boolean;
}
