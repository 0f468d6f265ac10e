import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { NewId } from '../base/uuid.ts';
import { DEFAULT_QUALIFIER, linkObject, type Link } from '../model/link.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { LinkWrite, ObjectRow, Repository } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import { queryPage, type QueriedReads, type QueryPageOptions } from '../resource/query-page.ts';
import type { CreateRequest, DeleteRequest, QueryRequest, UpdateRequest } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';
import { commitOne } from './repo-commit.ts';
import { checkRevision, revisionOfDelete } from './repo-revision.ts';

const PATH = 'repo/link';
const MAX_ATTEMPTS = 10;

/** A new link; one whose end is linked already under its type and qualifier is refused with `exists` (specification §8). */
export async function createLink(
  repository: Repository,
  newId: NewId,
  { content }: CreateRequest,
  givenId: string | null,
  context: RequestContext,
): Promise<StoredObject> {
  const id = givenId ?? (typeof content['_id'] === 'string' && content['_id'] !== '' ? content['_id'] : newId());
  const link: Link = { id, rev: 0, ...endsOf(content) };
  if (context.mode === 'live') await commitLinks(repository, [{ kind: 'create', link }]);
  return storedLink(link);
}

export async function readLink(repository: Repository, id: string): Promise<StoredObject> {
  return storedLink(await existing(repository, id));
}

export async function updateLink(
  repository: Repository,
  { rev, content }: UpdateRequest,
  id: string,
  context: RequestContext,
): Promise<StoredObject> {
  const ends = endsOf(content);
  for (let attempt = 1; ; attempt++) {
    const stored = await existing(repository, id);
    checkRevision(rev, stored.rev, `${PATH}/${id}`);
    const link: Link = { id, rev: stored.rev + 1, ...ends };
    try {
      if (context.mode === 'live') await commitLinks(repository, changeOf(stored, link));
      return storedLink(link);
    } catch (thrown) {
      const isLost = thrown instanceof Failure && thrown.code === 'revision';
      if (rev !== null || attempt >= MAX_ATTEMPTS || !isLost) throw thrown;
    }
  }
}

export async function deleteLink(
  repository: Repository,
  request: DeleteRequest,
  id: string,
  context: RequestContext,
): Promise<StoredObject> {
  const rev = revisionOfDelete(request);
  const stored = await existing(repository, id);
  checkRevision(rev, stored.rev, `${PATH}/${id}`);
  if (context.mode === 'live') await commitLinks(repository, [{ kind: 'delete', id, rev: stored.rev }]);
  return storedLink(stored);
}

export function queryLinks(
  repository: Repository,
  request: QueryRequest,
  resolve: QueryPageOptions['resolve'],
): Promise<QueryResult> {
  const reads: QueriedReads = {
    page: async (_type, one) => {
      const { rows, next } = await repository.links.query(one);
      return { rows: rows.map(linkRow), next };
    },
    count: (_type, filter) => repository.links.countMatching(filter ?? { kind: 'always', value: true }),
  };
  return queryPage(reads, PATH, request, { resolve });
}

async function existing(repository: Repository, id: string): Promise<Link> {
  const filter = { kind: 'compare', operator: 'eq', pointer: ['_id'], value: id } as const;
  const { rows } = await repository.links.query({ filter, limit: 1 });
  if (rows[0] !== undefined) return rows[0];
  throw new Failure('not-found', `Object ${PATH}/${id} not found`);
}

/** Type and qualifier are part of what a link is: another one is another link, under the same id. */
function changeOf(stored: Link, link: Link): readonly LinkWrite[] {
  const { id, firstId, secondId, linkType, linkQualifier } = link;
  if (linkType === stored.linkType && linkQualifier === stored.linkQualifier)
    return [{ kind: 'update', id, rev: stored.rev, firstId, secondId }];
  return [
    { kind: 'delete', id, rev: stored.rev },
    { kind: 'create', link },
  ];
}

function commitLinks(repository: Repository, links: readonly LinkWrite[]): Promise<void> {
  return commitOne(repository, { links });
}

function endsOf(content: JsonObject): Omit<Link, 'id' | 'rev'> {
  const { linkQualifier = DEFAULT_QUALIFIER } = content;
  return {
    linkType: textOf('linkType', content['linkType']),
    linkQualifier: textOf('linkQualifier', linkQualifier ?? DEFAULT_QUALIFIER),
    firstId: textOf('firstId', content['firstId']),
    secondId: textOf('secondId', content['secondId']),
  };
}

function textOf(name: string, value: Json | undefined): string {
  if (typeof value === 'string' && value !== '' && value.isWellFormed()) return value;
  throw new Failure('bad-request', `a link needs the text ${name}: {linkType, linkQualifier?, firstId, secondId}`);
}

function linkRow(link: Link): ObjectRow {
  const { _id, _rev, ...doc } = linkObject(link);
  return { id: link.id, rev: link.rev, doc };
}

function storedLink(link: Link): StoredObject {
  return { id: link.id, rev: String(link.rev), object: linkObject(link) };
}
