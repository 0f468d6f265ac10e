import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { ActionRequest } from '../../resource/request.ts';
import { answerOf, type Resource } from '../../resource/resource.ts';
import type { ManagedType } from '../managed-type.ts';
import { notUnique } from '../prepare-writes.ts';
import { internalConflicts } from './internal-conflicts.ts';
import { validationResult, type FailedProperty } from './policy.ts';
import { validateObject } from './validate-object.ts';

export interface PolicyResourceOptions {
  /** The managed types as they are now. */
  readonly types: () => Iterable<ManagedType>;
}

/**
 * What values must be like, to be mounted at `policy` (specification §1.1): read `managed/<type>/<id|*>` for the policies of a
 * type, nothing for all; actions `validateObject` (the body is an object) and `validateProperty` (the body has the properties
 * that are to be looked at). Both answer `{result, failedPolicyRequirements}`.
 */
export function policyResource({ types }: PolicyResourceOptions): Resource {
  return {
    read: async (_request, id) => read([...types()], id),
    action: async (request, id) => validate(subjectOf([...types()], id), request),
  };
}

interface Subject {
  readonly type: ManagedType;
  /** Null: of no object in particular. */
  readonly id: string | null;
}

function subjectOf(types: readonly ManagedType[], path: string): Subject {
  const [, name, ...rest] = path.split('/');
  const type = path.startsWith('managed/') ? types.find((one) => one.name === name) : undefined;
  if (type === undefined)
    throw new Failure('not-found', `There are no policies for '${path}'; name managed/<type>/<id>`);
  const id = rest.join('/');
  return { type, id: id === '' || id === '*' ? null : id };
}

function read(types: readonly ManagedType[], path: string): StoredObject {
  if (path === '') return answerOf('', { resources: types.map((type) => describe(type, '*')) });
  const { type, id } = subjectOf(types, path);
  return answerOf(id ?? '*', describe(type, id ?? '*'));
}

function describe({ path, compiled }: ManagedType, id: string): JsonObject {
  const properties = compiled.policies.properties.map(({ name, policies }): JsonObject => {
    const described = policies.map(({ policyId, params, requirements }): JsonObject => {
      return { policyId, params, policyRequirements: [...requirements] };
    });
    const policyRequirements = [...new Set(policies.flatMap(({ requirements }) => requirements))];
    return { name, policies: described, policyRequirements, fallbackPolicies: null, conditionalPolicies: null };
  });
  return { resource: `${path}/${id}`, properties };
}

async function validate({ type, id }: Subject, request: ActionRequest): Promise<Json> {
  const { action, content } = request;
  if (action !== 'validateObject' && action !== 'validateProperty')
    throw new Failure('bad-request', `Action ${action} is not supported.`);
  if (!isJsonObject(content))
    throw new Failure('bad-request', `${action} needs an object with the properties to be checked as its body`);
  const isPart = action === 'validateProperty';
  const stored = id === null || !isPart ? {} : await storedObject(type, id);
  const failed = await findFailures(type, id, { ...stored, ...content });
  return validationResult(isPart ? failed.filter(({ property }) => Object.hasOwn(content, property)) : failed);
}

async function storedObject({ name, repository, protection }: ManagedType, id: string): Promise<JsonObject> {
  const [row] = await repository.objects.readMany(name, [id]);
  return row === undefined ? {} : protection.openIfPossible(row.doc);
}

async function findFailures(
  type: ManagedType,
  id: string | null,
  object: JsonObject,
): Promise<readonly FailedProperty[]> {
  const { compiled, protection, unique, repository } = type;
  const opened = protection.open(object);
  const failed = validateObject(compiled.policies, opened, (value) => protection.isClosed(value));
  const ownId = id ?? (typeof object['_id'] === 'string' ? object['_id'] : '');
  const [taken = []] = await unique.taken(repository.objects, [{ id: ownId, object: opened }]);
  const [clashing = []] = await internalConflicts(repository.objects, compiled.policies.notInternal, [opened]);
  return merged([...failed, ...notUnique(taken), ...clashing]);
}

/** One row per property. */
function merged(failed: readonly FailedProperty[]): readonly FailedProperty[] {
  return [...Map.groupBy(failed, ({ property }) => property)].map(([property, parts]) => {
    const all = parts.flatMap((part) => part.policyRequirements);
    const names = new Set<string>();
    const policyRequirements = all.filter(({ policyRequirement: one }) => !names.has(one) && names.add(one));
    return { property, policyRequirements };
  });
}
