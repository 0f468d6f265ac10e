import type { Diagnostic, Severity } from '../../base/diagnostic.ts';
import { messageOf } from '../../base/failure.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { ManagedObjectConfig, ManagedPropertyConfig } from '../managed-config.ts';
import { INTERNAL_POLICIES, POLICY_KINDS, UNIQUE_POLICIES } from './policy-kinds.ts';
import { requirement, type Policy } from './policy.ts';

export interface PropertyPolicies {
  readonly name: string;
  readonly policies: readonly Policy[];
}

/** The policies of one managed type. */
export interface CompiledPolicies {
  /** Properties with at least one policy. */
  readonly properties: readonly PropertyPolicies[];
  /** Properties whose values no two objects may share. */
  readonly unique: readonly string[];
  /** Properties whose values must not be names of internal users, and the requirement that they fail then. */
  readonly notInternal: readonly { readonly name: string; readonly requirement: string }[];
}

interface Wanted {
  readonly policyId: string;
  readonly params: JsonObject;
}

/** The policies of one property, and the place to tell faults of. */
interface PropertyPlace {
  readonly name: string;
  readonly wanted: readonly Wanted[];
  readonly file: string;
  readonly pointer: string;
}

/**
 * From the policies that the properties name, from what their schema says of required, type, length and pattern, and from
 * `conf/policy.json`.
 */
export function compilePolicies(config: ManagedObjectConfig): {
  readonly policies: CompiledPolicies;
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const byName = Map.groupBy(placesOf(config), ({ name }) => name);
  const properties = [...byName]
    .map(([name, places]) => ({ name, policies: propertyPolicies(config.name, places, diagnostics) }))
    .filter(({ policies }) => policies.length > 0);
  const having = (policyIds: Pick<ReadonlySet<string>, 'has'>): readonly PropertyPolicies[] =>
    properties.filter(({ policies }) => policies.some(({ policyId }) => policyIds.has(policyId)));
  const unique = having(UNIQUE_POLICIES).map(({ name }) => name);
  const notInternal = having(INTERNAL_POLICIES).map(({ name, policies }) => {
    const { policyId } = policies.find((one) => INTERNAL_POLICIES.has(one.policyId))!;
    return { name, requirement: INTERNAL_POLICIES.get(policyId)! };
  });
  return { policies: { properties, unique, notInternal }, diagnostics };
}

function placesOf({ properties, listedPolicies = [], file }: ManagedObjectConfig): readonly PropertyPlace[] {
  return [
    ...properties.map((property) => {
      const { name, pointer, raw } = property;
      const byId = new Map(
        [...schemaPolicies(property), ...namedPolicies(raw['policies'])].map((one) => [one.policyId, one]),
      );
      return { name, wanted: [...byId.values()], file, pointer };
    }),
    ...listedPolicies.map((one) => ({ ...one, name: one.property, wanted: namedPolicies(one.policies) })),
  ];
}

/** What two places ask for in the same words is looked at once. */
function propertyPolicies(
  type: string,
  places: readonly PropertyPlace[],
  diagnostics: Diagnostic[],
): readonly Policy[] {
  const found: Policy[] = [];
  for (const place of places)
    for (const one of place.wanted) {
      const isKnown = found.some(({ policyId, params }) => policyId === one.policyId && deepEqual(params, one.params));
      const policy = isKnown
        ? null
        : compilePolicy(`managed/${type}: property "${place.name}"`, place, one, diagnostics);
      if (policy !== null) found.push(policy);
    }
  return found;
}

/** Null for one that is not known. Parameters that make no sense are told once; until they are mended no value passes. */
function compilePolicy(
  label: string,
  { file, pointer }: PropertyPlace,
  wanted: Wanted,
  diagnostics: Diagnostic[],
): Policy | null {
  const { policyId, params } = wanted;
  const kind = POLICY_KINDS.get(policyId);
  const tell = (severity: Severity, text: string, hint: string): void => {
    const message = `${label}: the policy "${policyId}" ${text}`;
    diagnostics.push({ severity, file, pointer, message, hint });
  };
  if (kind === undefined) {
    tell('warning', 'is not known here', `it is not checked; known are ${[...POLICY_KINDS.keys()].join(', ')}`);
    return null;
  }
  const { requirements } = kind;
  try {
    const check = kind.compile(params);
    const advice = kind.warn?.(params) ?? null;
    if (advice !== null) tell('warning', advice, 'Use a simpler pattern.');
    return { ...wanted, requirements, check };
  } catch (error) {
    tell('error', messageOf(error), 'Until this is mended, no value passes.');
    return { ...wanted, requirements, check: () => requirement(requirements[0]!, params) };
  }
}

function schemaPolicies({ types, isRequired, isVirtual, raw }: ManagedPropertyConfig): readonly Wanted[] {
  const wanted: Wanted[] = [];
  const add = (policyId: string, params: JsonObject): void => void wanted.push({ policyId, params });
  if (isRequired) add('required', {});
  if (types.length > 0 && !isVirtual) add('valid-type', { types: [...types] });
  for (const [key, policyId] of SCHEMA_NUMBERS) if (typeof raw[key] === 'number') add(policyId, { [key]: raw[key] });
  const { pattern } = raw;
  if (typeof pattern === 'string' && pattern !== '') add('regexpMatches', { regexp: pattern });
  return wanted;
}

const SCHEMA_NUMBERS = [
  ['minLength', 'minimum-length'],
  ['maxLength', 'maximum-length'],
  ['minimum', 'minimum-number-value'],
  ['maximum', 'maximum-number-value'],
] as const;

/** Each `{policyId, params}`; the name alone will do. */
function namedPolicies(list: Json | undefined): readonly Wanted[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((one): readonly Wanted[] => {
    if (typeof one === 'string') return [{ policyId: one, params: {} }];
    if (!isJsonObject(one) || typeof one['policyId'] !== 'string') return [];
    return [{ policyId: one['policyId'], params: isJsonObject(one['params']) ? one['params'] : {} }];
  });
}
