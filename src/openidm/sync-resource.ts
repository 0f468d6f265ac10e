import { Failure } from '../base/failure.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { RunManager } from '../app/run-manager.ts';
import type { Resource } from '../resource/resource.ts';
import { completed, mappingOf } from './recon-start.ts';
import { readOverrides } from './recon-overrides.ts';

export interface SyncDependencies {
  readonly lockstep: Lockstep;
  readonly runs: RunManager;
}

/** Actions of OpenIDM that belong to implicit synchronization. */
const NOT_YET = new Set(['notifyCreate', 'notifyUpdate', 'notifyDelete', 'performAction', 'getLinkedResources']);

/** `sync`: the deprecated, synchronous form of `recon`. */
export function syncResource({ lockstep, runs }: SyncDependencies): Resource {
  return {
    action: async (request, id, { caller, transactionId }) => {
      if (id !== '') throw new Failure('not-found', `Resource '${request.path}' not found`);
      if (NOT_YET.has(request.action)) throw new Failure('unsupported', `${request.action} is not available yet`);
      if (request.action !== 'recon') throw new Failure('bad-request', `Unknown action ${request.action}`);
      const mapping = mappingOf(lockstep, request).name;
      const overrides = readOverrides(request.content);
      const runId = await runs.start({ kind: 'recon', mapping, overrides, initiatedBy: caller.id, transactionId });
      await completed(runs, runId);
      return {
        reconId: runId,
        _id: runId,
        comment1: 'This form is deprecated: use the action recon of the resource recon.',
        comment2: 'The member reconId is deprecated: use _id.',
      };
    },
  };
}
