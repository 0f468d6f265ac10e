import type { Json, JsonObject } from '../base/json.ts';
import type { Action } from '../model/action.ts';
import type { Settled } from '../sync/run-log.ts';

/** What one mapping did about one source object under one link qualifier (specification §7.4). */
export type SyncResult =
  | (SyncFacts & { readonly result: 'SUCCESSFUL' })
  | (SyncFacts & { readonly result: 'FAILED'; readonly cause: SyncCause })
  | { readonly result: 'SKIPPED'; readonly mapping: string; readonly targetObjectSet: string };

interface SyncFacts {
  readonly mapping: string;
  readonly targetObjectSet: string;
  readonly reconId: null;
  readonly situation: string | null;
  readonly action: string | null;
  readonly sourceId: string;
  readonly targetId: string | null;
  readonly linkQualifier: string | null;
  readonly ambiguousTargetIds: readonly string[] | null;
  /** The target before; null where nothing was there, or nothing was looked at. */
  readonly oldTargetValue: JsonObject | null;
}

export interface SyncCause {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly detail?: Json;
}

export type SyncAction = 'notifyCreate' | 'notifyUpdate' | 'notifyDelete';

/** What `onSync` sees as `syncResults`. */
export interface SyncResults {
  readonly success: boolean;
  readonly action: SyncAction;
  readonly syncDetails: readonly SyncResult[];
}

export interface MappingEnds {
  readonly name: string;
  readonly target: string;
}

export function resultOf({ name, target }: MappingEnds, settled: Settled): SyncResult {
  const { change, targetId, outcome, message } = settled;
  const { evidence } = change;
  const facts: SyncFacts = {
    mapping: name,
    targetObjectSet: target,
    reconId: null,
    situation: change.situation,
    action: actionOf(settled),
    sourceId: change.sourceId ?? '',
    targetId,
    linkQualifier: evidence.linkQualifier,
    ambiguousTargetIds: change.ambiguousTargetIds,
    oldTargetValue: evidence.target?.object ?? null,
  };
  if (outcome !== 'failed' && outcome !== 'exceptions') return { result: 'SUCCESSFUL', ...facts };
  return { result: 'FAILED', ...facts, cause: conflict(message ?? change.message ?? 'it failed', change.detail) };
}

/** What was done: something that was left alone after all is not told as done. */
export function actionOf({ change, outcome }: Pick<Settled, 'change' | 'outcome'>): Action {
  const isLeftAlone = outcome === 'ignored' && change.action === 'DELETE';
  return isLeftAlone ? 'IGNORE' : change.action;
}

/** Nothing could be found out about the object under this mapping. */
export function failedResult({ name, target }: MappingEnds, sourceId: string, message: string): SyncResult {
  return {
    result: 'FAILED',
    mapping: name,
    targetObjectSet: target,
    reconId: null,
    situation: null,
    action: null,
    sourceId,
    targetId: null,
    linkQualifier: null,
    ambiguousTargetIds: null,
    oldTargetValue: null,
    cause: conflict(message, null),
  };
}

export function skippedResult({ name, target }: MappingEnds): SyncResult {
  return { result: 'SKIPPED', mapping: name, targetObjectSet: target };
}

function conflict(message: string, detail: JsonObject | null): SyncCause {
  return { code: 409, reason: 'Conflict', message, ...(detail === null ? {} : { detail }) };
}
