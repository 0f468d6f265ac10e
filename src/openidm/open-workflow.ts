import path from 'node:path';
import { formatDiagnostic, placedDiagnostic, type Diagnostic } from '../base/diagnostic.ts';
import { messageOf } from '../base/failure.ts';
import { watchFolders } from '../app/watch-folders.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { holdLease, ownerName } from '../recon/lease.ts';
import { scriptFaults } from './check-workflow.ts';
import { readWorkflowFiles, WORKFLOW_FOLDER } from '../workflow/workflow-files.ts';
import { openWorkflow, type WorkflowService } from '../workflow/workflow-service.ts';
import type { ScriptRunner } from './script-runner.ts';
import { workflowDefinitions } from './workflow-definitions.ts';
import { workflowHistory, workflowInstances } from './workflow-instances.ts';
import { performWork } from './workflow-scripts.ts';
import { workflowTaskHistory, workflowTasks } from './workflow-tasks.ts';
import { completeApproval } from './workflow-approval.ts';

export interface OpenWorkflowOptions {
  /** Whether files are watched and timers fire: in a server, not in a command. */
  readonly isRunning: boolean;
  readonly isWatching: boolean;
  readonly settleMs?: number;
  readonly intervalMs?: number;
}

export interface ProjectWorkflow {
  readonly service: WorkflowService;
  /** Reads the files of `workflow/` again. Faults are told in the log, once. */
  reload(): Promise<readonly Diagnostic[]>;
  close(): Promise<void>;
}

const SETTLE_MS = 200;

/** Mounts `workflow/*` of a project. */
export async function openProjectWorkflow(
  lockstep: Lockstep,
  runner: ScriptRunner,
  { isRunning, isWatching, settleMs = SETTLE_MS, intervalMs }: OpenWorkflowOptions,
): Promise<ProjectWorkflow> {
  const { repository, clock, newId, log, router } = lockstep;
  const owner = ownerName(newId());
  const service = await openWorkflow(
    {
      repository,
      clock,
      newId,
      log,
      perform: (work) => performWork(lockstep, runner, work),
      hold: (name) => holdLease(repository.leases, name, owner),
    },
    { isRunning, ...(intervalMs === undefined ? {} : { intervalMs }) },
  );
  mount(lockstep, service);
  let told = '';
  const reload = async (): Promise<readonly Diagnostic[]> => {
    const { files, faults } = await readWorkflowFiles(lockstep.config.directory);
    const all = [
      ...faults,
      ...(await service.deployments.deploy(files)),
      ...scriptFaults(files, (source) => lockstep.scripts.check([source])[0] ?? null),
    ];
    const text = all.map(formatDiagnostic).join('\n');
    if (text !== told)
      for (const one of all) log.write(one.severity === 'error' ? 'error' : 'warn', placedDiagnostic(one));
    told = text;
    return all;
  };
  await reload();
  const noticed = (): void =>
    void reload().catch((error) => log.write('error', `workflow/ cannot be read: ${messageOf(error)}`));
  const folders = isWatching ? [path.join(lockstep.config.directory, WORKFLOW_FOLDER)] : [];
  const watch = watchFolders(folders, settleMs, noticed, log);
  return {
    service,
    reload,
    close: async () => {
      watch.close();
      for (const place of PLACES) router.unmount(`workflow/${place}`);
      await service.close();
    },
  };
}

const PLACES = [
  'processdefinition',
  'processinstance',
  'processinstance/history',
  'taskinstance',
  'taskinstance/history',
] as const;

function mount(lockstep: Lockstep, workflow: WorkflowService): void {
  const { router, repository } = lockstep;
  const resources = {
    processdefinition: workflowDefinitions(repository, workflow.deployments),
    processinstance: workflowInstances(repository, workflow),
    'processinstance/history': workflowHistory(repository),
    taskinstance: workflowTasks({
      repository,
      workflow,
      completeApproval: (task, content, context) => completeApproval(lockstep, task, content, context),
    }),
    'taskinstance/history': workflowTaskHistory(repository),
  };
  for (const place of PLACES) router.mount(`workflow/${place}`, resources[place]);
}
