import { compileMapping, type CompileResult } from '../mapping/compile-mapping.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { ProjectConfig } from './config/project-config.ts';
import { assignmentsWarning, hasAssignments, isRoleScript } from './config/role-assignments.ts';
import type { ScriptFiles } from './config/script-files.ts';

/** Compiles a mapping with the script files of its project. */
export function compileConfigured(config: ProjectConfig, files: ScriptFiles, mapping: MappingConfig): CompileResult {
  const findScript = (name: string): { file: string | null; code: string } | null => {
    const found = files.find(name);
    if (found.kind === 'file') return { file: found.file, code: found.code };
    return isRoleScript(name) && hasAssignments(config, mapping)
      ? { file: null, code: assignmentsWarning(mapping.name) }
      : null;
  };
  return compileMapping(mapping, { mappings: config.mappings, findScript });
}
