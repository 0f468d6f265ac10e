import type { Diagnostic } from '../base/diagnostic.ts';
import { formatPointer } from '../base/json-pointer.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Query } from '../model/object-set.ts';
import type { ScriptConfig } from '../model/script-config.ts';
import type { CompiledMapping, LinkRules, QueryRequest } from './compiled-mapping.ts';
import type { ConditionConfig, CorrelationTree, MappingConfig, SetQueryConfig } from './mapping-config.ts';
import type {
  ConditionRef,
  CorrelationRef,
  Hook,
  PolicyStep,
  ProgramPayload,
  PropertyStep,
} from './program-payload.ts';
import type { ScriptSource } from './script-host.ts';
import type { StageName } from './stages.ts';
import { workflowStart } from './workflow-starts.ts';

/** What compiling needs besides the mapping itself. */
export interface CompileContext {
  /** All mappings, to find the owner of shared links and the properties of an expression tree. */
  readonly mappings: readonly MappingConfig[];
  /** Text of a script file, null if there is none by that name. `file` null: a text that stands in for it. */
  readonly findScript: (file: string) => { readonly file: string | null; readonly code: string } | null;
}

export interface CompileResult {
  readonly mapping: CompiledMapping;
  /** Where each script stands in the configuration, by slot: JSON pointers. */
  readonly pointers: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Variables that each place gives its script: specification §9.4. */
const VARIABLES = {
  qualifiers: ['mapping', 'object', 'oldValue', 'returnAll'],
  validSource: ['source', 'linkQualifier'],
  validTarget: ['target', 'linkQualifier'],
  condition: ['object', 'target', 'linkQualifier', 'oldSource', 'oldTarget'],
  transform: ['source', 'linkQualifier'],
  defaultMapping: ['source', 'oldSource', 'target', 'config', 'existingTarget', 'linkQualifier'],
  policyCondition: ['object', 'linkQualifier'],
  policyAction: ['source', 'target', 'linkQualifier', 'sourceAction', 'recon'],
  postAction: ['source', 'target', 'action', 'situation', 'sourceAction', 'linkQualifier', 'reconId'],
  hook: [
    'source',
    'sourceId',
    'target',
    'targetId',
    'oldSource',
    'oldTarget',
    'situation',
    'linkQualifier',
    'mappingConfig',
  ],
  onRecon: ['mappingConfig'],
  result: ['source', 'target', 'global'],
} as const satisfies Record<string, readonly string[]>;

/** Scripts that ship with OpenIDM and that do nothing for a mapping without roles (specification §9.5). */
const NO_OP_DEFAULTS = /(^|\/)roles\/(defaultMapping\.js|defaultPostMapping\.groovy|onRecon\.groovy)$/;

/** Compiles a mapping of the configuration. Reads nothing; a run reads only the result. */
export function compileMapping(config: MappingConfig, context: CompileContext): CompileResult {
  const table = new ScriptTable(config, context);
  const payload = compilePayload(config, context, table);
  const mapping: CompiledMapping = {
    name: config.name,
    source: config.source,
    target: config.target,
    links: linkRules(config, context.mappings),
    qualifiers: 'list' in payload.qualifiers ? payload.qualifiers.list : null,
    hasCorrelation: config.correlation.length > 0,
    sourceQuery: queryRequest(config.sourceQuery),
    targetQuery: queryRequest(config.targetQuery),
    runTargetPhase: config.runTargetPhase,
    allowEmptySourceSet: config.allowEmptySourceSet,
    correlateEmptyTargetSet: config.correlateEmptyTargetSet,
    enableSync: config.enableSync,
    guard: config.guard,
    payload,
    scripts: table.scripts,
    scriptStages: table.stages,
  };
  return { mapping, pointers: table.pointers, diagnostics: table.diagnostics };
}

function compilePayload(config: MappingConfig, context: CompileContext, table: ScriptTable): ProgramPayload {
  const { scripts, linkQualifiers } = config;
  const slot = (
    script: ScriptConfig | undefined,
    place: keyof typeof VARIABLES,
    stage: StageName,
    name: string,
  ): number | null => (script === undefined ? null : table.add(script, name, VARIABLES[place], stage));
  const hook = (name: Hook, stage: StageName): number | null => slot(scripts[name], 'hook', stage, name);
  return {
    mapping: config.name,
    mappingConfig: config.raw,
    qualifiers:
      linkQualifiers.kind === 'list'
        ? { list: [...new Set(linkQualifiers.names)] }
        : { slot: table.add(linkQualifiers.script, 'linkQualifiers', VARIABLES.qualifiers, 'qualifiers') ?? 0 },
    validSource: slot(scripts.validSource, 'validSource', 'source', 'validSource'),
    validTarget: slot(scripts.validTarget, 'validTarget', 'validTarget', 'validTarget'),
    sourceCondition: condition(config.sourceCondition, 'sourceCondition', VARIABLES.validSource, 'source', table),
    correlation: correlations(config, context, table),
    properties: propertySteps(config, table, 'decide'),
    ...(config.notOwned === undefined ? {} : { notOwned: config.notOwned.map(({ target }) => target) }),
    defaultMapping: slot(scripts.defaultMapping, 'defaultMapping', 'decide', 'defaultMapping'),
    policies: policySteps(config, table),
    hooks: {
      onCreate: hook('onCreate', 'decide'),
      onUpdate: hook('onUpdate', 'decide'),
      onDelete: hook('onDelete', 'hook'),
      onLink: hook('onLink', 'hook'),
      onUnlink: hook('onUnlink', 'hook'),
      postMapping: hook('postMapping', 'hook'),
    },
    result: slot(scripts.result, 'result', 'result', 'result'),
    onRecon: slot(scripts.onRecon, 'onRecon', 'onRecon', 'onRecon'),
    targetIdsCaseSensitive: linkRules(config, context.mappings).areTargetIdsCaseSensitive,
  };
}

function condition(
  config: ConditionConfig | null,
  name: string,
  variables: readonly string[],
  stage: StageName,
  table: ScriptTable,
): ConditionRef | null {
  if (config === null) return null;
  if (config.kind === 'filter') return { kind: 'filter', filter: config.filter };
  if (config.kind === 'values') return { kind: 'values', values: config.values };
  const slot = table.add(config.script, name, variables, stage);
  return slot === null ? null : { kind: 'script', slot };
}

function propertySteps(config: MappingConfig, table: ScriptTable, stage: StageName): readonly PropertyStep[] {
  return config.properties.map((property): PropertyStep => {
    const name = `property "${formatPointer(property.target)}"`;
    const other = config.notOwned?.find(({ target }) => target.every((token, i) => property.target[i] === token));
    return {
      target: property.target,
      source: property.source,
      condition: condition(property.condition, `${name}: condition`, VARIABLES.condition, stage, table),
      transform:
        property.transform === null
          ? null
          : table.add(property.transform, `${name}: transform`, VARIABLES.transform, stage),
      default: property.default,
      ifAbsent: property.ifAbsent,
      linkQualifier: null,
      ...(other === undefined ? {} : { owner: other.owner }),
    };
  });
}

function policySteps(config: MappingConfig, table: ScriptTable): readonly PolicyStep[] {
  return config.policies.map((policy, index): PolicyStep => {
    const name = `policies[${index}] (${policy.situation})`;
    const action =
      policy.action.kind === 'fixed'
        ? policy.action.action
        : policy.action.kind === 'approval'
          ? 'ASYNC'
          : { slot: table.add(policy.action.script, `${name}: action`, VARIABLES.policyAction, 'decide') ?? 0 };
    return {
      situation: policy.situation,
      action,
      condition: condition(policy.condition, `${name}: condition`, VARIABLES.policyCondition, 'decide', table),
      postAction:
        policy.postAction === null
          ? null
          : table.add(policy.postAction, `${name}: postAction`, VARIABLES.postAction, 'postAction'),
      ...(policy.action.kind === 'approval' ? { approval: policy.action.approval } : {}),
    };
  });
}

function correlations(
  config: MappingConfig,
  context: CompileContext,
  table: ScriptTable,
): Readonly<Record<string, CorrelationRef>> {
  const refs: Record<string, CorrelationRef> = {};
  for (const one of config.correlation) {
    const key = one.linkQualifier ?? '*';
    if (one.kind === 'tree') {
      const owner = context.mappings.find((mapping) => mapping.name === one.mapping) ?? config;
      const properties = propertySteps(owner, table, 'source');
      refs[key] = { kind: 'tree', tree: treeJson(one.tree), properties };
      continue;
    }
    const name = one.kind === 'query' ? 'correlationQuery' : 'correlationScript';
    const slot = table.add(one.script, name, VARIABLES.validSource, 'source');
    if (slot !== null) refs[key] = { kind: one.kind === 'query' ? 'query' : 'ids', slot };
  }
  return refs;
}

function treeJson(tree: CorrelationTree): Json {
  return tree.kind === 'leaf' ? tree.attribute : { [tree.kind]: tree.parts.map(treeJson) };
}

function queryRequest(config: SetQueryConfig): QueryRequest | null {
  const { resourceName, query } = config;
  const asked = setQuery(query);
  return resourceName === null && asked === null ? null : { resourceName, query: asked };
}

export function setQuery(query: SetQueryConfig['query']): Query | null {
  if (query.kind === 'all') return null;
  if (query.kind === 'filter') return { kind: 'filter', filter: query.filter };
  if (query.kind === 'id') return { kind: 'id', queryId: query.queryId, parameters: query.parameters };
  return { kind: 'id', queryId: '_queryExpression', parameters: { ...query.parameters, expression: query.text } };
}

/** Specification §8: who owns the links, in which direction, in which letter case. */
export function linkRules(config: MappingConfig, mappings: readonly MappingConfig[]): LinkRules {
  const owner = config.links === null ? config : (mappings.find((mapping) => mapping.name === config.links) ?? config);
  const isReversed = owner !== config && owner.source === config.target && owner.target === config.source;
  return {
    isEnabled: config.enableLinking,
    linkType: owner.name,
    isReversed,
    areSourceIdsCaseSensitive: isReversed ? owner.targetIdsCaseSensitive : owner.sourceIdsCaseSensitive,
    areTargetIdsCaseSensitive: isReversed ? owner.sourceIdsCaseSensitive : owner.targetIdsCaseSensitive,
  };
}

/** Gives every script of a mapping its slot. */
class ScriptTable {
  readonly scripts: ScriptSource[] = [];
  readonly pointers: string[] = [];
  readonly stages = new Set<StageName>();
  readonly diagnostics: Diagnostic[] = [];
  readonly #config: MappingConfig;
  readonly #context: CompileContext;

