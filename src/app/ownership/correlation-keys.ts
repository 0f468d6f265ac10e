import { parsePointer } from '../../base/json-pointer.ts';
import type { CorrelationConfig } from '../../mapping/mapping-config.ts';
import type { ScriptEffects } from '../../script/compile/script-effects.ts';
import { leavesOf } from '../config/check-correlation.ts';
import type { ProjectConfig, QueryTemplate } from '../config/project-config.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import type { AttributeWrite } from './attribute-write.ts';

/** A target attribute that is compared, and the attribute of the source that it is compared with (null: not known). */
export interface Key {
  readonly target: readonly string[];
  readonly source: string | null;
}

/** What the correlation of a mapping compares, as far as its text tells. */
export function keysOf(
  { config, effectsOf }: Pick<AnalyzedProject, 'config' | 'effectsOf'>,
  correlation: CorrelationConfig,
): readonly Key[] {
  if (correlation.kind === 'tree')
    return leavesOf(correlation.tree).map((leaf) => ({ target: parsePointer(leaf), source: null }));
  const effects = effectsOf(correlation.script);
  const keys = (effects?.comparisons ?? []).flatMap((one) => keysOfComparison(config, one));
  return keys.filter(({ target }) => target.length > 0 && target[0] !== '_id' && target[0] !== '__UID__');
}

function keysOfComparison(
  { namedQueries }: ProjectConfig,
  { name, queryId, with: source }: ScriptEffects['comparisons'][number],
): readonly Key[] {
  if (queryId === null) return [{ target: parsePointer(name), source }];
  const template = Object.hasOwn(namedQueries, queryId) ? namedQueries[queryId]!.template : null;
  return template === null
    ? []
    : comparedWith(template, name).map((attribute) => ({ target: parsePointer(attribute), source }));
}

/** Attributes that a predefined query compares with a parameter. */
function comparedWith(template: QueryTemplate, parameter: string): readonly string[] {
  if (template.kind === 'and' || template.kind === 'or')
    return template.parts.flatMap((part) => comparedWith(part, parameter));
  if (template.kind !== 'compare' || template.operator !== 'eq') return [];
  const { attribute, value } = template;
  const isIt = value.kind === 'parameter' && value.name === parameter && attribute.kind === 'literal';
  return isIt ? [String(attribute.value)] : [];
}

/** The mapping writes to the key what its own query compares it with: what it finds has that value already. */
export function isKeyWrite(project: AnalyzedProject, write: AttributeWrite): boolean {
  const { mapping, target } = write;
  if (mapping.correlation.length === 0) return false;
  return mapping.correlation.every((correlation) =>
    keysOf(project, correlation).some((key) => isSame(key.target, target) && isMadeOf(write, key)),
  );
}

/** With an expression tree (`source` null) the query compares what the mapping itself would write. */
export function isMadeOf({ value }: AttributeWrite, { source }: Key): boolean {
  if (value.kind === 'constant') return false;
  if (source === null) return true;
  const sources = value.kind === 'computed' ? value.sources : [value.source];
  return sources === null || sources.some((one) => one[0] === source);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((token, i) => token === other[i]);
}
