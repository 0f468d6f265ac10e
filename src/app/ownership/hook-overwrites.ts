import { formatPointer } from '../../base/json-pointer.ts';
import type { ManagedHook } from '../../managed/managed-config.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import { managedType } from './collections.ts';
import type { Finding } from './finding.ts';

/** Hooks whose say is the last: on every update of an object, or whenever it is read. */
const HOOKS: readonly ManagedHook[] = ['onUpdate', 'onStore', 'onRead', 'onRetrieve'];

/** Attributes of managed objects that a mapping writes and a hook of the type sets to something else, whatever they were. */
export function hookOverwrites(project: AnalyzedProject): readonly Finding[] {
  const { config, effectsOf } = project;
  return config.mappings.flatMap((mapping) => {
    const type = managedType(config, mapping.target);
    const scripts = HOOKS.flatMap((hook) =>
      type?.hooks[hook] === undefined ? [] : [{ hook, script: type.hooks[hook] }],
    );
    return scripts.flatMap(({ hook, script }) => {
      const set = (effectsOf(script)?.writes ?? []).filter(
        ({ variable, isConditional, isSelfMade }) => variable === 'object' && !isConditional && !isSelfMade,
      );
      return project
        .lastingOf(mapping)
        .filter(({ target }) => set.some(({ attribute }) => attribute === target[0]))
        .map(({ target, pointer }): Finding => ({
          code: 'hook-overwrites',
          severity: 'warning',
          file: mapping.file,
          pointer,
          message: `${formatPointer(target)} of ${mapping.target} is written by "${mapping.name}" and set by ${hook} of the type: if they differ, every run writes it again`,
          hint: `Leave it to one of the two: take it out of "properties", or out of ${type!.file} ${script.pointer}.`,
        }));
    });
  });
}
