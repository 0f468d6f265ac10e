import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { shortServiceName } from '../schedule/job.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import { SYSTEM_CALLER, type RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';
import { answerOf, type Resource } from '../resource/resource.ts';
import { readTaskScan } from './task-scan.ts';
import type { TaskScanner } from './task-scanner.ts';

interface Dependencies {
  readonly lockstep: Lockstep;
  readonly scheduler: Scheduler;
  readonly scanner: TaskScanner;
}

/** `taskscanner` (specification §11.7): `execute`, `GET`, and `cancel` of a scan. */
export function taskScannerResource(dependencies: Dependencies): Resource {
  const { scanner } = dependencies;
  return {
    read: async (_request, id) => {
      if (id === '') return answerOf('', { tasks: [...scanner.list()] });
      const task = scanner.read(id);
      if (task === null) throw notFound(id);
      return answerOf(id, task);
    },
    action: async (request, id, context) => {
      const action = request.action.toLowerCase();
      if (id === '' && action === 'execute') return execute(dependencies, request, context);
      if (id !== '' && action === 'cancel') return cancel(scanner, id);
      const known = id === '' ? 'execute' : 'cancel';
      throw new Failure(
        'bad-request',
        `Unknown action ${request.action}: taskscanner${id === '' ? '' : '/<id>'} has ${known}`,
      );
    },
  };
}

async function execute(
  { lockstep, scheduler, scanner }: Dependencies,
  { parameters }: ActionRequest,
  { caller, transactionId }: RequestContext,
): Promise<JsonObject> {
  const name = parameters['name'] ?? '';
  if (name === '')
    throw new Failure('bad-request', "Action execute requires a parameter 'name', such as schedule/taskscan_sunset");
  const scan = readTaskScan(await invokeContext(lockstep, scheduler, name), lockstep.clock.nowMs());
  const context: RequestContext = {
    caller: { ...SYSTEM_CALLER, id: caller.id },
    transactionId,
    parentActionId: null,
    cause: 'schedule',
    mode: 'live',
  };
  const { id, end } = scanner.begin(scan, context);
  if (scan.waitForCompletion) await end;
  return { _id: id };
}

/** That of a schedule of the project, or of a job that was made over the network. */
async function invokeContext({ config }: Lockstep, scheduler: Scheduler, name: string): Promise<JsonObject> {
  const id = name.replace(/^(?:config\/)?schedule\//, '');
  const job =
    config.schedules.find((schedule) => schedule.job.id === id)?.job ??
    (await scheduler.read(name.replace(/^scheduler\/job\//, '')))?.job;
  if (job === undefined) throw new Failure('not-found', `there is no schedule "${name.slice(0, 200)}"`);
  if (shortServiceName(job.invokeService) !== 'taskscanner')
    throw new Failure('bad-request', `the schedule "${id}" invokes ${job.invokeService}, not taskscanner`);
  return job.invokeContext;
}

function cancel(scanner: TaskScanner, id: string): JsonObject {
  const isCancelled = scanner.cancel(id);
  if (isCancelled === null) throw notFound(id);
  return { _id: id, action: 'cancel', status: isCancelled ? 'SUCCESS' : 'FAILURE' };
}

function notFound(id: string): Failure {
  return new Failure('not-found', `there is no scan for tasks ${id.slice(0, 100)}`);
}
