import { placedDiagnostic } from '../base/diagnostic.ts';
import type { ProjectConfig } from './config/project-config.ts';
import { openScriptFiles } from './config/script-files.ts';
import { checkOwnership } from './ownership/check-ownership.ts';
import type { Finding } from './ownership/finding.ts';
import { scriptEffectsOf } from './script-effects-of.ts';

/** What is likely to go wrong with the mappings of a project (docs/spec/ownership.md). Reads script files, runs nothing. */
export function ownershipFindings(config: ProjectConfig): readonly Finding[] {
  return checkOwnership(config, scriptEffectsOf(openScriptFiles(config.directory)));
}

/** More at once are not read by anybody. */
const MAX_TOLD = 20;

/** The warnings of a project in words, at most 20; of a changed one, those that it did not have `before`. */
export function ownershipWarnings(config: ProjectConfig, before: ProjectConfig | null = null): readonly string[] {
  const known = new Set((before === null ? [] : ownershipFindings(before)).map(({ message }) => message));
  const warnings = ownershipFindings(config).filter(
    ({ severity, message }) => severity === 'warning' && !known.has(message),
  );
  const left = warnings.length - MAX_TOLD;
  const rest = left > 0 ? [`${left} more warnings about mappings: "lockstep check" shows them`] : [];
  return [...warnings.slice(0, MAX_TOLD).map(placedDiagnostic), ...rest];
}
