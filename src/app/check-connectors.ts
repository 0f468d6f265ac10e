import { deadline } from '../base/deadline.ts';
import type { Diagnostic } from '../base/diagnostic.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { connectorKind } from './connector-kinds.ts';
import type { ProjectConfig, ProvisionerConfig } from './config/project-config.ts';

const DEADLINE_MS = 10_000;

/**
 * Tests every enabled connector; nothing is changed anywhere. What only the configuration can mend is an error; what may be
 * otherwise tomorrow (a file that is not there yet, a server that does not answer) is a warning.
 */
export async function checkConnectors(config: ProjectConfig): Promise<readonly Diagnostic[]> {
  const enabled = config.connectors.filter((provisioner) => provisioner.enabled);
  return (await Promise.all(enabled.map((provisioner) => checkConnector(provisioner, config.directory)))).flat();
}

async function checkConnector(provisioner: ProvisionerConfig, projectDirectory: string): Promise<Diagnostic[]> {
  const kind = connectorKind(provisioner.connectorName);
  if (kind === null) return [];
  const found: Diagnostic[] = [];
  const add = (severity: Diagnostic['severity'], message: string): unknown =>
    found.push({ severity, file: provisioner.file, pointer: '/configurationProperties', message });
  const log: Log = { write: (level, message) => (level === 'warn' || level === 'error') && add('warning', message) };
  try {
    const connector = kind.create(provisioner, { projectDirectory, log });
    try {
      await connector.test(deadline(DEADLINE_MS, `system/${provisioner.name}`));
    } finally {
      await connector.close();
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const severity = error.code === 'bad-configuration' ? 'error' : 'warning';
    add(severity, `the system "${provisioner.name}" cannot be used: ${error.message}`);
  }
  return found;
}
