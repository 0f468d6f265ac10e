import type { Lockstep } from '../app/lockstep.ts';
import type { ProjectHolder } from '../app/project-holder.ts';
import type { RunManager } from '../app/run-manager.ts';
import { holdLease, isHolderDead, ownerName } from '../recon/lease.ts';
import { Failure } from '../base/failure.ts';
import type { Leases } from '../model/repository.ts';
import { openScheduler, type Exclusion, type Scheduler } from '../schedule/scheduler.ts';
import { storedBook } from '../schedule/stored-book.ts';
import type { Timers } from '../schedule/wake-timer.ts';
import { jobCheck } from './check-job.ts';
import { fireService } from './scheduled-services.ts';
import { schedulerResource } from './scheduler-resource.ts';
import type { ScriptRunner } from './script-runner.ts';
import { openTaskScanner } from './task-scanner.ts';
import { taskScannerResource } from './task-scanner-resource.ts';

export interface ProjectSchedulerOptions {
  readonly holder: ProjectHolder;
  readonly runs: RunManager;
  readonly runner: ScriptRunner;
  readonly timers?: Timers;
}

/** The scheduler of a project with its services and resources. It follows the project, and fires nothing until it is started. */
export interface ProjectScheduler {
  readonly scheduler: Scheduler;
  /** What is being carried out is aborted; resolves when it has ended. */
  close(): Promise<void>;
}

/** Mounts `scheduler` and `taskscanner`. */
export async function openProjectScheduler(
  lockstep: Lockstep,
  { holder, runs, runner, timers }: ProjectSchedulerOptions,
): Promise<ProjectScheduler> {
  const { router, repository, clock, log, newId } = lockstep;
  const maxCompleted = (): number => completedScans(lockstep);
  const scanner = openTaskScanner({ router, runner, clock, newId, log, maxCompleted });
  const scheduler = openScheduler({
    stored: await storedBook(repository, log),
    exclusion: leaseExclusion(repository.leases, ownerName(newId())),
    nodeId: lockstep.config.bootProperties['openidm.node.id'] ?? 'node1',
    fire: fireService({ lockstep, holder, runs, runner, scanner }),
    clock,
    log,
    newId,
    ...(timers === undefined ? {} : { timers }),
  });
  const follow = (): Promise<void> =>
    scheduler.configure(
      lockstep.config.schedules.map(({ job }) => job),
      lockstep.config.scheduler,
    );
  await follow();
  router.mount('scheduler', schedulerResource({ scheduler, newId, checkJob: jobCheck({ lockstep, holder, runner }) }));
  router.mount('taskscanner', taskScannerResource({ lockstep, scheduler, scanner }));
  const unsubscribe = holder.subscribe(async ({ documents }) => {
    if (documents.some((id) => id === 'scheduler' || id.startsWith('schedule/'))) await follow();
  });
  return {
    scheduler,
    close: async () => {
      unsubscribe();
      await Promise.all([scheduler.stop(), scanner.close()]);
    },
  };
}

/** Leases of the repository. One of a process that is known to be dead counts as free; others end by themselves. */
export function leaseExclusion(leases: Leases, owner: string): Exclusion {
  return {
    owner,
    isGone: async (other) => isHolderDead(other) || (await leases.holder(nodeLease(other))) === null,
    announce: async () => (await holdLease(leases, nodeLease(owner), owner)).release,
    hold: async (name) => {
      try {
        return (await holdLease(leases, name, `${owner}/${name}`)).release;
      } catch (error) {
        if (error instanceof Failure && error.code === 'locked') return null;
        throw error;
      }
    },
  };
}

function nodeLease(owner: string): string {
  return `schedule/node/${owner}`;
}

function completedScans({ config }: Lockstep): number {
  const wanted = Number(config.bootProperties['openidm.taskscanner.maxcompletedruns'] ?? 100);
  return Number.isInteger(wanted) && wanted >= 0 && wanted <= 10_000 ? wanted : 100;
}
