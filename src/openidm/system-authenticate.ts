import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { ActionRequest } from '../resource/request.ts';
import { collectionAt, parsePlace } from './system-place.ts';

/**
 * `system/<name>/<type>?_action=authenticate` with `username` and `password`, as parameters or in the body (specification §10.3). Answers
 * the id; rejects with `unauthorized` for what is no login.
 */
export async function authenticateIn(
  lockstep: Lockstep,
  { parameters, content, path }: ActionRequest,
  id: string,
  signal?: AbortSignal,
): Promise<Json> {
  const place = parsePlace(id);
  if (place.objectId !== '')
    throw new Failure('bad-request', `authenticate belongs to the collection, not to '${path}'`);
  collectionAt(lockstep, place);
  const connector = lockstep.connector(place.name);
  if (connector.authenticate === undefined)
    throw new Failure('unsupported', `system/${place.name} cannot authenticate: its connector does not offer it`);
  const [userName, password] = ['username', 'password'].map((name) => given(name, parameters, content));
  return { _id: await connector.authenticate(place.type, userName!, password!, signal) };
}

function given(name: string, parameters: ActionRequest['parameters'], content: Json): string {
  const inBody = isJsonObject(content) && Object.hasOwn(content, name) ? content[name] : undefined;
  const value = Object.hasOwn(parameters, name) ? parameters[name] : inBody;
  if (typeof value === 'string') return value;
  throw new Failure('bad-request', `authenticate needs the parameters username and password; ${name} is missing`);
}
