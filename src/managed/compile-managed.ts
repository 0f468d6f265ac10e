import type { Diagnostic } from '../base/diagnostic.ts';
import type { JsonObject } from '../base/json.ts';
import type { Slot } from '../mapping/program-payload.ts';
import type { ScriptSource } from '../mapping/script-host.ts';
import type { ScriptConfig } from '../model/script-config.ts';
import { builtInHook } from './built-in-hooks.ts';
import { freeNames } from './free-names.ts';
import {
  MANAGED_HOOKS,
  MANAGED_PROPERTY_HOOKS,
  type ManagedHook,
  type ManagedObjectConfig,
  type ManagedPropertyConfig,
} from './managed-config.ts';
import type { ManagedPayload, ManagedStage, PropertySlots } from './managed-stages.ts';
import { compilePolicies, type CompiledPolicies } from './policies/compile-policies.ts';

/** Text of a script file; `builtIn` for one that OpenIDM ships and the project does not have; null if there is none. */
export type FindScript = (file: string) => { readonly file: string; readonly code: string } | 'builtIn' | null;

/** A managed type, compiled once. */
export interface CompiledManaged {
  readonly config: ManagedObjectConfig;
  readonly payload: ManagedPayload;
  readonly scripts: readonly ScriptSource[];
  /** Stages in which at least one script takes part; the others never leave this process. */
  readonly stages: ReadonlySet<ManagedStage>;
  /** Labels of the scripts that refuse an object by throwing: 403 where they do not say otherwise. */
  readonly validators: ReadonlySet<string>;
  readonly policies: CompiledPolicies;
  /** Scripts that were not found, policies that are not known. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Variables that each place gives its script: specification §2.3. */
const HOOK_VARIABLES = ['object', 'newObject', 'oldObject', 'value', 'request', 'resourceName', 'context'] as const;
const PROPERTY_VARIABLES = [...HOOK_VARIABLES, 'property', 'propertyName'] as const;

const STAGES_OF_HOOK: Readonly<Record<ManagedHook, readonly ManagedStage[]>> = {
  onCreate: ['create'],
  onUpdate: ['update'],
  onDelete: ['delete'],
  onRead: ['read'],
  onRetrieve: ['retrieve', 'read'],
  onQueryResult: ['query'],
  onValidate: ['create', 'update'],
  onStore: ['store'],
  postCreate: ['postCreate'],
  postUpdate: ['postUpdate'],
  postDelete: ['postDelete'],
  onSync: ['sync'],
};

export function compileManaged(config: ManagedObjectConfig, findScript: FindScript): CompiledManaged {
  const table = new ScriptTable(config, findScript);
  const hooks = Object.fromEntries(MANAGED_HOOKS.map((name) => [name, hookSlot(table, config, name)])) as Record<
    ManagedHook,
    Slot | null
  >;
  const properties = config.properties
    .filter((property) => MANAGED_PROPERTY_HOOKS.some((hook) => property.hooks[hook] !== undefined))
    .map((property) => propertySlots(table, property));
  const actions = Object.entries(config.actions).flatMap(([name, script]): [string, Slot][] => {
    const slot = table.add(script, `action "${name}"`, null, ['action']);
    return slot === null ? [] : [[name, slot]];
  });
  const { policies, diagnostics } = compilePolicies(config);
  return {
    config,
    payload: { hooks, actions: Object.fromEntries(actions), properties },
    scripts: table.scripts,
    stages: table.stages,
    validators: table.validators,
    policies,
    diagnostics: [...table.diagnostics, ...diagnostics],
  };
}

function hookSlot(table: ScriptTable, config: ManagedObjectConfig, name: ManagedHook): Slot | null {
  const script = config.hooks[name];
  if (script === undefined) return null;
  const variables = name === 'onSync' ? [...HOOK_VARIABLES, 'syncResults'] : HOOK_VARIABLES;
  return table.add(script, name, variables, STAGES_OF_HOOK[name], name === 'onValidate');
}

function propertySlots(table: ScriptTable, { name, hooks, isVirtual }: ManagedPropertyConfig): PropertySlots {
  const slot = (hook: 'onValidate' | 'onRetrieve' | 'onStore', stages: readonly ManagedStage[]): Slot | null => {
    const script = hooks[hook];
    if (script === undefined) return null;
    return table.add(script, `property "${name}": ${hook}`, PROPERTY_VARIABLES, stages, hook === 'onValidate');
  };
  const retrieve: readonly ManagedStage[] = ['retrieve', 'read'];
  return {
    name,
    isVirtual,
    onValidate: slot('onValidate', ['create', 'update']),
    onRetrieve: slot('onRetrieve', isVirtual ? [...retrieve, 'create', 'update'] : retrieve),
    onStore: slot('onStore', ['create', 'update']),
  };
}

/** Gives every script of a type its slot. */
class ScriptTable {
  readonly scripts: ScriptSource[] = [];
  readonly stages = new Set<ManagedStage>();
  readonly validators = new Set<string>();
  readonly diagnostics: Diagnostic[] = [];
  readonly #config: ManagedObjectConfig;
  readonly #findScript: FindScript;

  constructor(config: ManagedObjectConfig, findScript: FindScript) {
    this.#config = config;
    this.#findScript = findScript;
  }

  /** `variables` null: those of an action, to which every name that its script uses may be given. */
  add(
    script: ScriptConfig,
    name: string,
    variables: readonly string[] | null,
    stages: readonly ManagedStage[],
    isValidator = false,
  ): Slot | null {
    const text = this.#text(script, name);
    if (text === null) return null;
    for (const stage of stages) this.stages.add(stage);
    const label = `managed/${this.#config.name}: ${name}`;
    if (isValidator) this.validators.add(label);
    const constants: JsonObject = { ...script.constants, ...script.globals };
    const names = variables ?? [...new Set([...HOOK_VARIABLES, 'resourcePath', ...freeNames(text.code)])];
    this.scripts.push({ label, ...text, type: script.type, variables: names, constants });
    return this.scripts.length - 1;
  }

  #text(script: ScriptConfig, name: string): { readonly file: string | null; readonly code: string } | null {
    if (script.source !== null) return { file: null, code: script.source };
    const file = script.file ?? '';
    const found = this.#findScript(file);
    if (found === 'builtIn') {
      const code = builtInHook(file);
      return code === undefined ? null : { file: null, code };
    }
    if (found !== null) return found;
    this.diagnostics.push({
      severity: 'error',
      file: this.#config.file,
      pointer: script.pointer,
      message: `managed/${this.#config.name}: ${name}: script file ${JSON.stringify(file)} was not found`,
      hint: 'put it into the script folder of the project',
    });
    return null;
  }
}
