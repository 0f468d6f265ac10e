import type { Clock } from '../base/clock.ts';
import type { JsonObject } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { NewId } from '../base/uuid.ts';
import { openAuditService, type AuditService } from '../audit/audit-service.ts';
import type { ReconView } from '../audit/recon-entries.ts';
import type { ActivitySettings } from '../managed/managed-type.ts';
import type { Repository } from '../model/repository.ts';
import type { ProjectConfig } from './config/project-config.ts';
import { runSummary } from './recon-summary.ts';

export interface ProjectAudit {
  readonly service: AuditService;
  readonly reconView: ReconView;
  /** The repository that everybody else writes to. */
  readonly repository: Repository;
}

export interface ProjectAuditOptions {
  readonly config: () => ProjectConfig;
  readonly stored: Repository;
  readonly dataDirectory: string | null;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
}

/** The audit of a project, and its repository so that what is committed with audit events goes to the audit files, too. */
export function openProjectAudit({
  config,
  stored,
  dataDirectory,
  clock,
  newId,
  log,
}: ProjectAuditOptions): ProjectAudit {
  const reconView: ReconView = { mappingEnds: (name) => mappingEnds(config(), name), runSummary };
  const service = openAuditService({
    repository: stored,
    recon: reconView,
    clock,
    newId,
    log,
    config: auditDocument(config()),
    roots: { projectDirectory: config().directory, dataDirectory },
  });
  return { service, reconView, repository: tellingFiles(stored, service) };
}

/** What is committed together with audit events goes to the audit files, too. */
function tellingFiles(repository: Repository, audit: AuditService): Repository {
  const { objects, links, runs, leases, audit: events } = repository;
  return {
    objects,
    links,
    runs,
    leases,
    audit: events,
    commit: async (batch) => {
      const result = await repository.commit(batch);
      if (result.ok && batch.audit !== undefined && batch.audit.length > 0) void audit.committed(batch.audit);
      return result;
    },
    close: () => repository.close(),
  };
}

export function auditDocument({ documents }: ProjectConfig): JsonObject | null {
  return Object.hasOwn(documents, 'audit') ? documents['audit']!.value : null;
}

/** As `audit.json` has it at the moment of each change. */
export function activityOf(audit: AuditService): ActivitySettings {
  return {
    get watchedFields() {
      return audit.settings.topics.activity.watchedFields;
    },
    get passwordFields() {
      return audit.settings.topics.activity.passwordFields;
    },
    isLogged: (operation, { cause }) => audit.accepts('activity', operation, cause),
  };
}

function mappingEnds({ mappings }: ProjectConfig, name: string): ReturnType<ReconView['mappingEnds']> {
  const found = mappings.find((mapping) => mapping.name === name);
  return found === undefined ? null : { source: found.source, target: found.target };
}
