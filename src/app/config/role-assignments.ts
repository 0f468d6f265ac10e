import type { ManagedObjectConfig } from '../../managed/managed-config.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { ScriptFiles } from './script-files.ts';

const PROPERTY = 'effectiveAssignments';

/** `roles/defaultMapping.js`, which gives the attributes of role assignments to the target (specification §9.5). */
export function isRoleScript(file: string): boolean {
  return /(?:^|\/)roles\/defaultMapping\.js$/.test(file);
}

/** Whether the objects of a mapping's source may have assignments: nothing here gives them to the target. */
export function hasAssignments(
  { managed }: { readonly managed: readonly ManagedObjectConfig[] },
  { source }: Pick<MappingConfig, 'source'>,
): boolean {
  const type = managed.find(({ name }) => source === `managed/${name}`);
  return type?.properties.some(({ name }) => name === PROPERTY) ?? false;
}

/** Mappings that leave assignments to the script that OpenIDM ships. */
export function checkRoleScripts(
  mappings: readonly MappingConfig[],
  managed: readonly ManagedObjectConfig[],
  scripts: ScriptFiles,
): readonly Diagnostic[] {
  return mappings.flatMap((mapping): readonly Diagnostic[] => {
    const script = mapping.scripts.defaultMapping;
    if (script === undefined || script.file === null || !isRoleScript(script.file)) return [];
    if (scripts.find(script.file).kind === 'file' || !hasAssignments({ managed }, mapping)) return [];
    const message = `mapping "${mapping.name}": ${script.file}: the role assignments in ${PROPERTY} of ${mapping.source} are not given to ${mapping.target}`;
    const hint = 'Put a script of that name into script/ of the project, or map the attributes in "properties".';
    return [{ severity: 'warning', file: mapping.file, pointer: script.pointer, message, hint }];
  });
}

/** The text of a script that takes its place: tells of each source object whose assignments are left out. */
export function assignmentsWarning(mapping: string): string {
  return `(function (assignments) {
  if (!Array.isArray(assignments)) return;
  var left = assignments.filter(function (one) { return one && one.mapping === ${JSON.stringify(mapping)}; });
  if (left.length > 0)
    logger.warn('mapping {}: {} role assignments of {} are not given to the target', ${JSON.stringify(mapping)}, left.length, source._id);
}(source ? source.${PROPERTY} : null));`;
}
