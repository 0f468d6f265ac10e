import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json } from '../base/json.ts';

/**
 * Refuses with `bad-request` a change of what only whoever runs the server may decide: `files.allowed` of `lockstep`, which says
 * where callers may have files read and written. Leaving the file out altogether takes the permission away, and is possible.
 */
export function refuseFixedChange(id: string, before: Json, after: Json): void {
  if (id !== 'lockstep' || deepEqual(allowedIn(before), allowedIn(after))) return;
  throw new Failure(
    'bad-request',
    '"files.allowed" of config/lockstep cannot be changed over the network: edit conf/lockstep.json on the server',
  );
}

function allowedIn(value: Json): Json {
  const files = isJsonObject(value) ? value['files'] : undefined;
  return (isJsonObject(files) ? files['allowed'] : undefined) ?? [];
}
