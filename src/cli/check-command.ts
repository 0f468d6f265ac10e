import { formatDiagnostic, type Diagnostic } from '../base/diagnostic.ts';
import { loadProject } from '../app/config/load-project.ts';
import { connectorKinds } from '../app/connector-kinds.ts';
import { checkConnectors } from '../app/check-connectors.ts';
import { checkScripts, scriptCheck } from '../app/check-scripts.ts';
import type { Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { dataDirectory, logOf, projectDirectory } from './open.ts';

/**
 * Reads the configuration, compiles every mapping and every script, tests every enabled connector, and reports what is wrong.
 * Changes nothing.
 */
export async function checkCommand({ options }: Arguments): Promise<number> {
  const directory = projectDirectory(options);
  const log = logOf(options);
  const checkScript = scriptCheck(log);
  const { config, diagnostics } = await loadProject(directory, {
    env: process.env,
    connectorKinds,
    dataDirectory: dataDirectory(options),
    checkScript,
  });
  const all: readonly Diagnostic[] =
    config === null
      ? diagnostics
      : [...diagnostics, ...(await checkScripts(config, log)), ...(await checkConnectors(config))];
  const errors = all.filter((diagnostic) => diagnostic.severity === 'error').length;
  if (options.json === true) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  else {
    for (const diagnostic of all) process.stdout.write(`${formatDiagnostic(diagnostic)}\n`);
    const mappings = config?.mappings.length ?? 0;
    process.stdout.write(
      `${directory}: ${errors} errors, ${all.length - errors} warnings${config === null ? '' : `, ${mappings} mappings`}\n`,
    );
  }
  return errors > 0 ? EXIT.usage : EXIT.ok;
}
