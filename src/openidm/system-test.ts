import { deadline } from '../base/deadline.ts';
import { Failure, messageOf } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { ProvisionerConfig } from '../app/config/project-config.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { readDraft, testDraft } from '../app/provisioner-draft.ts';

const DEADLINE_MS = 30_000;

/** `system?_action=test` (specification §10.7): all systems, or the one that the body names. */
export async function testSystems(lockstep: Lockstep, content: Json): Promise<Json> {
  const id = isJsonObject(content) ? (content['id'] ?? null) : null;
  if (id === null) return Promise.all(lockstep.config.connectors.map((connector) => testOne(lockstep, connector)));
  if (typeof id !== 'string') throw new Failure('bad-request', `'id' must be the name of a system`);
  return testSystem(lockstep, id.replace(/^system\//, ''));
}

/** `system/<name>?_action=test` */
export function testSystem(lockstep: Lockstep, name: string): Promise<JsonObject> {
  const found = lockstep.config.connectors.find((connector) => connector.name === name);
  if (found === undefined)
    return Promise.reject(
      new Failure('not-found', `system/${name} is not configured; there is no conf/provisioner.openicf-${name}.json`),
    );
  return testOne(lockstep, found);
}

async function testOne(lockstep: Lockstep, provisioner: ProvisionerConfig): Promise<JsonObject> {
  const { name, enabled, connectorRef, connectorName, file, objectTypes } = provisioner;
  const fault = await faultOf(lockstep, provisioner);
  const ref = ['bundleVersion', 'bundleName', 'connectorName'].flatMap((key) =>
    connectorRef[key] === undefined ? [] : [[key, connectorRef[key]] as const],
  );
  return {
    name,
    enabled,
    config: configIdOf(file),
    connectorRef: Object.fromEntries(ref),
    displayName: displayNameOf(connectorRef, connectorName),
    objectTypes: [...new Set(['__ALL__', ...Object.keys(objectTypes)])],
    ok: fault === null,
    ...(fault === null ? {} : { error: fault }),
  };
}

async function faultOf(lockstep: Lockstep, { name, operationTimeoutMs }: ProvisionerConfig): Promise<string | null> {
  try {
    const limitMs = Math.min(operationTimeoutMs['TEST'] ?? DEADLINE_MS, DEADLINE_MS);
    await lockstep.connector(name).test(deadline(limitMs, `system/${name}`));
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) lockstep.log.write('warn', `test of system/${name}: ${messageOf(error)}`);
    return messageOf(error);
  }
}

/** `conf/provisioner.openicf-hr.json` is `config/provisioner.openicf/hr`. */
function configIdOf(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1).replace(/\.json$/, '');
  return `config/${name.replace('-', '/')}`;
}

export function displayNameOf(connectorRef: JsonObject, connectorName: string): string {
  const { displayName } = connectorRef;
  if (typeof displayName === 'string') return displayName;
  const name = connectorName.slice(connectorName.lastIndexOf('.') + 1).replace(/Connector$/, '');
  return `${name} Connector`;
}

/** `system?_action=testConfig`: a configuration that is in no file yet. Answers `{name, ok}` or `{name, ok: false, error}`. */
export async function testConfiguration(lockstep: Lockstep, content: Json): Promise<JsonObject> {
  if (!isJsonObject(content))
    throw new Failure('bad-request', 'testConfig requires a connector configuration as its body');
  const { id, name } = content;
  if (id !== undefined) throw new Failure('bad-request', "a configuration to be tested has a 'name', and no 'id'");
  if (typeof name !== 'string' || name === '')
    throw new Failure('bad-request', "a configuration to be tested needs a 'name'");
  const { _id, ...raw } = content;
  const error = await testDraft(lockstep.config, readDraft(lockstep, raw));
  return error === null ? { name, ok: true } : { name, ok: false, error };
}
