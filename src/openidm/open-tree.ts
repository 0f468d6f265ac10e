import { openProjectHolder, type ProjectHolder } from '../app/project-holder.ts';
import type { LoadOptions } from '../app/config/load-project.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { RunSnapshot } from '../app/run-job.ts';
import { openRunManager, type RunManager } from '../app/run-manager.ts';
import { auditResource } from '../audit/audit-resource.ts';
import { policyResource } from '../managed/policies/policy-resource.ts';
import { configResource } from './config-resource.ts';
import { endpointCheck } from './endpoint-check.ts';
import { endpointResource } from './endpoint-resource.ts';
import { reconResource } from './recon-resource.ts';
import { repoResource } from './repo-resource.ts';
import { scriptResource } from './script-resource.ts';
import { scriptRunner, type ScriptRunner } from './script-runner.ts';
import { syncResource } from './sync-resource.ts';
import { systemResource } from './system-resource.ts';

export interface TreeOptions {
  /** With what the project was loaded. */
  readonly loadOptions: Omit<LoadOptions, 'overlay'>;
  /** Whether changes of the project directory are noticed by themselves. */
  readonly isWatching: boolean;
}

/** Hears of each run that is over. */
export type RunEndListener = (snapshot: RunSnapshot) => void;

/** The whole resource tree of a project, and what keeps it going. */
export interface Tree {
  readonly runs: RunManager;
  readonly holder: ProjectHolder;
  readonly runner: ScriptRunner;
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
  mountStores(lockstep);
  mountConfiguration(lockstep, holder, runner);
  const { router } = lockstep;
  router.mount('recon', reconResource({ lockstep, runs }));
  router.mount('sync', syncResource({ lockstep, runs }));
  const unsubscribe = holder.subscribe(async ({ scripts, documents }) => {
    if (scripts || documents.includes('lockstep')) await runner.renew();
  });
  return {
    runs,
    holder,
    runner,
    onRunEnd: (listener) => void listeners.add(listener),
    close: async () => {
      unsubscribe();
      await runs.close();
      await holder.close();
      await runner.close();
    },
  };
}

function mountStores(lockstep: Lockstep): void {
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
  router.mount('system', systemResource({ lockstep, record: (events) => service.record(events) }));
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
