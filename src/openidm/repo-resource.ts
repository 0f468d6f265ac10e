import type { ManagedObjectConfig } from '../managed/managed-config.ts';
import type { NamedQuery } from '../app/config/project-config.ts';
import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { NewId } from '../base/uuid.ts';
import type { Repository } from '../model/repository.ts';
import type { ResourceRequest } from '../resource/request.ts';
import type { Resource } from '../resource/resource.ts';
import { INTERNAL_USER_TYPE, storableInternalUser } from '../security/internal-users.ts';
import { lastAdministrator } from './last-administrator.ts';
import { runCommand } from './repo-commands.ts';
import {
  createDocument,
  deleteDocument,
  queryDocuments,
  readDocument,
  updateDocument,
  type DocumentCollection,
} from './repo-documents.ts';
import { createLink, deleteLink, queryLinks, readLink, updateLink } from './repo-links.ts';
import { collectionPlace, newPlace, objectPlace, takesSlashes, type RepoPlace } from './repo-path.ts';
import { ownOrder, repositoryQuery } from './repo-queries.ts';

export interface RepoResourceDeps {
  readonly repository: Repository;
  readonly newId: NewId;
  /** The managed types of the present configuration. */
  readonly managed: () => readonly Pick<ManagedObjectConfig, 'name' | 'searchable' | 'properties'>[];
  /** The predefined queries of the present configuration. */
  readonly namedQueries: () => Readonly<Record<string, NamedQuery>>;
  /** What answers under `repo/audit`; `id` is what follows, `recon/<id>`. */
  readonly audit?: Resource;
}

/**
 * The raw documents of the repository, mounted at `repo` (specification §1.9, §8, §13): past hooks, encryption and
 * synchronization. There is no patch. A delete has to name the revision (else 409), or to have the parameter `_ifMatchAny=true`,
 * by which the HTTP layer tells of `If-Match: *`. Collections need no declaration: one that nothing was written to is empty.
 *
 * The last internal user with the role `openidm-admin` cannot be deleted, nor lose that role (409).
 *
 * External callers never see password hashes of internal users and private attributes of managed objects, and cannot search for
 * them; an update by them that leaves such an attribute out leaves it as it was.
 */
export function repoResource(deps: RepoResourceDeps): Resource {
  const { audit } = deps;
  const own = ownResource(deps);
  return {
    create: (request, path, context) =>
      isAudit(path)
        ? (audit?.create?.(request, auditId(path), context) ?? noAudit(audit, request))
        : own.create(request, path, context),
    read: (request, path, context) =>
      isAudit(path)
        ? (audit?.read?.(request, auditId(path), context) ?? noAudit(audit, request))
        : own.read(request, path, context),
    update: (request, path, context) =>
      isAudit(path)
        ? (audit?.update?.(request, auditId(path), context) ?? noAudit(audit, request))
        : own.update(request, path, context),
    delete: (request, path, context) =>
      isAudit(path)
        ? (audit?.delete?.(request, auditId(path), context) ?? noAudit(audit, request))
        : own.delete(request, path, context),
    query: (request, path, context) =>
      isAudit(path)
        ? (audit?.query?.(request, auditId(path), context) ?? noAudit(audit, request))
        : own.query(request, path, context),
    action: own.action,
  };
}

function isAudit(path: string): boolean {
  return path === 'audit' || path.startsWith('audit/');
}

function auditId(path: string): string {
  return path.slice('audit/'.length);
}

async function noAudit(audit: Resource | undefined, { verb, path }: ResourceRequest): Promise<never> {
  if (audit === undefined) throw new Failure('not-found', `Resource '${path}' not found`);
  throw new Failure('unsupported', `${verb} is not supported on '${path}'`);
}

/** Everything but `repo/audit`. */
function ownResource(deps: RepoResourceDeps): Required<Omit<Resource, 'patch'>> {
  const { repository, newId } = deps;
  const declared = new Set<string>();
  const { protect } = lastAdministrator(repository);
  const collection = (place: DocumentPlace): DocumentCollection => ({
    ...collectionOf(deps, declared, place),
    ...(place.type === INTERNAL_USER_TYPE ? { protect } : {}),
  });
  return {
    create: async (request, path, context) => {
      const { place, id } = newPlace(path, request.newId);
      if (place.kind === 'links') return createLink(repository, newId, request, id, context);
      return createDocument(collection(place), request, id, context);
    },
    read: async (_request, path, context) => {
      const place = objectPlace(path);
      if (place.kind === 'links') return readLink(repository, place.id);
      return readDocument(collection(place), place.id, context);
    },
    update: async (request, path, context) => {
      const place = objectPlace(path);
      if (place.kind === 'links') return updateLink(repository, request, place.id, context);
      return updateDocument(collection(place), request, place.id, context);
    },
    delete: async (request, path, context) => {
      const place = objectPlace(path);
      if (place.kind === 'links') return deleteLink(repository, request, place.id, context);
      return deleteDocument(collection(place), request, place.id, context);
    },
    query: async (request, path, context) => {
      const place = collectionPlace(path);
      const { query, sortKeys } = request;
      const order = sortKeys.length === 0 && query.kind === 'id' ? ownOrder(query.queryId) : sortKeys;
      const ordered = { ...request, sortKeys: order };
      if (place.kind === 'links') return queryLinks(repository, ordered, resolverOf(deps));
      return queryDocuments(collection(place), ordered, context);
    },
    action: async (request, path, context) => {
      if (request.action === 'command') return runCommand(repository, request, path, context);
      throw new Failure('bad-request', `repo has the actions create and command, not "${request.action.slice(0, 80)}"`);
    },
  };
}

type DocumentPlace = Exclude<RepoPlace, { kind: 'links' }>;

function collectionOf(deps: RepoResourceDeps, declared: Set<string>, place: DocumentPlace): DocumentCollection {
  const { repository, newId } = deps;
  const { collection, type } = place;
  const hasPlainIds = !takesSlashes(collection);
  const base = { repository, newId, hasPlainIds, type, path: `repo/${collection}`, resolve: resolverOf(deps) };
  if (place.kind === 'managed') return { ...base, ...managedPart(deps, type) };
  const isUser = type === INTERNAL_USER_TYPE;
  return {
    ...base,
    declare: async () => {
      if (declared.has(type)) return;
      await repository.objects.declareTypes([{ name: type, searchable: [] }]);
      declared.add(type);
    },
    hidden: new Set(isUser ? ['password'] : []),
    storable: isUser ? (content, stored) => storableInternalUser(content, stored) : asSent,
  };
}

function managedPart(
  deps: RepoResourceDeps,
  type: string,
): Pick<DocumentCollection, 'declare' | 'hidden' | 'storable'> {
  const declared = deps.managed().find(({ name }) => name === type);
  if (declared === undefined)
    throw new Failure(
      'not-found',
      `Resource 'repo/managed/${type}' not found: conf/managed.json has no object ${type}`,
    );
  const hidden = declared.properties.filter(({ scope }) => scope === 'private').map(({ name }) => name);
  const { searchable } = declared;
  return {
    declare: () => deps.repository.objects.declareTypes([{ name: type, searchable }]),
    hidden: new Set(hidden),
    storable: asSent,
  };
}

async function asSent(content: JsonObject): Promise<JsonObject> {
  return content;
}

function resolverOf({ namedQueries }: RepoResourceDeps): DocumentCollection['resolve'] {
  return (queryId, parameters) => repositoryQuery(namedQueries(), queryId, parameters);
}
