import { Failure, messageOf } from '../base/failure.ts';
import { deepEqual, isJsonObject, type JsonObject } from '../base/json.ts';
import { formatDiagnostic } from '../base/diagnostic.ts';
import type { LogLevel } from '../base/log.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { ProjectHolder } from '../app/project-holder.ts';
import type { RunManager } from '../app/run-manager.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import { SYSTEM_CALLER, type RequestContext } from '../resource/context.ts';
import { contextFor } from '../resource/script-context.ts';
import { jobJson, shortServiceName, type Job } from '../schedule/job.ts';
import type { Firing } from '../schedule/scheduler.ts';
import { completed } from './recon-start.ts';
import { readOverrides } from './recon-overrides.ts';
import type { ScriptRunner } from './script-runner.ts';
import { readTaskScan, scriptIn } from './task-scan.ts';
import type { TaskScanner } from './task-scanner.ts';

export interface ServiceDependencies {
  readonly lockstep: Lockstep;
  readonly holder: Pick<ProjectHolder, 'tryOut'>;
  readonly runs: RunManager;
  readonly runner: ScriptRunner;
  readonly scanner: TaskScanner;
}

/**
 * Carries out a job by its service (specification §11.2), tells the log and the audit, and resolves when it is done. Rejects with what
 * went wrong; an unknown service is a `Failure('bad-configuration')`.
 */
export function fireService(dependencies: ServiceDependencies): (firing: Firing) => Promise<void> {
  return async (firing) => {
    const { log, clock } = dependencies.lockstep;
    const { job } = firing;
    log.write(levelOf(job), `job ${job.id} is fired: ${shortServiceName(job.invokeService)}`);
    const context = contextOf(firing);
    let fault: unknown = null;
    try {
      await call(dependencies, firing, context);
    } catch (error) {
      fault = error;
    }
    await audit(dependencies.lockstep, firing, fault, clock.nowMs());
    if (fault !== null) throw fault;
    log.write(levelOf(job), `job ${job.id} is done`);
  };
}

type Service = (dependencies: ServiceDependencies, firing: Firing, context: RequestContext) => Promise<void>;

const SERVICES: Readonly<Record<string, Service>> = {
  sync: reconcile,
  provisioner: readChanges,
  script: runScript,
  taskscanner: scanTasks,
};

async function call(dependencies: ServiceDependencies, firing: Firing, context: RequestContext): Promise<void> {
  const name = shortServiceName(firing.job.invokeService);
  const service = Object.hasOwn(SERVICES, name) ? SERVICES[name] : undefined;
  if (service === undefined)
    throw new Failure(
      'bad-configuration',
      `there is no service "${firing.job.invokeService}": "invokeService" takes ${Object.keys(SERVICES).join(', ')}`,
    );
  await service(dependencies, firing, context);
}

function contextOf({ id, signal }: Firing): RequestContext {
  return { caller: SYSTEM_CALLER, transactionId: id, parentActionId: null, cause: 'schedule', mode: 'live', signal };
}

/** Runs a mapping and waits for its end; or until the scheduler stops, when whoever carries out runs stops it, too. */
async function reconcile(
  dependencies: ServiceDependencies,
  { job, signal }: Firing,
  context: RequestContext,
): Promise<void> {
  const { action = 'reconcile', mapping, ...overrides } = job.invokeContext;
  if (typeof action !== 'string' || !/^recon/i.test(action))
    throw new Failure(
      'bad-configuration',
      `"action" of a job for sync must be "reconcile", not ${JSON.stringify(action)}`,
    );
  const { lockstep } = dependencies;
  const found = typeof mapping === 'string' ? lockstep.mappingConfig(mapping) : await inlineMapping(dependencies, job);
  const overriding = { config: lockstep.config, mapping: found, caller: context.caller };
  const runId = await dependencies.runs.start({
    kind: 'recon',
    mapping: typeof mapping === 'string' ? mapping : found,
    overrides: readOverrides(overrides, overriding),
    initiatedBy: context.caller.id,
    transactionId: context.transactionId,
  });
  await orAborted(completed(dependencies.runs, runId), signal);
}

/** The mapping that the job has of its own: as it was read with the project, or else checked now. */
async function inlineMapping({ lockstep, holder }: ServiceDependencies, job: Job): Promise<MappingConfig> {
  const own = job.invokeContext['mapping'];
  if (!isJsonObject(own)) throw new Failure('bad-configuration', '"mapping" must name a mapping, or be one');
  const known = lockstep.config.schedules.find(({ mapping }) => mapping !== null && deepEqual(mapping.raw, own));
  return known?.mapping ?? checkedMapping(holder, job);
}

/** Nothing is written: the project is read as if the job were a file of it. */
const SHADOW_FILE = 'schedule-.job.json';

