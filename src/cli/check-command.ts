import { formatDiagnostic, type Diagnostic, type Severity } from '../base/diagnostic.ts';
import { deepCheck } from '../app/deep-check/deep-check.ts';
import { loadProject } from '../app/config/load-project.ts';
import type { ProjectConfig } from '../app/config/project-config.ts';
import { checkConnectors } from '../app/check-connectors.ts';
import { checkScripts, scriptCheck } from '../app/check-scripts.ts';
import { undefinedVariables } from '../app/check-variables.ts';
import { ownershipFindings } from '../app/ownership-findings.ts';
import { numberOption, UsageError, type Arguments, type Options } from './arguments.ts';
import { workflowFindings } from '../openidm/check-workflow.ts';
import { EXIT } from './exit-codes.ts';
import { loadOptionsOf, logOf, projectDirectory, withLoadedProject } from './open.ts';

const DEFAULT_SAMPLE = 500;
const MAX_SAMPLE = 100_000;

/**
 * Reads the configuration, compiles every mapping and every script, tests every enabled connector, and reports what is wrong and
 * what is likely to go wrong; with `--deep` also what planning each mapping twice shows. Changes nothing.
 */
export async function checkCommand({ options }: Arguments): Promise<number> {
  const sample = sampleOf(options);
  const directory = projectDirectory(options);
  const log = logOf(options);
  const checkScript = scriptCheck(log);
  const loadOptions = { ...loadOptionsOf(options), checkScript };
  const { config, diagnostics, locate } = await loadProject(directory, loadOptions);
  const told: Diagnostic[] = [...diagnostics];
  if (config !== null) {
    told.push(...(await checkScripts(config, log)), ...(await checkConnectors(config)), ...ownershipFindings(config));
    told.push(...undefinedVariables(config));
    told.push(...(await workflowFindings(config, checkScript)));
    if (options.deep === true && count(told, 'error') === 0)
      told.push(...(await deepFindings(config, options, sample)));
  }
  const all = told.map((one) => (one.code !== undefined ? { ...one, ...locate(one.file, one.pointer) } : one));
  if (options.json === true) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  else
    process.stdout.write(
      `${all.map((one) => `${formatDiagnostic(one)}\n`).join('')}${summary(directory, all, config)}`,
    );
  const isRefused = count(all, 'error') > 0 || (options.strict === true && count(all, 'warning') > 0);
  return isRefused ? EXIT.usage : EXIT.ok;
}

function sampleOf(options: Options): number {
  if (options.sample !== undefined && options.deep !== true) throw new UsageError('--sample belongs to check --deep');
  const sample = numberOption(options.sample, 'sample') ?? DEFAULT_SAMPLE;
  if (!Number.isInteger(sample) || sample < 1 || sample > MAX_SAMPLE)
    throw new UsageError(`--sample takes a whole number from 1 to ${MAX_SAMPLE}`);
  return sample;
}

function deepFindings(config: ProjectConfig, options: Options, sample: number): Promise<readonly Diagnostic[]> {
  return withLoadedProject(config, options, async (lockstep) => {
    const { findings, tried } = await deepCheck(lockstep, { sample });
    for (const { mapping, objects } of tried)
      process.stderr.write(`${mapping.name}: tried with ${objects} objects of ${mapping.source}\n`);
    return findings;
  });
}

function count(all: readonly Diagnostic[], severity: Severity): number {
  return all.filter((diagnostic) => diagnostic.severity === severity).length;
}

function summary(directory: string, all: readonly Diagnostic[], config: ProjectConfig | null): string {
  const notes = count(all, 'note');
  const parts = [`${count(all, 'error')} errors`, `${count(all, 'warning')} warnings`];
  if (notes > 0) parts.push(`${notes} notes`);
  if (config !== null) parts.push(`${config.mappings.length} mappings`);
  return `${directory}: ${parts.join(', ')}\n`;
}
