import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { RunOverrides } from '../app/run-request.ts';
import { toQuery } from '../model/to-query.ts';

/**
 * What the body of a recon call overrides (specification §5.1). `sourceQueryFullEntry` and `targetQueryFullEntry` are
 * accepted: objects are read whole here in any case. Unknown members are ignored. Throws `bad-request` for a member of the
 * wrong shape, or a query that cannot be understood.
 */
export function readOverrides(content: Json): RunOverrides {
  if (content === null) return {};
  if (!isJsonObject(content)) throw new Failure('bad-request', 'the body of a reconciliation call must be an object');
  for (const name of ['sourceQueryFullEntry', 'targetQueryFullEntry']) flagOf(content, name);
  const sourceQuery = queryOf(content, 'sourceQuery');
  const targetQuery = queryOf(content, 'targetQuery');
  const runTargetPhase = flagOf(content, 'runTargetPhase');
  const allowEmptySourceSet = flagOf(content, 'allowEmptySourceSet');
  return {
    ...(sourceQuery === null ? {} : { sourceQuery }),
    ...(targetQuery === null ? {} : { targetQuery }),
    ...(runTargetPhase === null ? {} : { runTargetPhase }),
    ...(allowEmptySourceSet === null ? {} : { allowEmptySourceSet }),
  };
}

function queryOf(content: JsonObject, name: string): JsonObject | null {
  const query = content[name] ?? null;
  if (query === null) return null;
  if (!isJsonObject(query))
    throw new Failure('bad-request', `"${name}" must be an object such as {"_queryFilter": "true"}`);
  const { resourceName = null, ...asked } = query;
  if (resourceName !== null && typeof resourceName !== 'string')
    throw new Failure('bad-request', `"resourceName" in "${name}" must be a collection such as "managed/user"`);
  toQuery(asked);
  return query;
}

/** Administration clients send texts, too. */
function flagOf(content: JsonObject, name: string): boolean | null {
  const value = content[name] ?? null;
  if (value === null || typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new Failure('bad-request', `"${name}" must be true or false`);
}
