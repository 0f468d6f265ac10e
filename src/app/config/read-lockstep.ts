import { DEFAULT_GUARD } from '../../mapping/mapping-config.ts';
import { DEFAULT_SCRIPT_LIMITS } from '../../mapping/script-host.ts';
import type { LockstepConfig } from './project-config.ts';
import { readGuard } from './read-guard.ts';
import { DEFAULT_REPOSITORY_FILE, type LockstepJson } from './schema-lockstep.ts';

/** Gives `lockstep.json` its final shape; a project without that file has the defaults. */
export function readLockstep(json: LockstepJson): LockstepConfig {
  return {
    guard: readGuard(DEFAULT_GUARD, json.guard),
    scripts: json.scripts ?? DEFAULT_SCRIPT_LIMITS,
    resume: json.resume ?? { onCrash: 'resume' },
    startup: json.startup,
    batchSize: json.batchSize,
    audit: json.audit ?? { logUnchanged: false },
    repository: json.repository ?? { kind: 'sqlite', file: DEFAULT_REPOSITORY_FILE },
  };
}
