import type { Diagnostic } from '../../base/diagnostic.ts';
import { messageOf } from '../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { ManagedObjectConfig, ManagedPropertyConfig } from '../managed-config.ts';
import { POLICY_KINDS, UNIQUE_POLICIES } from './policy-kinds.ts';
import { requirement, type Policy, type PolicyCheck } from './policy.ts';

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
}

interface Wanted {
  readonly policyId: string;
  readonly params: JsonObject;
}

/** From the policies that the properties name, and from what their schema says of required, type, length and pattern. */
export function compilePolicies(config: ManagedObjectConfig): {
  readonly policies: CompiledPolicies;
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const properties = config.properties
    .map((property) => ({ name: property.name, policies: propertyPolicies(config, property, diagnostics) }))
    .filter(({ policies }) => policies.length > 0);
  const unique = properties
    .filter(({ policies }) => policies.some(({ policyId }) => UNIQUE_POLICIES.has(policyId)))
    .map(({ name }) => name);
  return { policies: { properties, unique }, diagnostics };
}

function propertyPolicies(
  config: ManagedObjectConfig,
  property: ManagedPropertyConfig,
  diagnostics: Diagnostic[],
): readonly Policy[] {
  const wanted = [...schemaPolicies(property), ...namedPolicies(property.raw['policies'])];
  const byId = new Map(wanted.map((one) => [one.policyId, one]));
  return [...byId.values()].flatMap((one) => {
    const kind = POLICY_KINDS.get(one.policyId);
    if (kind !== undefined) {
      const check = compileCheck(config, property, one, diagnostics);
      return [{ ...one, requirements: kind.requirements, check }];
    }
    const message = `managed/${config.name}: property "${property.name}": the policy "${one.policyId}" is not known here`;
    const hint = `it is not checked; known are ${[...POLICY_KINDS.keys()].join(', ')}`;
    diagnostics.push({ severity: 'warning', file: config.file, pointer: property.pointer, message, hint });
    return [];
  });
}

/** Parameters that make no sense are told once; until they are mended no value passes. */
function compileCheck(
  config: ManagedObjectConfig,
  property: ManagedPropertyConfig,
  { policyId, params }: Wanted,
  diagnostics: Diagnostic[],
): PolicyCheck {
  const kind = POLICY_KINDS.get(policyId)!;
  try {
    return kind.compile(params);
  } catch (error) {
    const message = `managed/${config.name}: property "${property.name}": the policy "${policyId}" ${messageOf(error)}`;
    diagnostics.push({ severity: 'error', file: config.file, pointer: property.pointer, message });
    return () => requirement(kind.requirements[0]!, params);
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
