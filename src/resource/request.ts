import type { Json, JsonObject } from '../base/json.ts';
import type { Query } from '../model/object-set.ts';

/** A request on the resource tree (specification §1), the same for HTTP, scripts and our own calls. */
export type ResourceRequest =
  | CreateRequest
  | ReadRequest
  | UpdateRequest
  | DeleteRequest
  | PatchRequest
  | ActionRequest
  | QueryRequest;

interface BaseRequest {
  /** Decoded, without a leading slash: `managed/user/bjensen`. Everything after a collection is the id, slashes and all. */
  readonly path: string;
  /** Additional parameters: query arguments, action arguments, script bindings. Not those of the protocol. */
  readonly parameters: Readonly<Record<string, string>>;
  /** `_fields`, as pointers; null: as the resource likes. The router applies it. */
  readonly fields: readonly string[] | null;
}

export interface CreateRequest extends BaseRequest {
  readonly verb: 'create';
  /** From the URL; null: `_id` of the content, or a new one. */
  readonly newId: string | null;
  readonly content: JsonObject;
}

export interface ReadRequest extends BaseRequest {
  readonly verb: 'read';
}

export interface UpdateRequest extends BaseRequest {
  readonly verb: 'update';
  /** Null: any (`If-Match: *`, or none). */
  readonly rev: string | null;
  readonly content: JsonObject;
}

export interface DeleteRequest extends BaseRequest {
  readonly verb: 'delete';
  readonly rev: string | null;
}

export interface PatchRequest extends BaseRequest {
  readonly verb: 'patch';
  readonly rev: string | null;
  /** Checked by `applyPatch` of `base/patch.ts`. */
  readonly operations: Json;
}

export interface ActionRequest extends BaseRequest {
  readonly verb: 'action';
  readonly action: string;
  /** Null: no body. */
  readonly content: Json;
}

export interface QueryRequest extends BaseRequest {
  readonly verb: 'query';
  readonly query: Query;
  readonly sortKeys: readonly SortKey[];
  /** 0: no paging. */
  readonly pageSize: number;
  /** Opaque text that an earlier answer gave. */
  readonly cookie: string | null;
  readonly offset: number;
  readonly totals: 'NONE' | 'ESTIMATE' | 'EXACT';
}

export interface SortKey {
  readonly pointer: readonly string[];
  readonly isDescending: boolean;
}

export type Verb = ResourceRequest['verb'];
