import { formatDiagnostic } from '../../base/diagnostic.ts';
import type { JsonObject } from '../../base/json.ts';
import { loadProject, type LoadedProject, type LoadOptions } from './load-project.ts';
import type { ProjectConfig } from './project-config.ts';
import { tempProject } from './temp-project.ts';

/** What tests of the configuration start from. */
export type Files = Readonly<Record<string, unknown>>;

export const js = (source: string): JsonObject => ({ type: 'text/javascript', source });

const ATTRIBUTES = ['uid', 'lastName', 'firstName', 'homePhone', 'email', 'title', 'cn'];

export function provisioner(name: string, extra: JsonObject = {}): JsonObject {
  const properties = Object.fromEntries(ATTRIBUTES.map((attribute) => [attribute, { type: 'string' }]));
  return {
    name,
    connectorRef: { connectorName: 'org.identityconnectors.ldap.LdapConnector', bundleName: 'b', bundleVersion: '1.4' },
    configurationProperties: { host: 'localhost', baseContexts: ['dc=example,dc=com'] },
    objectTypes: { account: { nativeType: '__ACCOUNT__', properties } },
    ...extra,
  };
}

/** One managed type, one system. */
export const BASE: Files = {
  'conf/managed.json': { objects: [{ name: 'user' }] },
  'conf/provisioner.openicf-ldap.json': provisioner('ldap'),
};

export const LDAP_USER = { name: 'm', source: 'system/ldap/account', target: 'managed/user' };

export async function loadFiles(files: Files, options: Partial<LoadOptions> = {}): Promise<LoadedProject> {
  using project = tempProject(files);
  return await loadProject(project.directory, { env: {}, ...options });
}

/** The configuration of files that are expected to have no error. */
export async function configOf(files: Files, options: Partial<LoadOptions> = {}): Promise<ProjectConfig> {
  const { config, diagnostics } = await loadFiles(files, options);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return config;
}

export async function faultsOf(files: Files, options: Partial<LoadOptions> = {}): Promise<readonly string[]> {
  const { diagnostics } = await loadFiles(files, options);
  return diagnostics.map((d) => `${d.severity} ${d.file} ${d.pointer}: ${d.message}`);
}

/** The base with one mapping, from `system/ldap/account` to `managed/user`. */
export function withMapping(mapping: JsonObject, more: Files = {}): Files {
  return { ...BASE, 'conf/sync.json': { mappings: [{ ...LDAP_USER, ...mapping }] }, ...more };
}

export async function mappingFaults(mapping: JsonObject, more: Files = {}): Promise<readonly string[]> {
  const faults = await faultsOf(withMapping(mapping, more));
  return faults.map((text) => text.replace('conf/sync.json /mappings/0', ''));
}
