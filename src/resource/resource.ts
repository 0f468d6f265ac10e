import type { Json } from '../base/json.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { RequestContext } from './context.ts';
import type {
  ActionRequest,
  CreateRequest,
  DeleteRequest,
  PatchRequest,
  QueryRequest,
  ReadRequest,
  UpdateRequest,
} from './request.ts';

/**
 * What answers at one place of the tree. A verb that is not there is answered with 501. `id` is what the path has after the
 * place where the resource is mounted, `''` for the place itself. Failures are `Failure`s; their code decides the status.
 */
export interface Resource {
  create?(request: CreateRequest, id: string, context: RequestContext): Promise<StoredObject>;
  read?(request: ReadRequest, id: string, context: RequestContext): Promise<ReadAnswer>;
  update?(request: UpdateRequest, id: string, context: RequestContext): Promise<StoredObject>;
  /** Answers the object that was deleted. */
  delete?(request: DeleteRequest, id: string, context: RequestContext): Promise<StoredObject>;
  patch?(request: PatchRequest, id: string, context: RequestContext): Promise<StoredObject>;
  query?(request: QueryRequest, id: string, context: RequestContext): Promise<QueryResult>;
  /** Undefined: nothing to tell (204 over HTTP). */
  action?(request: ActionRequest, id: string, context: RequestContext): Promise<Json | undefined>;
}

/** What is read. */
export interface ReadAnswer extends StoredObject {
  /** It has the members that `_fields` asks for already: the router leaves it as it is. */
  readonly isProjected?: true;
}

export interface QueryResult {
  readonly objects: readonly StoredObject[];
  /** Null: this was the last page. */
  readonly cookie: string | null;
  /** All objects that match; -1: not counted. */
  readonly total: number;
}

/** A singleton or a made-up object, as read gives it. */
export function answerOf(id: string, object: StoredObject['object'], rev: string | null = null): StoredObject {
  return { id, rev, object: { _id: id, ...object } };
}
