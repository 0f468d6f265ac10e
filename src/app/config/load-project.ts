import path from 'node:path';
import type { Diagnostic } from '../../base/diagnostic.ts';
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { parsePointer } from '../../base/json-pointer.ts';
import type { ConnectorKind } from '../../connector/contract.ts';
import { checkOtherFiles } from './check-other-files.ts';
import { readConfDirectory, type ConfFile, type ConfOverlay, type FileKind } from './conf-directory.ts';
import { checkAudit } from './check-audit.ts';
import { checkCertificate } from './check-certificate.ts';
import { allowedPlaces, checkConnectorFiles } from './check-connector-files.ts';
import { declaredOwners, withOwners } from './declared-owners.ts';
import { checkSyntax, type ScriptCheck } from './check-syntax.ts';
import { readInlineMapping } from './inline-mapping.ts';
import { loadConnectors } from './load-connectors.ts';
import type { LoadedFile } from './loaded-file.ts';
import { loadLockstep } from './load-lockstep.ts';
import { loadManaged } from './load-managed.ts';
import { withListedPolicies } from './load-policies.ts';
import { loadMappings } from './load-mappings.ts';
import { loadScheduler } from './load-scheduler.ts';
import { loadSchedules } from './load-schedules.ts';
import { report, type Findings, type JsonNode } from './json-node.ts';
import { BUILT_IN_QUERIES, readNamedQueries } from './named-queries.ts';
import type { ConfigDocument, NamedQuery, ProjectConfig } from './project-config.ts';
import { connectorFacts, managedFacts, type ProjectFacts } from './project-facts.ts';
import { propertyResolver } from './property-resolver.ts';
import { checkRoleScripts } from './role-assignments.ts';
import { openScriptFiles, type ScriptFiles } from './script-files.ts';
import { substitute, type PropertyResolver } from './substitution.ts';

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What connectors there are; without it, connector classes and their settings are not checked. */
  readonly connectorKinds?: readonly (Pick<ConnectorKind, 'connectorNames' | 'check'> &
    Partial<Pick<ConnectorKind, 'knownProperties'>>)[];
  /** A file with one more mapping, see `readInlineMapping`. */
  readonly inlineMapping?: string;
  /** Audit files may lie there, too; default: `.lockstep` in the project. */
  readonly dataDirectory?: string;
  /** What `&{launcher.install.location}` stands for; default: where the process was started. */
  readonly workingDirectory?: string;
  /** Compiles scripts without running them; without it, scripts are not looked into. */
  readonly checkScript?: ScriptCheck;
  /** Reads the project as it would be with these files. */
  readonly overlay?: ConfOverlay;
}

export interface LoadedProject {
  /** Null if any diagnostic is an error. */
  readonly config: ProjectConfig | null;
  /** By file and position. */
  readonly diagnostics: readonly Diagnostic[];
  readonly scripts: ScriptFiles;
  /** Line and column of a place in a file of `conf`; empty when it is not there. */
  locate(file: string, pointer: string): Pick<Diagnostic, 'line' | 'column'>;
}

/**
 * Reads a project directory and reports everything that is wrong with it at once. Reads nothing but the files of
 * `conf` and `script`, and looks whether files and directories that they name are there; throws for no content of them.
 */
export async function loadProject(directory: string, options: LoadOptions): Promise<LoadedProject> {
  const projectDirectory = path.resolve(directory);
  const conf = await readConfDirectory(projectDirectory, options.overlay);
  const findings: Findings = [...conf.diagnostics];
  const resolve = propertyResolver({
    env: options.env,
    boot: conf.boot,
    projectDirectory,
    workingDirectory: options.workingDirectory ?? process.cwd(),
  });
  const files = conf.files.map((file) => loadFile(file, resolve, findings));
  const scripts = openScriptFiles(projectDirectory);
  const inline =
    options.inlineMapping === undefined ? null : loadFile(readInlineMapping(options.inlineMapping), resolve, findings);
  const parts = assemble(files, inline, scripts, options, findings);
  checkPlaces(files, projectDirectory, options, findings);
  if (options.checkScript !== undefined) {
    const roots = [...files, ...(inline === null ? [] : [inline])].filter(hasScripts).flatMap(({ root }) => root ?? []);
    checkSyntax(roots, scripts, options.checkScript, findings);
  }
  const isFaulty = findings.some((finding) => finding.severity === 'error');
  const config: ProjectConfig | null =
    isFaulty || parts === null
      ? null
      : { directory: projectDirectory, ...parts, bootProperties: conf.boot, documents: documentsOf(files) };
  return {
    config,
    diagnostics: findings.toSorted(byPlace),
    scripts,
    locate: (name, pointer) =>
      files.find(({ file }) => file === name)?.root?.document.locate(parsePointer(pointer)) ?? {},
  };
}

