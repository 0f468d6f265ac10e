import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json } from '../base/json.ts';
import { parsePointer } from '../base/json-pointer.ts';
import { applyPatch } from '../base/patch.ts';
import type { ObjectRow } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ResourceRequest } from '../resource/request.ts';
import type { ManagedType } from './managed-type.ts';
import { PATCH_POLICY_MESSAGE } from './prepare-writes.ts';
import { scriptRequest } from './script-request.ts';
import { readRow, refusedRevision, writeOne, writeUntilSettled } from './write-one.ts';

export interface WantedPatch {
  readonly id: string;
  readonly operations: Json;
  readonly rev: string | null;
}

/**
 * Reads, applies the operations, and writes what comes of it like an update (specification §1.8, §2.5). Without a revision it is
 * tried again when somebody was faster.
 */
export async function patchObject(
  type: ManagedType,
  request: ResourceRequest,
  { id, operations, rev }: WantedPatch,
  context: RequestContext,
): Promise<ObjectRow> {
  if (context.caller.isExternal) refuseLaundering(type, operations);
  const seen = { ...scriptRequest(request), method: 'patch', patchOperations: operations };
  return writeUntilSettled(type, { id, rev, context }, async () => {
    const before = await readRow(type, id);
    refusedRevision(type, before, rev);
    const patched = applyPatch(
      { _id: id, _rev: String(before.rev), ...type.protection.openIfPossible(before.doc) },
      operations,
    );
    const { _id, _rev, ...object } = patched;
    if (_id !== id) throw new Failure('bad-request', `${type.path}/${id}: the id of an object cannot be patched`);
    const options = { operation: 'patch', policyMessage: PATCH_POLICY_MESSAGE } as const;
    return writeOne(type, { kind: 'update', id, object, before, request: seen }, options, context);
  });
}

/** A value that a caller may not see, or that is kept encrypted, must not be copied to where it lies open. */
function refuseLaundering(type: ManagedType, operations: Json): void {
  if (!Array.isArray(operations)) return;
  const guarded = new Set(
    type.compiled.config.properties
      .filter(({ scope, encryption, secureHash }) => scope === 'private' || encryption !== null || secureHash !== null)
      .map(({ name }) => name),
  );
  for (const one of operations) {
    const from = isJsonObject(one) ? one['from'] : undefined;
    if (typeof from !== 'string') continue;
    const [name] = parsePointer(from);
    if (guarded.size > 0 && (name === undefined || guarded.has(name)))
      throw new Failure('denied', `${type.path}: the value of "${name ?? '/'}" may not be copied or moved`);
  }
}
