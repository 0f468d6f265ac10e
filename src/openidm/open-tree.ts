import { openLiveFollowers } from '../app/live/live-followers.ts';
import { openLiveSync } from '../app/live/live-sync.ts';
import { openProjectHolder, type ProjectHolder } from '../app/project-holder.ts';
import type { LoadOptions } from '../app/config/load-project.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { RunSnapshot } from '../app/run-job.ts';
import { openRunManager, type RunManager } from '../app/run-manager.ts';
import { auditResource } from '../audit/audit-resource.ts';
import { Failure } from '../base/failure.ts';
import { policyResource } from '../managed/policies/policy-resource.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import { configResource } from './config-resource.ts';
import { endpointCheck } from './endpoint-check.ts';
import { endpointResource } from './endpoint-resource.ts';
import { openProjectScheduler } from './open-scheduler.ts';
import { openProjectWorkflow, type ProjectWorkflow } from './open-workflow.ts';
import { reconResource } from './recon-resource.ts';
import { repoResource } from './repo-resource.ts';
import { scriptResource } from './script-resource.ts';
import { scriptRunner, type ScriptRunner } from './script-runner.ts';
import { failureScripts } from './sync-failure-script.ts';
import { syncResource } from './sync-resource.ts';
import type { LiveActions } from './system-live-sync.ts';
import { systemResource } from './system-resource.ts';

export interface TreeOptions {
  /** With what the project was loaded. */
  readonly loadOptions: Omit<LoadOptions, 'overlay'>;
  /** Whether changes of the project directory are noticed by themselves. */
  readonly isWatching: boolean;
  /** Whether work goes on without being asked for: timers of workflows, changes that wait to be pushed. Default: as `isWatching`. */
  readonly isServing?: boolean;
}

/** Hears of each run that is over. */
export type RunEndListener = (snapshot: RunSnapshot) => void;

/** The whole resource tree of a project, and what keeps it going. */
export interface Tree {
  readonly runs: RunManager;
  readonly holder: ProjectHolder;
  readonly runner: ScriptRunner;
  readonly workflow: ProjectWorkflow;
  /** What brings changes of external systems in. */
  readonly live: LiveActions;
  /** Fires nothing until it is started: whoever serves does so. */
  readonly scheduler: Scheduler;
  onRunEnd(listener: RunEndListener): void;
  /** Checkpoints what runs, then ends the rest; the `Lockstep` is closed by whoever opened it. */
  close(): Promise<void>;
}

/** Mounts everything but `info` and `authentication`, which belong to whoever serves (`openProjectSecurity`). */
export async function openTree(lockstep: Lockstep, options: TreeOptions): Promise<Tree> {
  const holder = await openProjectHolder({ lockstep, ...options });
  const listeners = new Set<RunEndListener>();
  const runs = openRunManager(lockstep, {
    onEnd: (snapshot) => listeners.forEach((listener) => listener(snapshot)),
  });
  const runner = scriptRunner(lockstep, (context) => lockstep.calls(context));
  const live = openLive(lockstep, runs, runner);
  mountStores(lockstep, live);
  mountConfiguration(lockstep, holder, runner);
  const { router } = lockstep;
  router.mount('recon', reconResource({ lockstep, runs }));
  router.mount('sync', syncResource({ lockstep, runs }));
  const { isWatching, isServing = isWatching } = options;
  const workflow = await openProjectWorkflow(lockstep, runner, { isRunning: isServing, isWatching });
  const schedules = await openProjectScheduler(lockstep, { holder, runs, runner });
  const unsubscribe = holder.subscribe(async ({ scripts, documents }) => {
    if (scripts || documents.includes('lockstep')) await runner.renew();
    if (scripts) lockstep.changes.worlds.renew();
    live.followers.renew();
  });
  if (isServing) {
    lockstep.changes.start();
    live.followers.start();
  }
  return {
    runs,
    holder,
    runner,
    workflow,
    live,
    scheduler: schedules.scheduler,
    onRunEnd: (listener) => void listeners.add(listener),
    close: async () => {
      unsubscribe();
      if (isServing) lockstep.changes.stop();
      await Promise.all([schedules.close(), live.followers.close()]);
      await Promise.all([live.live.close(), runs.close()]);
      await workflow.close();
      await holder.close();
      await runner.close();
    },
  };
}

/** LiveSync, with what it needs of the runs and scripts of the tree. */
function openLive(lockstep: Lockstep, runs: RunManager, runner: ScriptRunner): LiveActions {
  const live = openLiveSync(lockstep, {
    runFailureScript: failureScripts(lockstep, runner),
    reconcile: async (mapping, { caller, transactionId }) => {
      const runId = await runs.start({ kind: 'recon', mapping, overrides: {}, initiatedBy: caller.id, transactionId });
      const { record, progress } = await runs.wait(runId);
      if (record.state !== 'SUCCESS')
        throw new Failure(
          'conflict',
          `run ${runId} of ${mapping} ended as ${record.state}: ${progress.error ?? 'see its entries'}`,
        );
    },
  });
  return { live, followers: openLiveFollowers(lockstep, live) };
}

function mountStores(lockstep: Lockstep, live: LiveActions): void {
  const { router, audit: service, repository, reconView: recon, clock, newId } = lockstep;
  const audit = auditResource({ service, repository, recon, clock, newId });
  router.mount('audit', audit);
  const repo = repoResource({
    repository,
    newId,
    managed: () => lockstep.config.managed,
    namedQueries: () => lockstep.config.namedQueries,
    audit,
  });
  router.mount('repo', repo);
  router.mount('system', systemResource({ lockstep, record: (events) => service.record(events), live }));
  router.mount('policy', policyResource({ types: () => lockstep.managedTypes() }));
}

function mountConfiguration(lockstep: Lockstep, holder: ProjectHolder, runner: ScriptRunner): void {
  const { router, audit, log } = lockstep;
  const config = configResource({
    lockstep,
    holder,
    checks: [endpointCheck(runner)],
    record: (change, context) => audit.record([audit.events.config(context, change)], context.cause),
  });
  router.mount('config', config);
  router.mount('script', scriptResource(runner));
  const endpoint = endpointResource(() => lockstep.config, runner, log);
  router.mount('endpoint', endpoint);
}
