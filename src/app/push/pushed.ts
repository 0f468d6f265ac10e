import { messageOf, Failure } from '../../base/failure.ts';
import type { FaultKind } from '../../implicit/outbox.ts';
import { failedResult, resultOf, type MappingEnds, type SyncResult } from '../../implicit/sync-result.ts';
import type { Settled } from '../../sync/run-log.ts';

/** What came of pushing one source object through one mapping. */
export interface Pushed {
  /** One for each link qualifier. */
  readonly results: readonly SyncResult[];
  /** Null: it arrived. */
  readonly fault: PushFault | null;
}

export interface PushFault {
  readonly kind: FaultKind;
  readonly message: string;
  /** Somebody else wrote what it was decided on: looked at again it may come out otherwise. */
  readonly isOutdated?: boolean;
}

const PASSING: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'locked', 'incomplete-read']);

/** The outcomes of a batch, by source object. */
export function pushedOf(
  ends: MappingEnds,
  ids: readonly string[],
  settled: readonly Settled[],
): ReadonlyMap<string, Pushed> {
  const byId = new Map<string, Settled[]>(ids.map((id) => [id, []]));
  for (const one of settled) {
    const found = byId.get(one.change.sourceId ?? '') ?? byId.get(foldedIn(byId, one.change.sourceId ?? ''));
    found?.push(one);
  }
  return new Map([...byId].map(([id, own]) => [id, pushedOne(ends, own)]));
}

/** Links of sources whose ids do not differ by case give them back in lower case. */
function foldedIn(byId: ReadonlyMap<string, unknown>, id: string): string {
  return [...byId.keys()].find((known) => known.toLowerCase() === id.toLowerCase()) ?? id;
}

function pushedOne(ends: MappingEnds, settled: readonly Settled[]): Pushed {
  const results = settled.map((one) => resultOf(ends, one));
  const bad = settled.find(({ outcome }) => outcome === 'failed' || outcome === 'exceptions');
  if (bad === undefined) return { results, fault: null };
  const kind: FaultKind =
    bad.outcome === 'exceptions'
      ? 'final'
      : bad.code !== undefined && PASSING.has(bad.code)
        ? 'unreachable'
        : 'refused';
  const fault = { kind, message: bad.message ?? bad.change.message ?? 'it failed' };
  return { results, fault: bad.code === 'revision' ? { ...fault, isOutdated: true } : fault };
}

/** The whole batch failed before anything was decided. */
export function allFailed(ends: MappingEnds, ids: readonly string[], error: unknown): ReadonlyMap<string, Pushed> {
  const message = messageOf(error);
  const isPassing = error instanceof Failure && (PASSING.has(error.code) || error.retryable);
  const fault = { kind: isPassing ? ('unreachable' as const) : ('refused' as const), message };
  return new Map(ids.map((id) => [id, { results: [failedResult(ends, id, message)], fault }]));
}
