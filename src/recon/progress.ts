import type { FailureCode } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Action } from '../model/action.ts';
import type { ChangeClass, RunStage } from '../model/run.ts';
import { SITUATIONS, type Situation } from '../model/situation.ts';
import { OUTCOMES, type Outcome } from '../sync/planned-change.ts';
import type { Settled } from '../sync/run-log.ts';

export type Phase = 'source' | 'target' | 'cleanup' | 'guard' | 'apply' | 'results' | 'over';

/** Where a run stands: everything it needs to go on after its process was killed. JSON, committed with each batch. */
export interface Progress {
  readonly phase: Phase;
  readonly stage: RunStage;
  /** Last page of the phase's scan that is fully dealt with; null before the first. */
  readonly cursor: Json;
  readonly lastSeq: number;
  /** `lastSeq` when the cursor moved: entries above it belong to objects after the cursor. Null: as of the next commit. */
  readonly cursorSeq: number | null;
  /** Entries that were assessed: the sum of `counts` when the run is over. */
  readonly entries: number;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly situations: Readonly<Record<Situation, number>>;
  /** situation → action → number of entries. */
  readonly matrix: Readonly<Partial<Record<Situation, Readonly<Partial<Record<Action, number>>>>>>;
  readonly success: number;
  readonly failure: number;
  readonly source: Tally;
  readonly target: Tally;
  readonly links: Tally;
  readonly targetsCreated: number;
  readonly linksCreated: number;
  readonly linksRemoved: number;
  /** Destructive changes that wait for the guard. */
  readonly planned: Readonly<Partial<Record<ChangeClass, number>>>;
  readonly held: readonly HeldClass[];
  readonly warnings: readonly string[];
  /** Source rows whose id could not be read: then the absence of an object proves nothing. */
  readonly unidentifiedFaults: number;
  /** Targets that source objects claimed in the wrong order; see contests.ts. */
  readonly contests: readonly Contest[];
  /** Why the run failed. */
  readonly error: string | null;
  readonly errorCode: FailureCode | null;
}

export interface Tally {
  readonly processed: number;
  /** Null while unknown. */
  readonly total: number | null;
}

export interface HeldClass {
  readonly changeClass: ChangeClass;
  readonly count: number;
  readonly reason: string;
}

/** A target that one source object got in this run although another has the better claim. */
export interface Contest {
  readonly targetId: string;
  readonly linkQualifier: string;
  readonly holder: string;
  readonly challengers: readonly { readonly sourceId: string; readonly action: Action; readonly outcome: Outcome }[];
  /** What the holder had been given was taken back; all of them are to be decided again. */
  readonly isUndone: boolean;
}

const NO_TALLY: Tally = { processed: 0, total: null };

export function initialProgress(): Progress {
  return {
    phase: 'source',
    stage: 'ACTIVE_INITIALIZED',
    cursor: null,
    lastSeq: 0,
    cursorSeq: 0,
    entries: 0,
    counts: zeros(OUTCOMES),
    situations: zeros(SITUATIONS),
    matrix: {},
    success: 0,
    failure: 0,
    source: NO_TALLY,
    target: NO_TALLY,
    links: NO_TALLY,
    targetsCreated: 0,
    linksCreated: 0,
    linksRemoved: 0,
    planned: {},
    held: [],
    warnings: [],
    unidentifiedFaults: 0,
    contests: [],
    error: null,
    errorCode: null,
  };
}

function zeros<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
}

/** The progress after these entries. Destructive ones that are only planned count as entries, not yet as an outcome. */
export function withSettled(progress: Progress, settled: readonly Settled[]): Progress {
  const counts = { ...progress.counts };
  const situations = { ...progress.situations };
  const matrix: Partial<Record<Situation, Partial<Record<Action, number>>>> = { ...progress.matrix };
  const planned = { ...progress.planned };
  let { success, failure, targetsCreated, linksCreated, links, target } = progress;
  let [linked, targets] = [0, 0];
  for (const { change, outcome } of settled) {
    if (outcome === null) planned[change.changeClass] = (planned[change.changeClass] ?? 0) + 1;
    else counts[outcome]++;
    if (change.situation !== null) {
      situations[change.situation]++;
      let row = matrix[change.situation];
      if (row === undefined || row === progress.matrix[change.situation])
        row = matrix[change.situation] = { ...progress.matrix[change.situation] };
      row[change.action] = (row[change.action] ?? 0) + 1;
    }
    if (outcome === 'failed') failure++;
    else success++;
    if (outcome === 'created') targetsCreated++;
    if (outcome !== 'failed' && change.link?.kind === 'create') linksCreated++;
    if (change.evidence.link !== null) linked++;
    if (change.evidence.target !== null) targets++;
  }
  links = { ...links, processed: links.processed + linked };
  target = { ...target, processed: target.processed + targets };
  const entries = progress.entries + settled.length;
  return {
    ...progress,
    counts,
    situations,
    matrix,
    planned,
    success,
    failure,
    targetsCreated,
    linksCreated,
    links,
    target,
    entries,
  };
}

/** In = created + updated + unchanged + deleted + held + exceptions + ignored + failed. */
export function doCountsAddUp(progress: Progress): boolean {
  return OUTCOMES.reduce((sum, outcome) => sum + progress.counts[outcome], 0) === progress.entries;
}

export function toJson(progress: Progress): JsonObject {
  return progress as unknown as JsonObject;
}

export function fromJson(json: JsonObject): Progress {
  return { ...initialProgress(), ...(json as unknown as Progress) };
}
