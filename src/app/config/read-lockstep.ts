import { KEEP_EVERYTHING, type Retention } from '../../audit/purge.ts';
import { DEFAULT_GUARD } from '../../mapping/mapping-config.ts';
import { DEFAULT_SCRIPT_LIMITS } from '../../mapping/script-host.ts';
import type { LockstepConfig, ServerConfig } from './project-config.ts';
import { readGuard } from './read-guard.ts';
import { DEFAULT_REPOSITORY_FILE, type LockstepJson } from './schema-lockstep.ts';

/** Gives `lockstep.json` its final shape; a project without that file has the defaults. */
export function readLockstep(json: LockstepJson): LockstepConfig {
  return {
    guard: readGuard(DEFAULT_GUARD, json.guard),
    ownership: json.ownership,
    scripts: json.scripts ?? DEFAULT_SCRIPT_LIMITS,
    resume: json.resume ?? { onCrash: 'resume' },
    implicitSync: json.implicitSync ?? { enabled: true, maxAttempts: 6, firstDelayMs: 1000, maxDelayMs: 60_000 },
    startup: json.startup,
    batchSize: json.batchSize,
    audit: {
      logUnchanged: json.audit?.logUnchanged ?? false,
      retention: readRetention(json.audit?.retention),
    },
    repository: json.repository ?? { kind: 'sqlite', file: DEFAULT_REPOSITORY_FILE },
    files: json.files ?? { allowed: [] },
    server: readServer(json.server),
    watch: json.watch,
    security: json.security,
    access: json.access,
  };
}

type RetentionJson = NonNullable<NonNullable<LockstepJson['audit']>['retention']>;

function readRetention(json: RetentionJson | undefined): Retention {
  if (json === undefined) return KEEP_EVERYTHING;
  const { days, topics, runDays, runsPerMapping } = json;
  return { days, topicDays: topics, runDays, runsPerMapping };
}

function readServer(json: LockstepJson['server']): ServerConfig {
  const {
    host = '127.0.0.1',
    port = null,
    https,
    trustedProxies = [],
    publicMetrics = false,
    accessLog = true,
  } = json ?? {};
  const files = https?.certFile !== undefined && https.keyFile !== undefined;
  return {
    host,
    port,
    trustedProxies,
    publicMetrics,
    accessLog,
    https:
      https === undefined
        ? null
        : { port: https.port ?? null, files: files ? { certFile: https.certFile!, keyFile: https.keyFile! } : null },
  };
}
