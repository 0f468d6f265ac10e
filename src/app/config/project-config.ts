import type { Filter } from '../../base/query-filter.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { ConnectorConfig } from '../../connector/contract.ts';
import type { ManagedObjectConfig } from '../../managed/managed-config.ts';
import type { GuardConfig, MappingConfig } from '../../mapping/mapping-config.ts';
import type { ScriptLimits } from '../../mapping/script-host.ts';
import type { ScriptConfig } from '../../model/script-config.ts';
import type { Retention } from '../../audit/purge.ts';
import type { Job } from '../../schedule/job.ts';
import type { SchedulerSettings } from '../../schedule/scheduler.ts';
import type { AccessConfig, SecurityConfig } from '../../security/security-config.ts';

/** A project directory, read, substituted, checked. */
export interface ProjectConfig {
  /** Absolute. */
  readonly directory: string;
  /** In the order of the file: implicit sync and LiveSync go through them in this order. */
  readonly mappings: readonly MappingConfig[];
  readonly managed: readonly ManagedObjectConfig[];
  readonly connectors: readonly ProvisionerConfig[];
  readonly lockstep: LockstepConfig;
  /** Predefined queries of managed objects by query id. */
  readonly namedQueries: Readonly<Record<string, NamedQuery>>;
  /** `conf/schedule-<name>.json`. */
  readonly schedules: readonly ScheduleConfig[];
  /** `conf/scheduler.json`. */
  readonly scheduler: SchedulerSettings;
  /** `conf/boot/boot.properties` as it stands. */
  readonly bootProperties: Readonly<Record<string, string>>;
  /** Every readable file of `conf` by configuration id (`sync`, `schedule/recon`), after substitution. */
  readonly documents: Readonly<Record<string, ConfigDocument>>;
}

export interface ScheduleConfig {
  readonly job: Job;
  /** The mapping that a schedule has of its own under `invokeContext.mapping`. */
  readonly mapping: MappingConfig | null;
  readonly file: string;
}

export interface ConfigDocument {
  readonly id: string;
  /** Relative to the project directory. */
  readonly file: string;
  readonly value: JsonObject;
}

/** A provisioner file with what the connector itself does not need to know. */
export interface ProvisionerConfig extends ConnectorConfig {
  readonly connectorRef: JsonObject;
  readonly resultsHandler: ResultsHandlerConfig;
  readonly poolConfigOption: JsonObject;
  /** Milliseconds by operation (`CREATE`, `SEARCH` …); operations without a limit are absent. */
  readonly operationTimeoutMs: Readonly<Record<string, number>>;
  readonly syncFailureHandler: SyncFailureHandlerConfig;
  readonly liveSync: LiveSyncConfig;
  readonly systemActions: readonly Json[];
  readonly operationOptions: JsonObject;
  readonly raw: JsonObject;
  readonly file: string;
}

/** Specification §10.1; null: as the connector likes. */
export interface ResultsHandlerConfig {
  readonly enableNormalizingResultsHandler: boolean | null;
  readonly enableFilteredResultsHandler: boolean | null;
  readonly enableCaseInsensitiveFilter: boolean | null;
  readonly enableAttributesToGetSearchResultsHandler: boolean | null;
}

/** `push`: changes are followed without being asked for. `objectTypes` null: of every type. */
export interface LiveSyncConfig {
  readonly mode: 'call' | 'push';
  readonly objectTypes: readonly string[] | null;
}

/** Specification §6.4. `maxRetries` -1: for ever. */
export interface SyncFailureHandlerConfig {
  readonly maxRetries: number;
  readonly postRetryAction:
    | { readonly kind: 'none' | 'logged-ignore' | 'dead-letter-queue' }
    | { readonly kind: 'script'; readonly script: ScriptConfig };
}

/** `conf/lockstep.json`: what OpenIDM does not have. */
export interface LockstepConfig {
  /** For mappings that say nothing else. */
  readonly guard: GuardConfig;
  /** By collection and attribute as written: the name of a mapping, or the collection itself. */
  readonly ownership: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly scripts: ScriptLimits;
  /** What becomes of a run that was active when the process died. */
  readonly resume: { readonly onCrash: 'resume' | 'fail' };
  /** How changes of managed objects are pushed. Delays in milliseconds. */
  readonly implicitSync: ImplicitSyncConfig;
  /** Mappings that `lockstep start` reconciles, in this order. */
  readonly startup: readonly string[];
  readonly batchSize: number;
  readonly audit: { readonly logUnchanged: boolean; readonly retention: Retention };
  readonly repository: { readonly kind: 'sqlite'; /** Within the data directory. */ readonly file: string };
  /** Directories outside of the project whose files connectors may be given over REST, too. */
  readonly files: { readonly allowed: readonly string[] };
  readonly server: ServerConfig;
  /** Whether a server notices changed files of the project. */
  readonly watch: boolean;
  readonly security: SecurityConfig;
  /** Who may do what over the network. */
  readonly access: AccessConfig;
}

export interface ImplicitSyncConfig {
  readonly enabled: boolean;
  /** Refusals after which a change is set aside. */
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** Where the HTTP server listens. */
export interface ServerConfig {
  readonly host: string;
  /** Null: that of `boot.properties`, else 8080. */
  readonly port: number | null;
  /** Null: https only if `boot.properties` names its port. */
  readonly https: {
    readonly port: number | null;
    /** Relative to the project; null: a self-signed certificate for localhost. */
    readonly files: { readonly certFile: string; readonly keyFile: string } | null;
  } | null;
  readonly trustedProxies: readonly string[];
  readonly publicMetrics: boolean;
  readonly accessLog: boolean;
}

/** A query of `conf/repo.*.json`, or one that every repository has. */
export interface NamedQuery {
  readonly queryId: string;
  /** Names of the parameters that the text uses. */
  readonly parameters: readonly string[];
  /** The text as configured; null: built in. */
  readonly text: string | null;
  /** Null: the text is beyond what can be translated, and using the query fails. */
  readonly template: QueryTemplate | null;
}

/** A filter with holes. */
export type QueryTemplate =
  | { readonly kind: 'filter'; readonly filter: Filter }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly QueryTemplate[] }
  | {
      readonly kind: 'compare';
      readonly operator: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
      readonly attribute: TemplateValue;
      readonly value: TemplateValue;
    };

export type TemplateValue =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'parameter'; readonly name: string };
