import { Failure } from '../base/failure.ts';
import type { Deployments } from './deployments.ts';
import type { Driver } from './drive.ts';
import type { Wakener } from './due-timers.ts';
import type { InstanceDoc } from './records.ts';
import type { WorkflowSurroundings } from './workflow-port.ts';

/** What every command on workflows works with. */
export interface Parts {
  readonly surroundings: WorkflowSurroundings;
  readonly deployments: Deployments;
  readonly driver: Driver;
  readonly wakener: Wakener;
}

/** What follows from a step that somebody asked for. Work that another process does is its business. */
export async function goOn({ driver, wakener }: Parts, id: string, doc: InstanceDoc): Promise<void> {
  wakener.note(doc.dueMs);
  if (!doc.marks.includes('work')) return;
  try {
    await driver.drive(id);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'locked') throw error;
  }
}

export function noInstance(id: string): Failure {
  return new Failure('not-found', `there is no open process instance ${id}`);
}
