import type { LiveFollowers } from '../app/live/live-followers.ts';
import type { LiveSync } from '../app/live/live-sync.ts';
import type { Json } from '../base/json.ts';
import { Failure } from '../base/failure.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';

export interface LiveActions {
  readonly live: LiveSync;
  readonly followers: LiveFollowers;
}

/** Answers an action about changes of systems; null: it is another one. `id` is the path below `system`. */
export function liveAction(
  actions: LiveActions,
  request: ActionRequest,
  id: string,
  context: RequestContext,
): Promise<Json> | null {
  const name = request.action.toLowerCase();
  if (name === 'livesync' || name === 'activesync') return liveSync(actions, request, id, context);
  if (request.action === 'replayDeadLetters') return replay(actions, request, id, context);
  return null;
}

/** `liveSync` on a collection, on a system (all its types), or on `system` with a `source` (specification §6.1). */
async function liveSync(
  { followers }: LiveActions,
  { parameters, action }: ActionRequest,
  id: string,
  context: RequestContext,
): Promise<Json> {
  const source = id === '' ? (parameters['source'] ?? '') : `system/${id}`;
  if (source === '')
    throw new Failure('bad-request', `${action} on system needs the parameter source, such as system/ldap/account`);
  if (context.mode === 'plan') throw new Failure('unsupported', 'liveSync writes; a plan cannot call it');
  if (parameters['mode'] === 'push') return followers.follow(source, context);
  return followers.call(source, { isDetailed: parameters['detailedFailure'] === 'true' }, context);
}

/** Pushes again what a retry policy put aside: one by its `id`, or all of a system. */
async function replay(
  { live }: LiveActions,
  { parameters, action }: ActionRequest,
  id: string,
  context: RequestContext,
): Promise<Json> {
  if (id === '' || id.includes('/'))
    throw new Failure('bad-request', `${action} belongs to a system: POST system/<name>?_action=${action}`);
  const { replayed, failed } = await live.replay(id, parameters['id'] ?? null, context);
  return { replayed: [...replayed], failed: failed.map((one) => ({ ...one })) };
}
