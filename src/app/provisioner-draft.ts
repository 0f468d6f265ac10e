import { deadline } from '../base/deadline.ts';
import { Failure, messageOf } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Connector } from '../connector/contract.ts';
import { formatPointer } from '../base/json-pointer.ts';
import { checkSchema } from './config/check-schema.ts';
import type { Findings } from './config/json-node.ts';
import { connectorKind } from './connector-kinds.ts';
import { connectorFileFaults } from './config/file-places.ts';
import type { ProjectConfig, ProvisionerConfig } from './config/project-config.ts';
import { propertyResolver } from './config/property-resolver.ts';
import { readProvisioner } from './config/read-provisioner.ts';
import { provisionerSchema, type ProvisionerJson } from './config/schema-provisioner.ts';
import type { Lockstep } from './lockstep.ts';

const DEADLINE_MS = 30_000;
const MAX_FAULTS = 10;
const PLACEHOLDER = /&\{([A-Za-z_][\w.-]*)\}/g;

/**
 * A connector configuration that is in no file yet, as a caller sent it. `&{…}` stands for built-in and boot properties, not
 * for the environment. Throws `bad-request` for one that is none, or that names files that a caller may not name.
 */
export function readDraft(lockstep: Pick<Lockstep, 'config' | 'dataDirectory'>, raw: JsonObject): ProvisionerConfig {
  const { config, dataDirectory } = lockstep;
  const resolve = propertyResolver({
    env: {},
    boot: config.bootProperties,
    projectDirectory: config.directory,
    workingDirectory: config.directory,
  });
  const filled = substituted(raw, resolve) as JsonObject;
  const checked = checkedDraft(raw, filled);
  const draft = readProvisioner(checked, filled, `the configuration of ${checked.name}`);
  const places = { projectDirectory: config.directory, dataDirectory, allowed: config.lockstep.files.allowed };
  const [fault] = connectorFileFaults(draft.configurationProperties, places, 'caller');
  if (fault !== undefined) throw new Failure('bad-request', `${fault.message}. ${fault.hint}`);
  return draft;
}

function checkedDraft(raw: JsonObject, filled: JsonObject): ProvisionerJson {
  const findings: Findings = [];
  const document = { file: '', value: filled, locate: () => ({ line: 1, column: 1 }), diagnostics: [] };
  const places = new Set(filledPlaces(raw, filled, []));
  const checked = checkSchema(provisionerSchema, { document, tokens: [], value: filled }, { filled: places }, findings);
  if (checked !== null) return checked;
  const faults = findings.filter(({ severity }) => severity === 'error').slice(0, MAX_FAULTS);
  const told = faults.map(({ pointer, message, hint }) =>
    [pointer === '' ? 'the whole' : pointer, `: ${message}`, hint === undefined ? '' : ` (${hint})`].join(''),
  );
  throw new Failure('bad-request', `not a connector configuration: ${told.join('; ')}`);
}

/** Pointers of the texts that came from properties. */
function filledPlaces(raw: Json, filled: Json, tokens: readonly string[]): readonly string[] {
  if (raw === filled) return [];
  if (typeof raw !== 'object' || raw === null) return [formatPointer(tokens)];
  const members = filled as Readonly<Record<string, Json>>;
  return Object.entries(raw).flatMap(([key, value]) => filledPlaces(value, members[key]!, [...tokens, key]));
}

function substituted(value: Json, resolve: (name: string) => string | undefined): Json {
  if (typeof value === 'string') return value.replace(PLACEHOLDER, (whole, name: string) => resolve(name) ?? whole);
  if (Array.isArray(value)) return value.map((item) => substituted(item, resolve));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substituted(item, resolve)]));
}

/** Opens a connector of this configuration for one use. Throws `unreachable` if there is no such connector here. */
export async function withDraft<T>(
  config: ProjectConfig,
  draft: ProvisionerConfig,
  use: (connector: Connector, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const kind = connectorKind(draft.connectorName);
  if (kind === null) throw new Failure('unreachable', `the connector ${draft.connectorName} is not available here`);
  const fault = kind.check(draft).find((one) => one.severity === 'error');
  if (fault !== undefined) throw new Failure('bad-configuration', `${fault.pointer}: ${fault.message}`);
  const connector = kind.create(draft, { projectDirectory: config.directory, log: { write: () => {} } });
  const limitMs = Math.min(draft.operationTimeoutMs['TEST'] ?? DEADLINE_MS, DEADLINE_MS);
  try {
    return await use(connector, deadline(limitMs, `system/${draft.name}`));
  } finally {
    await connector.close();
  }
}

/** Null: reads and writes can be expected to work; else why not. */
export async function testDraft(config: ProjectConfig, draft: ProvisionerConfig): Promise<string | null> {
  try {
    await withDraft(config, draft, (connector, signal) => connector.test(signal));
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return messageOf(error);
  }
}
