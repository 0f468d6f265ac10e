import type { Lockstep } from '../app/lockstep.ts';
import { Failure, messageOf } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { Link } from '../model/link.ts';
import type { RequestContext } from '../resource/context.ts';

/** `sync?_action=getLinkedResources` (specification §7.5): what an object is linked to, under every mapping. */
export async function linkedResources(
  lockstep: Lockstep,
  resourceName: string | undefined,
  context: RequestContext,
): Promise<Json> {
  const { collection, id } = placeOf(resourceName);
  const linked: JsonObject[] = [];
  for (const owner of lockstep.config.mappings.filter((mapping) => mapping.links === null))
    for (const { link, other, otherId } of await linksOf(lockstep, owner, collection, id)) {
      const path = `${other}/${otherId}`;
      linked.push({
        resourceName: path,
        ...(await contentOf(lockstep, path, context)),
        linkQualifier: link.linkQualifier,
        linkType: link.linkType,
        mappings: sharing(lockstep, owner).map(({ name, source }) => ({
          name,
          type: source === collection ? 'source' : 'target',
        })),
      });
    }
  return linked;
}

function placeOf(resourceName: string | undefined): { readonly collection: string; readonly id: string } {
  const parts = (resourceName ?? '').replace(/^\/+/, '').split('/');
  const length = parts[0] === 'system' ? 3 : 2;
  if (parts.length <= length || parts.includes(''))
    throw new Failure('bad-request', 'getLinkedResources needs a resourceName such as managed/user/bjensen');
  return { collection: parts.slice(0, length).join('/'), id: parts.slice(length).join('/') };
}

/** The owner of the links, and every mapping that shares them. */
function sharing({ config }: Lockstep, owner: MappingConfig): readonly MappingConfig[] {
  return config.mappings.filter((mapping) => mapping === owner || mapping.links === owner.name);
}

interface Linked {
  readonly link: Link;
  readonly other: string;
  readonly otherId: string;
}

async function linksOf(
  { repository }: Lockstep,
  { name, source, target, sourceIdsCaseSensitive, targetIdsCaseSensitive }: MappingConfig,
  collection: string,
  id: string,
): Promise<readonly Linked[]> {
  const found: Linked[] = [];
  if (source === collection)
    for (const link of await repository.links.findByFirst(name, [sourceIdsCaseSensitive ? id : id.toLowerCase()]))
      found.push({ link, other: target, otherId: link.secondId });
  if (target === collection)
    for (const link of await repository.links.findBySecond(name, [targetIdsCaseSensitive ? id : id.toLowerCase()]))
      found.push({ link, other: source, otherId: link.firstId });
  return found;
}

async function contentOf({ router }: Lockstep, path: string, context: RequestContext): Promise<JsonObject> {
  const inner: RequestContext = { ...context, caller: { ...context.caller, isExternal: false } };
  try {
    const stored = await router.object({ verb: 'read', path, parameters: {}, fields: null }, inner);
    return { content: stored.object };
  } catch (error) {
    const failure = error instanceof Failure ? error : new Failure('internal', messageOf(error));
    return { content: null, error: { code: failure.status, message: failure.message } };
  }
}
