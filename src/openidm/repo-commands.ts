import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { Link } from '../model/link.ts';
import type { Page, Repository } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';

const PAGE = 500;
const MAX_ATTEMPTS = 10;
const PURGES: ReadonlySet<string> = new Set([
  'purge-by-recon-expired',
  'purge-by-recon-ids-to-keep',
  'purge-by-recon-number-of',
]);

/** `repo/link?_action=command&commandId=…` (specification §1.9). Answers how many rows it was. */
export async function runCommand(
  repository: Repository,
  { parameters }: ActionRequest,
  path: string,
  context: RequestContext,
): Promise<Json> {
  const { commandId, mapping } = parameters;
  if (commandId !== undefined && PURGES.has(commandId))
    throw new Failure('unsupported', `the command "${commandId}" is not available here: use lockstep audit purge`);
  if (commandId !== 'delete-mapping-links')
    throw new Failure('bad-request', `there is no command "${commandId ?? ''}"; there is delete-mapping-links`);
  if (path !== 'link' && path !== 'links')
    throw new Failure('bad-request', `the command "${commandId}" is one of repo/link, not of repo/${path}`);
  if (mapping === undefined || mapping === '')
    throw new Failure('bad-request', `the command "${commandId}" needs the parameter "mapping"`);
  if (context.mode === 'plan') return repository.links.count(mapping);
  return deleteLinksOf(repository, mapping);
}

/** All links of a type. Not while the mapping that owns them reconciles: it would take every object for unlinked. */
async function deleteLinksOf(repository: Repository, linkType: string): Promise<number> {
  if ((await repository.leases.holder(`recon/${linkType}`)) !== null)
    throw new Failure('conflict', `the mapping "${linkType}" is reconciling: wait until the run is over, or cancel it`);
  let count = 0;
  let after: Json = null;
  let attempts = 0;
  for (let isOver = false; !isOver;) {
    const page: Page<Link> = await repository.links.page(linkType, after, PAGE);
    if (await deleteAll(repository, page.rows)) {
      count += page.rows.length;
      after = page.next;
      isOver = after === null;
    } else if (++attempts > MAX_ATTEMPTS)
      throw new Failure('conflict', `links of "${linkType}" are being changed: try again`, { retryable: true });
  }
  return count;
}

/** False if a link was changed since it was read; then none was deleted. */
async function deleteAll(repository: Repository, links: readonly Link[]): Promise<boolean> {
  if (links.length === 0) return true;
  const units = links.map(({ id, rev }) => ({ links: [{ kind: 'delete', id, rev } as const] }));
  return (await repository.commit({ units })).ok;
}