  constructor(config: MappingConfig, context: CompileContext) {
    this.#config = config;
    this.#context = context;
  }

  /** Null for a script that has nothing to do here, or that could not be found (which is reported). */
  add(script: ScriptConfig, name: string, variables: readonly string[], stage: StageName): number | null {
    if (script.file !== null && NO_OP_DEFAULTS.test(script.file) && this.#context.findScript(script.file) === null)
      return null;
    const text = this.#text(script, name);
    if (text === null) return null;
    this.stages.add(stage);
    const constants: JsonObject = { ...script.constants, ...script.globals };
    const label = `mapping "${this.#config.name}": ${name}`;
    this.pointers.push(script.pointer);
    this.scripts.push({ label, code: text.code, file: text.file, type: script.type, variables, constants });
    return this.scripts.length - 1;
  }

  #text(script: ScriptConfig, name: string): { readonly file: string | null; readonly code: string } | null {
    if (script.source !== null) return { file: null, code: script.source };
    const file = script.file ?? '';
    const found = this.#context.findScript(file);
    if (found !== null) return found;
    const start = workflowStart(file);
    if (start !== undefined) return { file: null, code: start };
    this.diagnostics.push({
      severity: 'error',
      file: this.#config.file,
      pointer: script.pointer,
      message: `mapping "${this.#config.name}": ${name}: script file ${JSON.stringify(script.file)} was not found`,
      hint: 'put it into the script folder of the project',
    });
    return null;
  }
}
