import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { harmless } from '../app/entry-json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { secretsOf } from '../app/secrets.ts';
import type { RunReads } from '../model/repository.ts';
import type { RunManager } from '../app/run-manager.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest, QueryRequest } from '../resource/request.ts';
import { answerOf, type QueryResult, type Resource } from '../resource/resource.ts';
import { approveHeld, rejectHeldChanges } from './recon-approval.ts';
import { readEntry, queryEntries } from './recon-entries.ts';
import { runEvents, type RunEvent } from './recon-events.ts';
import { explainObject, planRecon, planUndo } from './recon-plan.ts';
import { startRecon, startUndo } from './recon-start.ts';
import { runSummary } from '../app/recon-summary.ts';
import { undoIdOf } from '../app/undo/undo-id.ts';

export interface ReconDependencies {
  readonly lockstep: Lockstep;
  readonly runs: RunManager;
}

/**
 * `recon` (specification §5.1): start, watch and cancel reconciliations. Ours are the actions `plan` and `explain`, and on a
 * run `approve`, `reject` and `undo`; `recon/<id>/entries` can be read and queried.
 */
export function reconResource(dependencies: ReconDependencies): Resource {
  return {
    read: (_, id) => readRecon(dependencies, id),
    query: (request, id) => queryRecon(dependencies, request, id),
    action: (request, id, context) => act(dependencies, request, id, context),
  };
}

/**
 * The live events of a run, for `recon/<id>`; null for any other path. Ends with the run, or when the signal of the context
 * is aborted.
 */
export function reconEvents(
  { lockstep, runs }: ReconDependencies,
  path: string,
  context: RequestContext,
  lastEventId: string | null,
): AsyncIterable<RunEvent> | null {
  const [root, runId, ...more] = path.split('/');
  if (root !== 'recon' || runId === undefined || runId === '' || more.length > 0) return null;
  const signal = context.signal ?? new AbortController().signal;
  const isSecret = secretsOf(lockstep.config);
  const entries: RunReads['entries'] = async (id, request) =>
    (await lockstep.repository.runs.entries(id, request)).map((entry) => harmless(entry, isSecret));
  return runEvents(runs, { entries }, runId, lastEventId, signal);
}

/** Completed runs that a list has, unless the boot property says otherwise. */
const LISTED_RUNS = 100;

async function readRecon(dependencies: ReconDependencies, id: string): Promise<StoredObject> {
  const { lockstep, runs } = dependencies;
  if (id === '') {
    const limit = listedRuns(lockstep);
    const reconciliations = (await runs.list({ limit })).map(({ record, progress }) =>
      runSummary(record, progress, lockstep.clock.nowMs()),
    );
    return answerOf('', { reconciliations });
  }
  const [runId = '', place, seq, ...more] = id.split('/');
  if (place === 'entries' && seq !== undefined && more.length === 0) return readEntry(lockstep, runId, seq);
  if (place !== undefined) throw new Failure('not-found', `Resource 'recon/${id}' not found`);
  return { id: runId, rev: null, object: await summaryOf(dependencies, runId) };
}

async function summaryOf({ lockstep, runs }: ReconDependencies, runId: string): Promise<JsonObject> {
  const snapshot = await runs.read(runId);
  if (snapshot === null) throw new Failure('not-found', `Reconciliation with id ${runId} not found.`);
  const summary = runSummary(snapshot.record, snapshot.progress, lockstep.clock.nowMs());
  const undo = snapshot.record.kind === 'undo' ? null : await lockstep.repository.runs.read(undoIdOf(runId));
  return undo === null ? summary : { ...summary, undoneBy: undo.id };
}

function listedRuns({ config }: Lockstep): number {
  const wanted = Number(config.bootProperties['openidm.recon.maxcompletedruns']);
  return Number.isInteger(wanted) && wanted > 0 && wanted <= 10_000 ? wanted : LISTED_RUNS;
}

async function queryRecon({ lockstep }: ReconDependencies, request: QueryRequest, id: string): Promise<QueryResult> {
  const [runId = '', place, ...more] = id.split('/');
  if (place !== 'entries' || more.length > 0)
    throw new Failure('unsupported', `query is not supported on '${request.path}'; recon/<id>/entries can be queried`);
  return queryEntries(lockstep, runId, request);
}

type Act = (
  dependencies: ReconDependencies,
  request: ActionRequest,
  id: string,
  context: RequestContext,
) => Promise<Json>;

const ACTIONS: Readonly<Record<string, Act>> = {
  recon: startRecon,
  reconbyid: startRecon,
  plan: planRecon,
  explain: explainObject,
};

const RUN_ACTIONS: Readonly<Record<string, Act>> = {
  cancel: async ({ runs }, _, id) => {
    await runs.cancel(id);
    return { _id: id, action: 'cancel', status: 'SUCCESS' };
  },
  approve: ({ lockstep }, request, id) => approveHeld(lockstep, request, id),
  reject: ({ lockstep }, request, id, context) => rejectHeldChanges(lockstep, request, id, context),
  undo: (dependencies, request, id, context) =>
    isTrue(request.parameters['plan'])
      ? planUndo(dependencies, request, id, context)
      : startUndo(dependencies, request, id, context),
};

/** Actions that write nothing. */
const READING: ReadonlySet<string> = new Set(['plan', 'explain']);

/** A script in a plan asks for something that would write: it is told that this is not done. */
function planned({ action }: ActionRequest, id: string): JsonObject {
  return { _id: id, action, status: 'PLANNED' };
}

function act(
  dependencies: ReconDependencies,
  request: ActionRequest,
  id: string,
  context: RequestContext,
): Promise<Json> {
  const known = id === '' ? ACTIONS : RUN_ACTIONS;
  const name = request.action.toLowerCase();
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (found !== undefined && context.mode === 'plan' && !READING.has(name))
    return Promise.resolve(planned(request, id));
  if (found !== undefined) return found(dependencies, request, id, context);
  const message =
    id === ''
      ? `Unknown action ${request.action}`
      : `Action ${request.action} on reconciliation not supported: it is one of ${Object.keys(RUN_ACTIONS).join(', ')}`;
  return Promise.reject(new Failure('bad-request', message));
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true';
}
