import { isJsonObject } from '../../base/json.ts';
import { formatPointer } from '../../base/json-pointer.ts';
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import { shortServiceName, type Job } from '../../schedule/job.ts';
import { JOB_KEYS, readJob, type JobFault } from '../../schedule/read-job.ts';
import { checkMappings } from './check-mappings.ts';
import { checkScripts } from './check-scripts.ts';
import { checkSchema } from './check-schema.ts';
import { entries, items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import type { LoadedFile } from './loaded-file.ts';
import type { LoadedLockstep } from './load-lockstep.ts';
import { didYouMean } from './nearest-name.ts';
import type { ScheduleConfig } from './project-config.ts';
import type { ProjectFacts } from './project-facts.ts';
import { readMapping } from './read-mapping.ts';
import { syncSchema } from './schema-sync.ts';

/** What schedules refer to. */
export interface ScheduleFacts {
  readonly project: ProjectFacts;
  readonly lockstep: LoadedLockstep | null;
  readonly sync: JsonNode | null;
}

/** Kept by other versions of the format, or for people. */
const WITHOUT_EFFECT = new Set([
  '$schema',
  '_id',
  '_rev',
  'comment',
  'description',
  'recoverable',
  'loggerName',
  'triggers',
  'nextRunDate',
  'previousRunDate',
]);

/**
 * The jobs of `conf/schedule-<name>.json` (specification §11.1). One that is switched off has warnings where another one has errors.
 * Null: a file has an error.
 */
export function loadSchedules(
  files: readonly LoadedFile[],
  facts: ScheduleFacts,
  findings: Findings,
): readonly ScheduleConfig[] | null {
  const schedules: ScheduleConfig[] = [];
  let isFaulty = false;
  for (const file of files) {
    const own: Findings = [];
    const schedule = loadSchedule(file, facts, own);
    const isOff = isJsonObject(file.root?.value) && isFalse(file.root.value['enabled']);
    findings.push(...own.map((one): Diagnostic => (isOff ? { ...one, severity: 'warning' } : one)));
    if (own.some(({ severity }) => severity === 'error')) isFaulty ||= !isOff;
    else if (schedule !== null) schedules.push(schedule);
  }
  return isFaulty ? null : schedules;
}

function loadSchedule(file: LoadedFile, facts: ScheduleFacts, findings: Findings): ScheduleConfig | null {
  const { root, id } = file;
  // That a schedule is no object is told where the file is read.
  if (root === null || !isJsonObject(root.value)) return null;
  const { job, faults } = readJob(id.slice(id.indexOf('/') + 1), root.value, { persisted: false });
  for (const fault of faults) reportFault(file, root, fault, findings);
  checkKeys(root, findings);
  const mapping = member(member(root, 'invokeContext'), 'mapping');
  if (job === null) return null;
  checkService(root, job, facts, findings);
  const isInline = shortServiceName(job.invokeService) === 'sync' && isJsonObject(mapping.value);
  return { job, mapping: isInline ? inlineMapping(file, mapping, facts, findings) : null, file: file.file };
}

function reportFault(
  file: LoadedFile,
  root: JsonNode,
  { key, value, reason, hint }: JobFault,
  findings: Findings,
): void {
  const node = member(root, key);
  const isShown = !file.filled.has(formatPointer(node.tokens)) && typeof value === 'string';
  const subject =
    value === undefined ? `the key "${key}"` : isShown ? JSON.stringify(value.slice(0, 100)) : `the value of "${key}"`;
  report(findings, 'error', node, `${subject} ${reason}`, hint);
}

function checkKeys(root: JsonNode, findings: Findings): void {
  for (const [key, node] of entries(root)) {
    if (WITHOUT_EFFECT.has(key) || JOB_KEYS.some((known) => known === key)) continue;
    const hint = didYouMean(key, JOB_KEYS) ?? `Known here: ${JOB_KEYS.join(', ')}.`;
    report(findings, 'warning', node, `the key "${key}" is not known and has no effect`, hint);
  }
}

const SERVICES = ['sync', 'provisioner', 'script', 'taskscanner'];

function checkService(root: JsonNode, job: Job, { project, sync }: ScheduleFacts, findings: Findings): void {
  const service = shortServiceName(job.invokeService);
  const node = member(root, 'invokeService');
  const context = member(root, 'invokeContext');
  if (!SERVICES.includes(service))
    return report(
      findings,
      'warning',
      node,
      'there is no such service here: the job will do nothing',
      didYouMean(service, SERVICES) ?? `There are ${SERVICES.join(', ')}.`,
    );
  if (service === 'sync') return checkMappingName(context, sync, findings);
  if (service === 'provisioner') return checkSource(context, project, findings);
  const script = service === 'script' ? member(context, 'script') : member(member(context, 'task'), 'script');
  if (isJsonObject(script.value)) checkScripts(script, project.scripts, findings);
  else report(findings, 'error', script, 'there is no script to be run');
}

function checkMappingName(context: JsonNode, sync: JsonNode | null, findings: Findings): void {
  const node = member(context, 'mapping');
  if (isJsonObject(node.value)) return;
  const name = textOf(node);
  if (name === null)
    return report(findings, 'error', node, 'there is no mapping to be run', 'Name one of conf/sync.json.');
  const names = items(member(sync ?? context, 'mappings')).flatMap((one) => textOf(member(one, 'name')) ?? []);
  if (sync !== null && !names.includes(name))
    report(findings, 'warning', node, `there is no mapping "${name}"`, didYouMean(name, names));
}

function checkSource(
  context: JsonNode,
  { connectors, hasUnreadableConnector }: ProjectFacts,
  findings: Findings,
): void {
  const node = member(context, 'source');
  const source = textOf(node);
  const match = /^\/?system\/([^/]+)(?:\/[^/]+)?$/.exec(source ?? '');
  if (match === null)
    return report(
      findings,
      'error',
      node,
      'there is no collection whose changes are to be read',
      'Name one such as system/ldap/account.',
    );
  if (!connectors.has(match[1]!) && !hasUnreadableConnector)
    report(findings, 'warning', node, `there is no system "${match[1]}"`, didYouMean(match[1]!, connectors.keys()));
}

/** It is checked as one of `sync.json` would be, together with those that are there. */
function inlineMapping(
  file: LoadedFile,
  node: JsonNode,
  facts: ScheduleFacts,
  findings: Findings,
): MappingConfig | null {
  const { project, lockstep, sync } = facts;
  const found: Findings = [];
  const document = {
    ...node.document,
    locate: (tokens: readonly string[]) => node.document.locate([...node.tokens, ...tokens.slice(2)]),
  };
  const name = textOf(member(node, 'name'));
  const others = items(member(sync ?? node, 'mappings')).filter((one) => textOf(member(one, 'name')) !== name);
  const root = (mappings: readonly JsonNode[]): JsonNode => ({
    document,
    tokens: [],
    value: { mappings: mappings.flatMap((one) => one.value ?? []) },
  });
  const filled = new Set(
    [...file.filled].map((pointer) => pointer.replace(/^\/invokeContext\/mapping/, '/mappings/0')),
  );
  checkMappings(root([node, ...others]), project, found);
  const json = checkSchema(syncSchema, root([node]), { filled }, found);
  const own = found.filter(({ pointer }) => /^\/mappings\/0(?:\/|$)/.test(pointer));
  for (const one of own)
    findings.push({ ...one, pointer: one.pointer.replace('/mappings/0', '/invokeContext/mapping') });
  if (json === null || lockstep === null || own.some(({ severity }) => severity === 'error')) return null;
  const mapping = json.mappings[0]!;
  return readMapping(mapping, {
    raw: isJsonObject(node.value) ? node.value : {},
    file: file.file,
    pointer: '/invokeContext/mapping',
    guard: lockstep.guardOf(mapping.name),
    hasScript: (script) => project.scripts.find(script).kind === 'file',
  });
}

function isFalse(value: unknown): boolean {
  return value === false || value === 'false';
}
