import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import { skippedResult, type SyncAction, type SyncResult } from '../../implicit/sync-result.ts';
import type { ManagedChange } from '../../model/managed-change.ts';
import type { RequestContext } from '../../resource/context.ts';
import { passOn, pushGathering, type Passing } from './pass-on.ts';
import { isUnchanged } from './push-mapping.ts';

/** Somebody says that a source object has changed (specification §7.1). */
export interface Notification {
  readonly action: SyncAction;
  /** `managed/user`, `system/ldap/account` */
  readonly collection: string;
  readonly id: string;
  readonly oldValue: JsonObject | null;
  readonly newValue: JsonObject | null;
}

/**
 * Pushes what is said through every mapping of the collection, in order, up to the first that fails. Rejects with `conflict`
 * then; the detail is the list of results.
 */
export async function notify(
  passing: Passing,
  { action, collection, id, oldValue, newValue }: Notification,
  context: RequestContext,
): Promise<readonly SyncResult[]> {
  const results: SyncResult[] = [];
  const caused: ManagedChange[] = [];
  const given = new Map([[id, action === 'notifyDelete' ? null : newValue]]);
  const olds = new Map(oldValue === null ? [] : [[id, oldValue]]);
  let fault: string | null = null;
  for (const mapping of passing.mappingsFrom(collection)) {
    if (action === 'notifyUpdate' && isUnchanged(oldValue, newValue)) continue;
    if (fault !== null) {
      results.push(skippedResult(mapping));
      continue;
    }
    const trail = [...(context.trail ?? []), mapping.name];
    const asked = { mapping, ids: [id], context: { ...context, trail }, olds, given };
    const { pushed, caused: more } = await pushGathering(passing, asked);
    caused.push(...more);
    results.push(...(pushed.get(id)?.results ?? []));
    fault = pushed.get(id)?.fault?.message ?? null;
  }
  if (context.chain !== undefined) await context.chain.add(caused);
  else if (caused.length > 0)
    await passOn(passing, caused, { ...context, trail: [...(context.trail ?? []), collection] });
  if (fault === null) return results;
  throw new Failure('conflict', fault, { detail: results as unknown as JsonObject[] });
}
