import { formatPointer } from '../../base/json-pointer.ts';
import type { Json } from '../../base/json.ts';
import type { ConditionConfig, MappingConfig, PropertyMappingConfig } from '../../mapping/mapping-config.ts';
import type { Filter } from '../../base/query-filter.ts';
import type { ScriptConfig } from '../../model/script-config.ts';
import type { MemberWrite } from '../../script/compile/script-effects.ts';
import type { EffectsOf } from './analyzed-project.ts';

/** That a mapping gives one attribute of its target a value, and what it makes the value of. */
export interface AttributeWrite {
  readonly mapping: MappingConfig;
  /** The attribute of the target, as the tokens of a pointer. */
  readonly target: readonly string[];
  /** Where it says so, in the file of the mapping. */
  readonly pointer: string;
  readonly by: 'property' | WritingScript;
  /** False: only new objects get it. */
  readonly onUpdate: boolean;
  /** Whether something decides if it is written. */
  readonly condition: 'none' | 'ofSource' | 'ofTarget';
  readonly value: WrittenValue;
  /** Why it is another value each time, in words; null: no reason is known. */
  readonly volatility: string | null;
}

export type WrittenValue =
  | { readonly kind: 'copy'; readonly source: readonly string[] }
  | { readonly kind: 'constant'; readonly value: Json }
  /** Through one method that changes its own result no more (`toLowerCase`). */
  | { readonly kind: 'normalized'; readonly source: readonly string[]; readonly method: string }
  /** `sources` null: not known. */
  | { readonly kind: 'computed'; readonly sources: readonly (readonly string[])[] | null };

export const WRITING_SCRIPTS = ['defaultMapping', 'onCreate', 'onUpdate'] as const;
export type WritingScript = (typeof WRITING_SCRIPTS)[number];

export function attributeWrites(mapping: MappingConfig, effectsOf: EffectsOf): readonly AttributeWrite[] {
  return [
    ...mapping.properties.map((property) => ofProperty(mapping, property, effectsOf)),
    ...WRITING_SCRIPTS.flatMap((name) => ofScript(mapping, name, effectsOf)),
  ];
}

/** The sources that are known. */
export function sourcesOf({ value }: AttributeWrite): readonly (readonly string[])[] {
  if (value.kind === 'computed') return value.sources ?? [];
  return value.kind === 'constant' ? [] : [value.source];
}

/** One place lies in the other, or both are the same. */
export function overlap(one: readonly string[], other: readonly string[]): boolean {
  const length = Math.min(one.length, other.length);
  return one.slice(0, length).every((token, i) => token === other[i]);
}

/** `managed/user /mail` */
export function placeOf(collection: string, tokens: readonly string[]): string {
  return `${collection} ${formatPointer(tokens)}`;
}

function ofProperty(mapping: MappingConfig, property: PropertyMappingConfig, effectsOf: EffectsOf): AttributeWrite {
  const effects = property.transform === null ? null : effectsOf(property.transform);
  const found = effects?.volatility ?? null;
  return {
    mapping,
    target: property.target,
    pointer: property.pointer,
    by: 'property',
    onUpdate: property.target[0] !== '_id',
    condition: conditionOf(property.condition, effectsOf),
    value: valueOf(property, effectsOf),
    volatility: found === null ? counting(effects?.changes) : `${REASONS[found.kind]} (${found.cause})`,
  };
}

export const REASONS = {
  random: 'it is made by chance',
  time: 'it is the time of the run',
  encryption: 'each encryption gives another value',
  salt: 'each hash has a salt of its own',
  revision: 'a revision is another one after each write',
} as const;

/** A transform that changes objects counts something, as a rule. */
function counting(changes: ReadonlySet<string> | undefined): string | null {
  if (changes === undefined || changes.size === 0) return null;
  return `its script changes objects (openidm.${[...changes].join(', openidm.')})`;
}

function valueOf({ source, transform, default: fallback }: PropertyMappingConfig, effectsOf: EffectsOf): WrittenValue {
  if (transform === null && source === null) return { kind: 'constant', value: fallback };
  if (transform === null && source!.length > 0) return { kind: 'copy', source: source! };
  if (transform === null) return { kind: 'computed', sources: null };
  const effects = effectsOf(transform);
  if (source === null || effects === null) return { kind: 'computed', sources: source === null ? [] : [source] };
  if (source.length > 0) return ofAttribute(source, effects.normalizer);
  const reads = effects.reads.get('source');
  return { kind: 'computed', sources: reads === null ? null : [...(reads ?? [])].map((name) => [name]) };
}

function ofAttribute(source: readonly string[], normalizer: string | null): WrittenValue {
  if (normalizer === null) return { kind: 'computed', sources: [source] };
  return normalizer === '' ? { kind: 'copy', source } : { kind: 'normalized', source, method: normalizer };
}

const OF_TARGET: ReadonlySet<string> = new Set(['target', 'oldTarget', 'oldSource']);

function conditionOf(condition: ConditionConfig | null, effectsOf: EffectsOf): AttributeWrite['condition'] {
  if (condition === null) return 'none';
  const roots =
    condition.kind === 'script'
      ? readNames(condition.script, effectsOf)
      : condition.kind === 'filter'
        ? rootsOf(condition.filter)
        : [];
  return roots.some((root) => OF_TARGET.has(root)) ? 'ofTarget' : 'ofSource';
}

function readNames(script: ScriptConfig, effectsOf: EffectsOf): readonly string[] {
  return [...(effectsOf(script)?.reads.keys() ?? [])];
}

/** First tokens of the pointers of a filter. */
export function rootsOf(filter: Filter): readonly string[] {
  if ('parts' in filter) return filter.parts.flatMap(rootsOf);
  if ('part' in filter) return rootsOf(filter.part);
  return 'pointer' in filter ? filter.pointer.slice(0, 1) : [];
}

function ofScript(mapping: MappingConfig, name: WritingScript, effectsOf: EffectsOf): readonly AttributeWrite[] {
  const script = mapping.scripts[name];
  const writes = script === undefined ? [] : (effectsOf(script)?.writes ?? []);
  return writes
    .filter(({ variable, attribute }) => variable === 'target' && attribute !== '_id' && attribute !== '_rev')
    .map((write): AttributeWrite => {
      const { volatility } = write;
      return {
        mapping,
        target: [write.attribute],
        pointer: script!.pointer,
        by: name,
        onUpdate: name !== 'onCreate',
        condition: write.isConditional ? 'ofTarget' : 'none',
        value: valueOfWrite(write),
        volatility: volatility === null ? growing(mapping, write) : `${REASONS[volatility.kind]} (${volatility.cause})`,
      };
    });
}

function valueOfWrite({ isCopy, sources }: MemberWrite): WrittenValue {
  if (isCopy) return { kind: 'copy', source: [sources![0]!] };
  return { kind: 'computed', sources: sources?.map((name) => [name]) ?? null };
}

/** What the properties have just set anew does not grow from run to run. */
function growing({ properties }: MappingConfig, { usesItself, attribute }: MemberWrite): string | null {
  const isReset = properties.some(({ target, condition }) => target[0] === attribute && condition === null);
  return usesItself && !isReset ? 'it grows out of what the target holds already' : null;
}
