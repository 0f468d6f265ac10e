import { collection } from './collection.ts';
import type { PathDescriptor } from './descriptor.ts';
import { auditPaths } from './paths-audit.ts';
import { connectorPaths } from './paths-connectors.ts';
import { otherPaths } from './paths-other.ts';
import { repositoryPaths } from './paths-repository.ts';
import { runPaths } from './paths-runs.ts';
import { schedulePaths } from './paths-schedule.ts';
import { syncPaths } from './paths-sync.ts';
import { workflowPaths } from './paths-workflow.ts';

/** All that is known about the tree besides the types of a project. */
export function describedPaths(): readonly PathDescriptor[] {
  return [
    ...runPaths,
    ...syncPaths,
    ...connectorPaths,
    ...auditPaths,
    ...repositoryPaths,
    ...schedulePaths,
    ...workflowPaths,
    ...otherPaths,
  ];
}

/** A place nobody has described: every verb, any object. `prefix` as it is mounted. */
export function undescribedPath(prefix: string): readonly PathDescriptor[] {
  return collection({ path: prefix, tag: prefix.split('/')[0]!, noun: 'object' });
}
