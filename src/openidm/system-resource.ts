import { Failure, messageOf } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { AuditEvent } from '../model/audit.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';
import type { Resource } from '../resource/resource.ts';
import { systemActivity, type SystemChange } from './system-activity.ts';
import {
  availableConnectors,
  createConfiguration,
  createCoreConfig,
  createFullConfig,
} from './system-configuration.ts';
import { liveAction, type LiveActions } from './system-live-sync.ts';
import { createObject, deleteObject, patchObject, updateObject, type Written } from './system-objects.ts';
import { authenticateIn } from './system-authenticate.ts';
import { collectionAt, parsePlace, readObject, type SystemCollection } from './system-place.ts';
import { querySystem } from './system-query.ts';
import { testConfiguration, testSystem, testSystems } from './system-test.ts';

export interface SystemDependencies {
  readonly lockstep: Lockstep;
  /** Keeps audit events. An operation whose event cannot be kept fails. */
  readonly record: (events: readonly AuditEvent[]) => Promise<void>;
  /** Reads changes of systems; absent: nothing does. */
  readonly live?: LiveActions;
}

/** `system`: the objects of external systems, and actions on connectors (specification §10.3, §10.5–10.7). */
export function systemResource(dependencies: SystemDependencies): Resource {
  const { lockstep } = dependencies;
  const change =
    <R>(operation: SystemChange['operation'], write: WriteOperation<R>) =>
    (request: R, id: string, context: RequestContext): Promise<StoredObject> =>
      audited(dependencies, operation, id, context, (collection, objectId) =>
        write(collection, request, objectId, context),
      );
  return {
    create: change('create', createObject),
    update: change('update', updateObject),
    patch: change('patch', patchObject),
    delete: change('delete', deleteObject),
    read: async (_, id, { signal }) => {
      const place = parsePlace(id);
      return readObject(collectionAt(lockstep, place), place.objectId, signal);
    },
    query: async (request, id, { signal }) => {
      const place = parsePlace(id);
      const collection = collectionAt(lockstep, place);
      if (place.objectId !== '')
        throw new Failure('bad-request', `'${request.path}' is an object; query ${collection.path}`);
      return querySystem(collection, request, signal);
    },
    action: (request, id, context) => act(dependencies, request, id, context),
  };
}

type WriteOperation<R> = (
  collection: SystemCollection,
  request: R,
  objectId: string,
  context: RequestContext,
) => Promise<Written>;

async function audited(
  { lockstep, record }: SystemDependencies,
  operation: SystemChange['operation'],
  id: string,
  context: RequestContext,
  write: (collection: SystemCollection, objectId: string) => Promise<Written>,
): Promise<StoredObject> {
  const place = parsePlace(id);
  const collection = collectionAt(lockstep, place);
  const tell = async (change: Omit<SystemChange, 'operation'>): Promise<void> => {
    if (context.mode === 'live')
      await record([systemActivity(lockstep, collection, { operation, ...change }, context)]);
  };
  let written: Written;
  try {
    written = await write(collection, place.objectId);
  } catch (error) {
    await tell({ objectId: place.objectId, before: null, after: null, changed: [], failure: messageOf(error) });
    throw error;
  }
  const { answer, before, changed } = written;
  const isNothing = before !== null && operation !== 'delete' && changed.length === 0;
  const after = operation === 'delete' ? null : answer.object;
  if (!isNothing) await tell({ objectId: answer.id, before: before?.object ?? null, after, changed, failure: null });
  return answer;
}

type Act = (lockstep: Lockstep, content: Json) => Promise<Json>;

const ACTIONS: Readonly<Record<string, Act>> = {
  test: testSystems,
  testConfig: testConfiguration,
  availableConnectors: async () => availableConnectors(),
  createCoreConfig: async (_, content) => createCoreConfig(content),
  createFullConfig,
  createConfiguration,
};

/** Actions of OpenIDM that are not there yet. */
const NOT_YET = new Set(['liveSync', 'activeSync', 'script']);

async function act(
  { lockstep, live }: SystemDependencies,
  request: ActionRequest,
  id: string,
  context: RequestContext,
): Promise<Json> {
  const { action, content, path } = request;
  const answer = live === undefined ? null : liveAction(live, request, id, context);
  if (answer !== null) return answer;
  const { name, type } = parsePlace(id);
  const found = id === '' && Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (found !== undefined) return found(lockstep, content);
  if (type !== '' && action === 'authenticate') return authenticateIn(lockstep, request, id, context.signal);
  if (type !== '') collectionAt(lockstep, parsePlace(id));
  else if (name !== '' && action === 'test') return testSystem(lockstep, name);
  if (NOT_YET.has(action)) throw new Failure('unsupported', `${action} is not available yet on '${path}'`);
  throw new Failure('bad-request', `Unknown action ${action} on '${path}'`);
}
