import type { ScriptConfig } from '../../model/script-config.ts';
import type { ScriptEffects } from '../../script/compile/script-effects.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { ProjectConfig } from '../config/project-config.ts';
import { attributeWrites, type AttributeWrite } from './attribute-write.ts';

/** What the text of a script tells; null: it is not there, or not JavaScript. */
export type EffectsOf = (script: ScriptConfig) => ScriptEffects | null;

/** A project as the checks of this folder look at it. Nothing is read beyond it. */
export interface AnalyzedProject {
  readonly config: ProjectConfig;
  readonly effectsOf: EffectsOf;
  /** What each mapping writes, in the order of the mappings. */
  readonly writes: readonly AttributeWrite[];
  writesOf(mapping: MappingConfig): readonly AttributeWrite[];
  /** What a mapping writes again and again, apart from what belongs to another. */
  lastingOf(mapping: MappingConfig): readonly AttributeWrite[];
}

export function analyzeProject(config: ProjectConfig, effectsOf: EffectsOf): AnalyzedProject {
  const byMapping = new Map(config.mappings.map((mapping) => [mapping, attributeWrites(mapping, effectsOf)]));
  const lasting = new Map([...byMapping].map(([mapping, writes]) => [mapping, writes.filter(isLasting)]));
  return {
    config,
    effectsOf,
    writes: [...byMapping.values()].flat(),
    writesOf: (mapping) => byMapping.get(mapping) ?? [],
    lastingOf: (mapping) => lasting.get(mapping) ?? [],
  };
}

function isLasting({ onUpdate, mapping, target }: AttributeWrite): boolean {
  const belongsToAnother = (mapping.notOwned ?? []).some(({ target: owned }) =>
    owned.every((token, i) => target[i] === token),
  );
  return onUpdate && !belongsToAnother;
}