/** Throws `Failure('bad-request')` with everything that is wrong with the mapping of a job. */
export async function checkedMapping(holder: Pick<ProjectHolder, 'tryOut'>, job: Job): Promise<MappingConfig> {
  const bytes = Buffer.from(JSON.stringify({ ...jobJson(job), enabled: true }));
  const { config, diagnostics } = await holder.tryOut(new Map([[SHADOW_FILE, bytes]]));
  const file = `conf/${SHADOW_FILE}`;
  const found = config?.schedules.find((schedule) => schedule.file === file)?.mapping;
  if (found) return found;
  const faults = diagnostics.filter((one) => one.severity === 'error');
  const told = faults.filter((one) => one.file === file);
  const text = (told.length > 0 ? told : faults).map((one) => formatDiagnostic({ ...one, file: 'job' })).join('; ');
  throw new Failure('bad-request', `the mapping of the job cannot be used: ${text === '' ? 'it is none' : text}`);
}

async function readChanges({ lockstep }: ServiceDependencies, { job }: Firing, context: RequestContext): Promise<void> {
  const { action = 'liveSync', source, mode } = job.invokeContext;
  if (typeof source !== 'string' || source === '')
    throw new Failure(
      'bad-configuration',
      '"source" of a job for provisioner must be a collection such as system/ldap/account',
    );
  if (typeof action !== 'string' || !/^(?:live|active)sync$/i.test(action))
    throw new Failure(
      'bad-configuration',
      `"action" of a job for provisioner must be "liveSync", not ${JSON.stringify(action)}`,
    );
  const answer = await lockstep.router.handle(
    {
      verb: 'action',
      path: source.replace(/^\/+|\/+$/g, ''),
      action: 'liveSync',
      content: null,
      parameters: { detailedFailure: 'true', ...(mode === 'push' ? { mode } : {}) },
      fields: null,
    },
    context,
  );
  const told = answer.kind === 'action' && isJsonObject(answer.value) ? answer.value['lastException'] : undefined;
  const reason = isJsonObject(told) ? told['throwable'] : undefined;
  if (told !== undefined && told !== null)
    throw new Failure(
      'conflict',
      `the changes of ${source} stopped at one that failed: ${String(reason ?? 'no reason was given')}`,
    );
}

async function runScript({ runner }: ServiceDependencies, { job }: Firing, context: RequestContext): Promise<void> {
  const script = scriptIn(job.invokeContext, 'script');
  const input = job.invokeContext['input'];
  const variables: JsonObject = {
    context: contextFor(context),
    ...(input === undefined && Object.hasOwn(script.constants, 'input') ? {} : { input: input ?? null }),
  };
  await runner.run(script, variables, context, `script of the job ${job.id}`);
}

/** Waits for the end of the scan, so that the next one does not begin before. */
async function scanTasks(
  { lockstep, scanner }: ServiceDependencies,
  { job }: Firing,
  context: RequestContext,
): Promise<void> {
  const { id, end } = scanner.begin(readTaskScan(job.invokeContext, lockstep.clock.nowMs()), context);
  await end;
  const progress = scanner.read(id)?.['progress'];
  if (isJsonObject(progress) && progress['state'] === 'ERROR')
    throw new Failure('conflict', `the scan ${id} failed; the log says why`);
}

async function orAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const settled = work.then(() => {});
  settled.catch(() => {});
  await Promise.race([settled, promise]).finally(() => signal.removeEventListener('abort', stop));
}

/** An entry of `audit/access` (specification §11.2); that it cannot be kept fails no job. */
async function audit(
  { audit: service, log, newId }: Lockstep,
  firing: Firing,
  fault: unknown,
  nowMs: number,
): Promise<void> {
  const { job, id, firedMs } = firing;
  const event: JsonObject = {
    eventName: 'access',
    request: {
      protocol: 'OPENIDM',
      operation: 'ScheduledTask',
      detail: { taskName: job.id, service: job.invokeService },
    },
    response: {
      status: fault === null ? 'SUCCESSFUL' : 'FAILED',
      statusCode: fault === null ? null : String(fault instanceof Failure ? fault.status : 500),
      detail: fault === null ? null : { reason: messageOf(fault) },
      elapsedTime: nowMs - firedMs,
      elapsedTimeUnits: 'MILLISECONDS',
    },
    roles: [...SYSTEM_CALLER.roles],
  };
  const entry = {
    id: newId(),
    topic: 'access',
    timestampMs: firedMs,
    transactionId: id,
    userId: SYSTEM_CALLER.id,
    event,
  } as const;
  await service
    .later(entry, 'schedule')
    .catch((error: unknown) => log.write('error', `job ${job.id} was not audited: ${messageOf(error)}`));
}

function levelOf({ invokeLogLevel }: Job): LogLevel {
  return invokeLogLevel === 'fatal' ? 'error' : invokeLogLevel;
}
