import { compileMapping, type CompileResult } from '../mapping/compile-mapping.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { ProjectConfig } from './config/project-config.ts';
import type { ScriptFiles } from './config/script-files.ts';

/** Compiles a mapping with the script files of its project. */
export function compileConfigured(config: ProjectConfig, files: ScriptFiles, mapping: MappingConfig): CompileResult {
  const findScript = (name: string): { file: string; code: string } | null => {
    const found = files.find(name);
    return found.kind === 'file' ? { file: found.file, code: found.code } : null;
  };
  return compileMapping(mapping, { mappings: config.mappings, findScript });
}
