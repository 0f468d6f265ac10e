import { ACTION_QUALIFIER, performAction, type ActionRequest as Performed } from '../app/push/perform-action.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { RunManager } from '../app/run-manager.ts';
import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { SyncAction } from '../implicit/sync-result.ts';
import { ACTIONS, isAction } from '../model/action.ts';
import { SITUATIONS, type Situation } from '../model/situation.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest, ResourceRequest } from '../resource/request.ts';
import type { Resource } from '../resource/resource.ts';
import { completed, mappingOf } from './recon-start.ts';
import { readOverrides } from './recon-overrides.ts';
import { linkedResources } from './sync-linked.ts';
import { syncQueue } from './sync-queue.ts';

export interface SyncDependencies {
  readonly lockstep: Lockstep;
  readonly runs: RunManager;
}

/** `sync` (specification §7): notifications, single actions, what is linked, and `sync/queue`: what waits to be pushed. */
export function syncResource(dependencies: SyncDependencies): Resource {
  const { lockstep } = dependencies;
  const queue = syncQueue(lockstep);
  return {
    query: async (request, id) => {
      if (id !== 'queue') throw notThere(request, id);
      return queue.query(request);
    },
    read: async (request, id) => queue.read(queued(request, id)),
    delete: async (request, id) => queue.drop(queued(request, id)),
    action: async (request, id, context) => {
      if (id === 'queue' || id.startsWith('queue/')) return replay(queue, request, id);
      if (id !== '') throw notFound(request.path);
      return act(dependencies, request, context);
    },
  };
}

function queued(request: ResourceRequest, id: string): string {
  if (!id.startsWith('queue/')) throw notThere(request, id);
  return id.slice('queue/'.length);
}

function replay(queue: ReturnType<typeof syncQueue>, request: ActionRequest, id: string): Promise<Json> {
  if (request.action !== 'replay')
    throw new Failure('bad-request', `Unknown action ${request.action}: sync/queue has replay`);
  return queue.replay(id === 'queue' ? null : queued(request, id), request);
}

type Act = (dependencies: SyncDependencies, request: ActionRequest, context: RequestContext) => Promise<Json>;

const ACTS: Readonly<Record<string, Act>> = {
  recon,
  performAction: async ({ lockstep }, request, context) => {
    await performAction(lockstep, performed(request), context);
    return {};
  },
  getLinkedResources: ({ lockstep }, { parameters }, context) =>
    linkedResources(lockstep, parameters['resourceName'], context),
  notifyCreate: notified,
  notifyUpdate: notified,
  notifyDelete: notified,
};

function act(dependencies: SyncDependencies, request: ActionRequest, context: RequestContext): Promise<Json> {
  const found = Object.hasOwn(ACTS, request.action) ? ACTS[request.action] : undefined;
  if (found === undefined)
    throw new Failure('bad-request', `Unknown action ${request.action}: sync has ${Object.keys(ACTS).join(', ')}`);
  return found(dependencies, request, context);
}

async function notified(
  { lockstep }: SyncDependencies,
  request: ActionRequest,
  context: RequestContext,
): Promise<Json> {
  const { action, parameters, content } = request;
  const collection = (parameters['resourceContainer'] ?? '').replace(/^\/+|\/+$/g, '');
  const id = parameters['resourceId'] ?? '';
  if (collection === '') throw new Failure('bad-request', `${action} needs resourceContainer, such as managed/user`);
  if (id === '' || lockstep.changes.mappingsFrom(collection).length === 0) return [];
  const oldValue = valueIn(content, 'oldValue');
  const newValue = valueIn(content, 'newValue');
  if (action !== 'notifyDelete' && newValue === null)
    throw new Failure('bad-request', `${action} needs the object as it is now in newValue`);
  const told = { action: action as SyncAction, collection, id, oldValue, newValue };
  return (await lockstep.changes.notify(told, context)) as unknown as Json;
}

function valueIn(content: Json, name: string): JsonObject | null {
  const value = isJsonObject(content) ? (content[name] ?? null) : null;
  if (value === null || isJsonObject(value)) return value;
  throw new Failure('bad-request', `${name} must be an object or null, not ${JSON.stringify(value).slice(0, 100)}`);
}

function performed({ parameters }: ActionRequest): Performed {
  const { mapping, action = '', sourceId, targetId, situation, reconId, linkQualifier } = parameters;
  if (mapping === undefined) throw new Failure('bad-request', 'performAction needs the parameter mapping');
  if (!isAction(action))
    throw new Failure('bad-request', `performAction needs the parameter action, one of ${ACTIONS.join(', ')}`);
  const isTarget = parameters['target'] === 'true';
  if (!isTarget && sourceId === undefined)
    throw new Failure('bad-request', 'performAction needs a sourceId, or target=true and a targetId');
  return {
    mapping,
    action,
    sourceId: isTarget ? null : sourceId!,
    targetId: targetId ?? null,
    situation: situation === undefined ? null : situationOf(situation),
    reconId: reconId === undefined || reconId === '' ? null : reconId,
    linkQualifier: linkQualifier ?? ACTION_QUALIFIER,
    ignorePostAction: parameters['ignorePostAction'] === 'true',
  };
}

function situationOf(text: string): Situation {
  const found = SITUATIONS.find((situation) => situation === text);
  if (found !== undefined) return found;
  throw new Failure('bad-request', `There is no situation ${text}: one of ${SITUATIONS.join(', ')}`);
}

/** The deprecated, synchronous form of `recon`. */
async function recon(
  { lockstep, runs }: SyncDependencies,
  request: ActionRequest,
  { caller, transactionId }: RequestContext,
): Promise<Json> {
  const mapping = mappingOf(lockstep, request);
  const overrides = readOverrides(request.content, { config: lockstep.config, mapping, caller });
  const { name } = mapping;
  const runId = await runs.start({ kind: 'recon', mapping: name, overrides, initiatedBy: caller.id, transactionId });
  await completed(runs, runId);
  return {
    reconId: runId,
    _id: runId,
    comment1: 'This form is deprecated: use the action recon of the resource recon.',
    comment2: 'The member reconId is deprecated: use _id.',
  };
}

/** `sync` itself has actions only (specification §1.1), and the queue has no object of its own. */
function notThere({ verb, path }: ResourceRequest, id: string): Failure {
  if (id !== '' && id !== 'queue') return notFound(path);
  return new Failure(
    'unsupported',
    `${verb} is not supported on '${path}'; sync has actions, sync/queue can be queried`,
  );
}

function notFound(path: string): Failure {
  return new Failure('not-found', `Resource '${path}' not found`);
}
