import { isJsonObject, type JsonObject } from '../base/json.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { CommitUnit, LinkWrite, ObjectRow, ObjectTypeSpec, Repository } from '../model/repository.ts';
import type { RunEntry } from '../model/run.ts';
import { isHolderDead } from '../recon/lease.ts';
import { carriedOut, healingLinks } from '../recon/recover.ts';
import type { World } from '../sync/world.ts';

/** Writes to external targets that are under way. Not below `repo/`: no request reaches them. */
export const INTENT_TYPE = 'sync/intent';

export const INTENT_SPEC: ObjectTypeSpec = { name: INTENT_TYPE, searchable: ['resource'] };

export function intentDoc(owner: string, mapping: string, source: string, entry: RunEntry): JsonObject {
  return { owner, mapping, resource: `${source}/${entry.sourceId ?? ''}`, entry: entry as unknown as JsonObject };
}

/**
 * Looks into writes of this mapping, for these source objects, whose fate nobody knows: a process died, or the target did not
 * answer. What did reach the target gets its link; what did not is decided anew. What another living process is writing is
 * left to it.
 */
export async function healIntents(world: World, sourceIds: readonly string[], owner: string): Promise<void> {
  const { name, source } = world.mapping.compiled;
  const { repository } = world;
  const resources = sourceIds.map((id) => `${source}/${id}`);
  const rows = await repository.objects.findByValue(INTENT_TYPE, 'resource', resources);
  const ours = rows.filter(
    ({ doc }) => doc['mapping'] === name && (doc['owner'] === owner || isHolderDead(String(doc['owner']))),
  );
  if (ours.length === 0) return;
  const entries = new Map(ours.map((row): [RunEntry, ObjectRow] => [row.doc['entry'] as unknown as RunEntry, row]));
  const carried = await carriedOut(world, [...entries.keys()]);
  const left = await leftOf(
    world,
    [...entries.keys()].filter(({ changeClass }) => changeClass === 'delete'),
  );
  for (const [entry, row] of entries) {
    const links = entry.changeClass === 'delete' ? unlinking(entry, left) : linking(world, entry, carried.get(entry));
    await settle(world, row, links);
  }
}

/** Targets of these that are still there. */
async function leftOf(world: World, deletes: readonly RunEntry[]): Promise<ReadonlySet<string>> {
  const ids = deletes.flatMap(({ targetId }) => targetId ?? []);
  return ids.length === 0 ? new Set() : new Set((await world.target.readMany(ids)).keys());
}

/** The link of an object that is gone goes, too. */
function unlinking({ targetId, detail }: RunEntry, left: ReadonlySet<string>): readonly LinkWrite[] {
  const link = detail?.['link'];
  if (targetId === null || left.has(targetId) || !isJsonObject(link)) return [];
  return [{ kind: 'delete', id: String(link['id']), rev: Number(link['rev']) }];
}

function linking(world: World, entry: RunEntry, found: StoredObject | undefined): readonly LinkWrite[] {
  return found === undefined ? [] : healingLinks(world, entry, found.id);
}

async function settle(world: World, row: ObjectRow, links: readonly LinkWrite[]): Promise<void> {
  const object = { kind: 'delete', type: INTENT_TYPE, id: row.id, rev: row.rev } as const;
  const units: readonly CommitUnit[] = [links.length === 0 ? { object } : { object, links }];
  const result = await world.repository.commit({ units });
  // Somebody linked it meanwhile, one way or the other: then there is nothing left to heal.
  if (!result.ok) await forget(world.repository, object);
}

async function forget(
  repository: Repository,
  object: { readonly kind: 'delete'; readonly type: string; readonly id: string; readonly rev: number },
): Promise<void> {
  await repository.commit({ units: [{ object }] });
}
