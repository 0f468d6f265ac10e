import type { Json, JsonObject } from '../base/json.ts';
import type { ScriptConfig } from '../model/script-config.ts';

/** One type of managed objects of `conf/managed.json` (specification §2), from either style of that file. */
export interface ManagedObjectConfig {
  /** `user`: the objects are `managed/user/<id>`. */
  readonly name: string;
  readonly hooks: Readonly<Partial<Record<ManagedHook, ScriptConfig>>>;
  /** Custom actions by name. */
  readonly actions: Readonly<Record<string, ScriptConfig>>;
  readonly properties: readonly ManagedPropertyConfig[];
  /**
   * Top-level attributes that are looked up by value and so get an index: those of `lockstep.json`, those that the
   * schema calls searchable, and those that correlation queries of mappings onto this type compare.
   */
  readonly searchable: readonly string[];
  /** What `conf/policy.json` asks of the properties, besides what they say themselves. */
  readonly listedPolicies?: readonly ListedPolicies[];
  readonly raw: JsonObject;
  readonly file: string;
  readonly pointer: string;
}

/** One element of `properties` of a resource in `conf/policy.json`. */
export interface ListedPolicies {
  readonly property: string;
  /** Each `{policyId, params}`. */
  readonly policies: Json;
  readonly file: string;
  readonly pointer: string;
}

export const MANAGED_HOOKS = [
  'onCreate',
  'onUpdate',
  'onDelete',
  'onRead',
  'onRetrieve',
  'onQueryResult',
  'onValidate',
  'onStore',
  'postCreate',
  'postUpdate',
  'postDelete',
  'onSync',
] as const;

export type ManagedHook = (typeof MANAGED_HOOKS)[number];

/** Specification §2.2. */
export interface ManagedPropertyConfig {
  readonly name: string;
  /** As declared; `[]` if nothing is declared. Nothing is checked against it on write. */
  readonly types: readonly string[];
  readonly scope: 'public' | 'private';
  /** Computed by `onRetrieve`. */
  readonly isVirtual: boolean;
  readonly returnByDefault: boolean;
  readonly isRequired: boolean;
  /** `cipher` null: none is named, so that the crypto service chooses. */
  readonly encryption: { readonly key: string; readonly cipher: string | null } | null;
  readonly secureHash: { readonly algorithm: string } | null;
  readonly hooks: Readonly<Partial<Record<ManagedPropertyHook, ScriptConfig>>>;
  readonly raw: JsonObject;
  readonly pointer: string;
}

export const MANAGED_PROPERTY_HOOKS = ['onValidate', 'onRetrieve', 'onStore'] as const;

export type ManagedPropertyHook = (typeof MANAGED_PROPERTY_HOOKS)[number];
