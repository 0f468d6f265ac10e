import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { entryJson } from '../app/entry-json.ts';
import { explain, harmlessTrace } from '../app/explain.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { runMapping } from '../app/run-mapping.ts';
import { openSlots, type Slots } from '../base/slots.ts';
import { secretsOf, type IsSecret } from '../app/secrets.ts';
import { undoRun } from '../app/undo/undo.ts';
import type { AttributeTrace } from '../mapping/stages.ts';
import type { RunEntry } from '../model/run.ts';
import type { ReconResult } from '../recon/recon.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';
import { readOverrides } from './recon-overrides.ts';
import { mappingOf } from './recon-start.ts';
import { runSummary } from '../app/recon-summary.ts';

interface Dependencies {
  readonly lockstep: Lockstep;
}

/** Entries that an answer has, unless `limit` says otherwise. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** A plan reads both sides as a run does; more at once would only make each slower. */
const PLANS_AT_ONCE = 2;
const slotsOf = new WeakMap<object, Slots>();

/**
 * `recon?_action=plan&mapping=`: what a run would do, and nothing is written. Body as for `recon`; `ids`, `limit` (100) and
 * `offset` are parameters. Answers `{mapping, summary, entries, entryCount, offset}`; the summary is that of a run, without id.
 */
export function planRecon(
  { lockstep }: Dependencies,
  request: ActionRequest,
  _id: string,
  context: RequestContext,
): Promise<JsonObject> {
  const mapping = mappingOf(lockstep, request);
  const { ids } = request.parameters;
  const asked = readOverrides(request.content, { config: lockstep.config, mapping, caller: context.caller });
  const overrides = { ...asked, ...(ids === undefined || ids === '' ? {} : { ids: [ids] }) };
  return planned(lockstep, request, context, (options) => runMapping(lockstep, mapping, { ...options, overrides }));
}

/** `recon/<id>?_action=undo&plan=true`: what an undo would do. */
export function planUndo(
  { lockstep }: Dependencies,
  request: ActionRequest,
  runId: string,
  context: RequestContext,
): Promise<JsonObject> {
  return planned(lockstep, request, context, (options) => undoRun(lockstep, runId, options));
}

interface PlanOptions {
  readonly mode: 'plan';
  readonly onEntry: (entry: RunEntry) => void;
  readonly signal?: AbortSignal;
}

async function planned(
  lockstep: Lockstep,
  { parameters }: ActionRequest,
  { signal }: RequestContext,
  work: (options: PlanOptions) => Promise<ReconResult>,
): Promise<JsonObject> {
  const limit = countOf(parameters['limit'], 'limit', DEFAULT_LIMIT, MAX_LIMIT);
  const offset = countOf(parameters['offset'], 'offset', 0, Number.MAX_SAFE_INTEGER);
  const entries: JsonObject[] = [];
  let entryCount = 0;
  const onEntry = (entry: RunEntry): void => {
    if (entryCount >= offset && entries.length < limit) entries.push(entryJson(entry));
    entryCount++;
  };
  const slots = slotsOf.get(lockstep.repository) ?? openSlots(PLANS_AT_ONCE);
  slotsOf.set(lockstep.repository, slots);
  const release = await slots.take(signal);
  const options = signal === undefined ? {} : { signal };
  const { record, progress } = await work({ mode: 'plan', onEntry, ...options }).finally(release);
  if (record.state !== 'SUCCESS') throw new Failure('conflict', progress.error ?? 'the plan was cancelled');
  const { _id, ...summary } = runSummary(record, progress);
  return { mapping: record.mapping, summary, entries, entryCount, offset };
}

function countOf(text: string | undefined, name: string, fallback: number, max: number): number {
  if (text === undefined || text === '') return fallback;
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count <= max)) throw new Failure('bad-request', `parameter '${name}' must be a whole number from 0 to ${max}`);
  return count;
}

/**
 * `recon?_action=explain&mapping=&sourceId=` or `&targetId=`: how one object is decided, in sentences, with the value of each
 * attribute. Nothing is written.
 */
export async function explainObject({ lockstep }: Dependencies, request: ActionRequest): Promise<JsonObject> {
  const mapping = mappingOf(lockstep, request);
  const { sourceId = '', targetId = '' } = request.parameters;
  if ((sourceId === '') === (targetId === ''))
    throw new Failure('bad-request', `Action explain requires either 'sourceId' or 'targetId'`);
  const subject =
    sourceId === '' ? ({ kind: 'target', id: targetId } as const) : ({ kind: 'source', id: sourceId } as const);
  const explanations = await explain(lockstep, mapping, subject);
  const isSecret = secretsOf(lockstep.config);
  return {
    mapping: mapping.name,
    explanations: explanations.map(({ linkQualifier, change, sentences }) => ({
      linkQualifier,
      situation: change.situation,
      action: change.action,
      rule: change.rule,
      change: change.changeClass,
      outcome: change.outcome,
      sourceId: change.sourceId,
      targetId: change.targetId,
      sentences: [...sentences],
      attributes: (change.trace ?? []).map((trace) => traceJson(trace, isSecret)),
    })),
  };
}

function traceJson(trace: AttributeTrace, isSecret: IsSecret): Json {
  const { target, source, step, note } = trace;
  return { target, source, step, note, ...harmlessTrace(trace, isSecret) };
}
