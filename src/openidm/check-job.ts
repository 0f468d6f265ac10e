import { Failure } from '../base/failure.ts';
import { isJsonObject } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { ProjectHolder } from '../app/project-holder.ts';
import type { ScriptConfig } from '../model/script-config.ts';
import { shortServiceName, type Job } from '../schedule/job.ts';
import { parseLocalTime } from '../schedule/local-time.ts';
import { findTimeZone, serverTimeZone } from '../schedule/time-zone.ts';
import { checkedMapping } from './scheduled-services.ts';
import type { ScriptRunner } from './script-runner.ts';
import { readTaskScan, scriptIn } from './task-scan.ts';

/** Rejects with `bad-request` for a job that could only fail: whoever makes one over the network is told at once. */
export type CheckJob = (job: Job) => Promise<void>;

export interface JobCheckDependencies {
  readonly lockstep: Lockstep;
  readonly holder: Pick<ProjectHolder, 'tryOut'>;
  readonly runner: Pick<ScriptRunner, 'check'>;
}

type ServiceCheck = (dependencies: JobCheckDependencies, job: Job) => Promise<void> | void;

const CHECKS: Readonly<Record<string, ServiceCheck>> = {
  sync: checkMapping,
  script: ({ runner }, { invokeContext }) =>
    checkScript(runner, scriptIn(invokeContext, 'script'), ['context', 'input'], 'invokeContext/script'),
  taskscanner: ({ lockstep, runner }, { invokeContext }) => {
    const { script } = readTaskScan(invokeContext, lockstep.clock.nowMs());
    checkScript(runner, script, ['input', 'objectID'], 'invokeContext/task/script');
  },
};

export function jobCheck(dependencies: JobCheckDependencies): CheckJob {
  return async (job) => {
    checkTimes(job);
    const service = shortServiceName(job.invokeService);
    if (Object.hasOwn(CHECKS, service)) await CHECKS[service]!(dependencies, job);
  };
}

function checkTimes({ startTime, endTime, timeZone }: Job): void {
  const zone = timeZone === null ? serverTimeZone() : findTimeZone(timeZone);
  if (startTime === null || endTime === null || zone === null) return;
  const [start, end] = [parseLocalTime(startTime, zone), parseLocalTime(endTime, zone)];
  if (start !== null && end !== null && end < start)
    throw new Failure(
      'bad-request',
      `the job is not right: "endTime": "${endTime}" is before "startTime": "${startTime}"`,
    );
}

async function checkMapping({ lockstep, holder }: JobCheckDependencies, job: Job): Promise<void> {
  const { mapping } = job.invokeContext;
  if (typeof mapping === 'string') lockstep.mappingConfig(mapping);
  else if (isJsonObject(mapping)) await checkedMapping(holder, job);
  else
    throw new Failure(
      'bad-request',
      'the job is not right: "invokeContext" of a job for sync needs "mapping", the name of one or one itself',
    );
}

function checkScript(
  runner: JobCheckDependencies['runner'],
  script: ScriptConfig,
  variables: readonly string[],
  place: string,
): void {
  const fault = runner.check(script, variables, place);
  if (fault === null) return;
  const position = fault.line === null ? '' : ` (line ${fault.line}, column ${fault.column ?? 1} of the script)`;
  throw new Failure('bad-request', `the job is not right: ${place}: ${fault.message}${position}`);
}
