import type { JsonObject } from '../base/json.ts';
import { isGuardHolding } from '../app/run-summary.ts';
import type { ReconResult } from '../recon/recon.ts';
import { OUTCOMES } from '../sync/planned-change.ts';
import { table } from './table.ts';

/** The end of a plan or a run: situations × actions × counts, what changed, what is held, what went wrong. */
export function renderSummary({ record, progress }: ReconResult, kind: 'plan' | 'run'): string {
  const rows = Object.entries(progress.matrix).flatMap(([situation, row]) =>
    Object.entries(row).map(([action, count]) => [situation, action, String(count)]),
  );
  const { counts } = progress;
  const changed = OUTCOMES.filter((outcome) => counts[outcome] > 0).map((outcome) => `${counts[outcome]} ${outcome}`);
  const verb = kind === 'plan' ? 'would be: ' : '';
  const lines = [
    ...(rows.length === 0 ? [] : table(['situation', 'action', 'count'], rows)),
    `${verb}${changed.length === 0 ? 'nothing to do' : changed.join(', ')}  (${progress.entries} entries, links +${progress.linksCreated} −${progress.linksRemoved})`,
    ...progress.warnings.map((warning) => `warning: ${warning}`),
    ...heldLines(progress, kind, record.id),
    ...(progress.error === null ? [] : [`failed: ${progress.error}`]),
    kind === 'plan'
      ? 'Nothing was written.'
      : `run ${record.id}: ${record.state} in ${duration(record.startedMs, record.endedMs)}`,
  ];
  return `${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

function heldLines(progress: ReconResult['progress'], kind: 'plan' | 'run', runId: string): readonly string[] {
  if (!isGuardHolding(progress)) return [];
  const held = progress.held.map(({ changeClass, count, reason }) => `held: ${count} ${changeClass}: ${reason}`);
  return kind === 'plan'
    ? held
    : [...held, `release them with "lockstep approve ${runId}", or turn them down with "lockstep reject ${runId}"`];
}

function duration(startedMs: number, endedMs: number | null): string {
  const ms = (endedMs ?? startedMs) - startedMs;
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function summaryJson({ record, progress }: ReconResult): JsonObject {
  const { counts, situations, matrix, entries, held, warnings, error, linksCreated, linksRemoved } = progress;
  return {
    runId: record.id,
    mapping: record.mapping,
    state: record.state,
    stage: record.stage,
    entries,
    counts: { ...counts },
    situations: { ...situations },
    actions: matrix as unknown as JsonObject,
    links: { created: linksCreated, removed: linksRemoved },
    held: held.map(({ changeClass, count, reason }) => ({ class: changeClass, count, reason })),
    warnings: [...warnings],
    error,
    startedMs: record.startedMs,
    endedMs: record.endedMs,
  };
}
