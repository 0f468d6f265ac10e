import type { ProjectConfig } from '../config/project-config.ts';
import { analyzeProject, type AnalyzedProject, type EffectsOf } from './analyzed-project.ts';
import { deletions } from './deletions.ts';
import { duplicates } from './duplicates.ts';
import type { Finding } from './finding.ts';
import { flowCycles } from './flow-cycles.ts';
import { hookOverwrites } from './hook-overwrites.ts';
import { mutableKeys } from './mutable-keys.ts';
import { secretFlows } from './secret-flows.ts';
import { startupOrder } from './startup-order.ts';
import { targetSchema } from './target-schema.ts';
import { twoWriters } from './two-writers.ts';
import { unreachablePolicies } from './unreachable-policies.ts';
import { writtenEveryRun } from './written-every-run.ts';

const CHECKS: readonly ((project: AnalyzedProject) => readonly Finding[])[] = [
  twoWriters,
  hookOverwrites,
  flowCycles,
  writtenEveryRun,
  unreachablePolicies,
  mutableKeys,
  targetSchema,
  deletions,
  duplicates,
  secretFlows,
  startupOrder,
];

/**
 * What is likely to go wrong with the mappings of a project although each of them is well formed (docs/spec/ownership.md).
 * Looks at the configuration and the texts of scripts only; reads and writes nothing.
 */
export function checkOwnership(config: ProjectConfig, effectsOf: EffectsOf): readonly Finding[] {
  const project = analyzeProject(config, effectsOf);
  return CHECKS.flatMap((check) => check(project));
}