/** Directories and files that the configuration names. */
function checkPlaces(
  files: readonly LoadedFile[],
  projectDirectory: string,
  { dataDirectory = path.join(projectDirectory, '.lockstep'), overlay = new Map() }: LoadOptions,
  findings: Findings,
): void {
  const roots = { projectDirectory, dataDirectory };
  const places = { ...roots, allowed: allowedPlaces(files.find(({ kind }) => kind === 'lockstep')?.root ?? null) };
  for (const { id, kind, root, file } of files) {
    if (root === null) continue;
    // What is laid over the directory was sent by somebody; what lies in it is trusted.
    const trust = overlay.has(path.basename(file)) ? 'caller' : 'operator';
    if (kind === 'provisioner') checkConnectorFiles(root, places, trust, findings);
    if (id === 'audit') checkAudit(root, roots, findings);
    if (kind === 'lockstep') checkCertificate(root, projectDirectory, findings);
  }
}

function hasScripts({ kind }: LoadedFile): boolean {
  return kind === 'sync' || kind === 'managed' || kind === 'provisioner' || kind === 'schedule';
}

type Parts = Pick<
  ProjectConfig,
  'mappings' | 'managed' | 'connectors' | 'lockstep' | 'namedQueries' | 'schedules' | 'scheduler'
>;

function assemble(
  files: readonly LoadedFile[],
  inline: LoadedFile | null,
  scripts: ScriptFiles,
  options: LoadOptions,
  findings: Findings,
): Parts | null {
  const only = (kind: FileKind) => files.find((file) => file.kind === kind) ?? null;
  const provisioners = files.filter((file) => file.kind === 'provisioner');
  const namedQueries = queriesOf(files);
  const managedFile = only('managed');
  const facts: ProjectFacts = {
    managed:
      managedFile !== null && managedFile.root === null ? null : (managedFacts(managedFile?.root ?? null) ?? new Set()),
    connectors: connectorFacts(provisioners.flatMap((file) => file.root ?? [])),
    hasUnreadableConnector: provisioners.some((file) => file.root === null),
    queries: namedQueries,
    scripts,
  };
  const lockstep = loadLockstep(only('lockstep'), facts, only('sync')?.root ?? null, findings);
  const connectors = loadConnectors(provisioners, scripts, options.connectorKinds ?? null, findings);
  const configured = loadMappings(only('sync'), facts, lockstep, findings);
  const added = inline === null ? [] : loadMappings(inline, facts, lockstep, findings);
  const roots = [only('sync')?.root ?? null, inline?.root ?? null];
  const owners = declaredOwners(only('lockstep')?.root ?? null, roots, findings);
  const mappings = configured === null || added === null ? null : withOwners([...configured, ...added], owners);
  const declared = loadManaged(managedFile, scripts, lockstep, mappings, findings);
  checkOtherFiles(files, scripts, findings);
  const policyFile = files.find(({ id }) => id === 'policy') ?? null;
  const managed = declared === null ? null : withListedPolicies(declared, policyFile, findings);
  if (mappings !== null && managed !== null) findings.push(...checkRoleScripts(mappings, managed, scripts));
  const sync = only('sync')?.root ?? null;
  const scheduleFiles = files.filter((file) => file.kind === 'schedule');
  const schedules = loadSchedules(scheduleFiles, { project: facts, lockstep, sync }, findings);
  const scheduler = loadScheduler(files.find(({ id }) => id === 'scheduler')?.root ?? null, findings);
  if (lockstep === null || connectors === null || mappings === null || managed === null || schedules === null)
    return null;
  return { mappings, managed, connectors, lockstep: lockstep.config, namedQueries, schedules, scheduler };
}

function loadFile(conf: ConfFile, resolve: PropertyResolver, findings: Findings): LoadedFile {
  const { document, kind, id } = conf;
  // Nothing here reads the other files, so that a fault in them stops nothing.
  const isUsed = kind !== 'other' && kind !== 'repo';
  for (const fault of document.diagnostics) findings.push(isUsed ? fault : { ...fault, severity: 'warning' });
  const base = { kind, id, file: document.file };
  if (document.value === undefined) return { ...base, root: null, filled: new Set() };
  const rules = { resolve, dollar: kind !== 'repo', unresolved: isUsed ? 'error' : 'warning' } as const;
  const { value, filled } = substitute(document, document.value, rules, findings);
  const root: JsonNode = { document, tokens: [], value };
  if (kind === 'schedule' && !isJsonObject(value)) report(findings, 'error', root, 'a schedule is an object');
  return { ...base, root, filled };
}

function queriesOf(files: readonly LoadedFile[]): Readonly<Record<string, NamedQuery>> {
  // Without a prototype: a query may be asked for by any name.
  const queries = Object.assign(Object.create(null) as Record<string, NamedQuery>, BUILT_IN_QUERIES);
  for (const file of files)
    if (file.kind === 'repo') Object.assign(queries, readNamedQueries(file.root?.value ?? null));
  return queries;
}

function documentsOf(files: readonly LoadedFile[]): Record<string, ConfigDocument> {
  const documents: Record<string, ConfigDocument> = {};
  for (const { id, file, root } of files)
    if (isJsonObject(root?.value)) documents[id] = { id, file, value: root.value satisfies JsonObject };
  return documents;
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    a.file.localeCompare(b.file) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    a.pointer.localeCompare(b.pointer)
  );
}
