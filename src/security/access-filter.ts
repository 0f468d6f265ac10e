import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { parsePointer } from '../base/json-pointer.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { PatchRequest, ResourceRequest, UpdateRequest } from '../resource/request.ts';
import type { RequestFilter } from '../resource/router.ts';
import { DEFAULT_RULES, findRules } from './access-rules.ts';
import type { AccessConfig, AccessRule } from './security-config.ts';

export interface AccessFilterOptions {
  readonly settings: () => AccessConfig;
  /** The object as it is stored, private properties and all; null: there is none. */
  readonly readObject: (path: string) => Promise<StoredObject | null>;
  /** Properties of a collection (`managed/user`) that users may change in their own object. */
  readonly editableFields: (collection: string) => readonly string[];
}

/** Refuses what nothing allows, with `denied`. Requests that did not come over the network pass. */
export function accessFilter(options: AccessFilterOptions): RequestFilter {
  const { settings } = options;
  return async (request, context, next) => {
    if (!context.caller.isExternal) return next();
    const { useDefaults, rules } = settings();
    const allowing = findRules(useDefaults ? [...rules, ...DEFAULT_RULES] : rules, request, context.caller);
    if (allowing.length === 0) throw accessDenied();
    return next(await checkFields(allowing, request, options));
  };
}

function accessDenied(): Failure {
  return new Failure('denied', 'Access denied');
}

async function checkFields(
  rules: readonly AccessRule[],
  request: ResourceRequest,
  options: AccessFilterOptions,
): Promise<ResourceRequest> {
  const collection = request.path.split('/').slice(0, 2).join('/');
  const allowed = new Set<string>();
  for (const { fields } of rules) {
    if (fields === '*') return request;
    for (const field of fields === 'userEditable' ? options.editableFields(collection) : fields) allowed.add(field);
  }
  if (request.verb === 'patch') return checkPatch(request, allowed);
  if (request.verb === 'update') return checkUpdate(request, allowed, options);
  if (request.verb === 'create') return checkCreate(request, allowed);
  return request;
}

/** Only what is surely understood is let through; a patch that is none is refused by whoever carries it out. */
function checkPatch(request: PatchRequest, allowed: ReadonlySet<string>): PatchRequest {
  if (!Array.isArray(request.operations)) return request;
  for (const operation of request.operations) if (!isAllowed(operation, allowed)) throw accessDenied();
  return request;
}

function isAllowed(operation: Json, allowed: ReadonlySet<string>): boolean {
  if (!isJsonObject(operation)) return false;
  const { operation: kind, field, from } = operation;
  if (typeof kind !== 'string' || !PATCH_OPERATIONS.has(kind)) return false;
  // `from` is taken away by a move, and shown by a copy.
  return isWithin(field, allowed) && (from === undefined || isWithin(from, allowed));
}

/** Not `transform`: its script could do more than it says. */
const PATCH_OPERATIONS: ReadonlySet<string> = new Set(['add', 'remove', 'replace', 'increment', 'copy', 'move']);

function isWithin(field: Json | undefined, allowed: ReadonlySet<string>): boolean {
  return typeof field === 'string' && allowed.has(parsePointer(field)[0] ?? '');
}

/**
 * Everything but the allowed properties has to be as it is stored, hidden properties included. The revision that was
 * looked at is the one that may be replaced.
 */
async function checkUpdate(
  request: UpdateRequest,
  allowed: ReadonlySet<string>,
  options: AccessFilterOptions,
): Promise<UpdateRequest> {
  const stored = await options.readObject(request.path);
  if (stored === null) throw accessDenied();
  const changed = changedKeys(stored.object, request.content);
  if (changed.some((key) => !allowed.has(key))) throw accessDenied();
  return request.rev === null ? { ...request, rev: stored.rev } : request;
}

function checkCreate<T extends { readonly content: JsonObject }>(request: T, allowed: ReadonlySet<string>): T {
  if (Object.keys(request.content).some((key) => key !== '_id' && !allowed.has(key))) throw accessDenied();
  return request;
}

function changedKeys(before: JsonObject, after: JsonObject): readonly string[] {
  const own = (object: JsonObject, key: string): Json | undefined =>
    Object.hasOwn(object, key) ? object[key] : undefined;
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter(
    (key) =>
      key !== '_rev' &&
      !(key === '_id' && own(after, key) === undefined) &&
      !deepEqual(own(before, key), own(after, key)),
  );
}
