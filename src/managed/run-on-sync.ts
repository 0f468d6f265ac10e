import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { ManagedChange } from '../model/managed-change.ts';
import type { RequestContext } from '../resource/context.ts';
import { contextFor } from '../resource/script-context.ts';
import { namedObject } from './commit-writes.ts';
import type { ManagedType } from './managed-type.ts';
import type { ManagedItem } from './managed-stages.ts';

/** A change, and what came of passing it on. */
export interface SyncedChange {
  readonly change: ManagedChange;
  /** Specification §7.4. */
  readonly syncResults: JsonObject;
}

export function hasOnSync({ scripts }: ManagedType): boolean {
  return scripts?.has('sync') === true;
}

/** Runs `onSync` after these changes were passed on (specification §2.3). Gives what it threw, by position. */
export async function runOnSync(
  type: ManagedType,
  synced: readonly SyncedChange[],
  context: RequestContext,
): Promise<ReadonlyMap<number, Failure>> {
  const failures = new Map<number, Failure>();
  const { scripts } = type;
  if (scripts === null || !hasOnSync(type) || synced.length === 0) return failures;
  const ids = synced.map(({ change }) => change.id);
  const rows = await type.repository.objects.readMany(type.name, [...new Set(ids)]);
  const present = new Map(rows.map((row) => [row.id, namedObject(row)]));
  const items = synced.map((one): ManagedItem => {
    const { change, syncResults } = one;
    return {
      object: present.get(change.id) ?? null,
      oldObject: change.before === null ? null : type.protection.openIfPossible(change.before),
      request: change.request,
      resourceName: `${type.path}/${change.id}`,
      context: contextFor(context),
      variables: { syncResults },
    };
  });
  for (const [i, result] of (await scripts.run('sync', items, context)).entries())
    if (result instanceof Failure) failures.set(i, result);
  return failures;
}
