import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { RunManager, RunStart } from '../app/run-manager.ts';
import type { RunOverrides } from '../app/run-request.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';
import { readOverrides } from './recon-overrides.ts';

interface Dependencies {
  readonly lockstep: Lockstep;
  readonly runs: RunManager;
}

/** `_action=recon` and `_action=reconById`: `{"_id", "state"}`, at once or when the run is over. */
export async function startRecon(
  { lockstep, runs }: Dependencies,
  request: ActionRequest,
  _id: string,
  { caller, transactionId }: RequestContext,
): Promise<JsonObject> {
  const mapping = mappingOf(lockstep, request);
  const overriding = { config: lockstep.config, mapping, caller };
  const overrides = { ...readOverrides(request.content, overriding), ...idsOf(request) };
  return started(runs, request, {
    kind: 'recon',
    mapping: mapping.name,
    overrides,
    initiatedBy: caller.id,
    transactionId,
  });
}

/** `recon/<id>?_action=undo`: the run that takes the other back. */
export async function startUndo(
  { runs }: Dependencies,
  request: ActionRequest,
  runId: string,
  { caller, transactionId }: RequestContext,
): Promise<JsonObject> {
  const answer = await started(runs, request, { kind: 'undo', runId, initiatedBy: caller.id, transactionId });
  return { ...answer, undoes: runId };
}

/** The mapping that a request names, `No such mapping` (409) for one that there is not. */
export function mappingOf({ config }: Lockstep, { parameters, action, content }: ActionRequest): MappingConfig {
  const name = parameters['mapping'] ?? '';
  const needed = `Action ${action} requires a parameter 'mapping' with the name of a mapping`;
  const inBody = isJsonObject(content) ? (content['mapping'] ?? null) : null;
  if (inBody !== null && inBody !== name)
    throw new Failure('bad-request', `${needed}; a mapping in the body is not possible here`);
  if (name === '') throw new Failure('bad-request', needed);
  const found = config.mappings.find((mapping) => mapping.name === name);
  if (found === undefined) throw new Failure('conflict', `No such mapping: ${name}`);
  return found;
}

/** One id, commas and all. */
function idsOf({ action, parameters }: ActionRequest): Pick<RunOverrides, 'ids'> {
  if (action.toLowerCase() !== 'reconbyid') return {};
  const id = parameters['ids'] ?? '';
  if (id === '')
    throw new Failure('bad-request', `Action reconById requires a parameter 'ids' with the identifier(s) to reconcile`);
  return { ids: [id] };
}

async function started(runs: RunManager, { parameters }: ActionRequest, start: RunStart): Promise<JsonObject> {
  const runId = await runs.start(start);
  if (parameters['waitForCompletion']?.toLowerCase() !== 'true') return { _id: runId, state: 'ACTIVE' };
  return completed(runs, runId);
}

/** A run that failed is a conflict, with the message of its cause; one that was cancelled is not. */
export async function completed(runs: RunManager, runId: string): Promise<JsonObject> {
  const { record, progress } = await runs.wait(runId);
  if (record.state === 'FAILED')
    throw new Failure('conflict', progress.error ?? 'the reconciliation failed', {
      detail: { _id: runId } satisfies Json,
    });
  return { _id: runId, state: record.state };
}
