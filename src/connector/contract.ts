import type { Json, JsonObject } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { ChangeFeed } from '../model/change-feed.ts';
import type { ObjectSet } from '../model/object-set.ts';

/** A connection to one external system: what `conf/provisioner.openicf-<name>.json` describes. */
export interface Connector {
  readonly name: string;
  /**
   * Throws a `Failure` that says what is wrong and what to do (`bad-configuration`: only the configuration can mend it); resolves
   * when reads and writes can be expected to work. Changes nothing.
   */
  test(signal?: AbortSignal): Promise<void>;
  /** The objects of one configured type (`account`). Throws `Failure('not-found')` for a type that is not configured. */
  objectSet(type: string): ObjectSet;
  /**
   * How the system tells about changes of one configured type, or of all of them (`ALL_OBJECT_TYPES`); null: not at all. Looks
   * at the system to find out, so it rejects as reads do. Not called often: a feed is kept as long as it is used.
   */
  feed?(type: string, signal?: AbortSignal): Promise<ChangeFeed | null>;
  /**
   * For systems that are read as a whole: which state of it there is now. LiveSync then compares it with what was there before.
   * Rejects as reads do. A connector has this or `feed`, or neither.
   */
  state?(type: string, signal?: AbortSignal): Promise<SystemState>;
  /**
   * The id of the object of a type with this user name and password (`authenticate`, specification §10.3). Rejects with `unauthorized`
   * for anything else, without saying what was wrong. Absent: the system cannot tell.
   */
  authenticate?(type: string, userName: string, password: string, signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** One state of a system that is read as a whole, a file. */
export interface SystemState {
  /** When it was last written, in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Equal texts: nothing has changed in between. */
  readonly identity: string;
}

/** Registered once per kind of connector, in the one map literal of `app`. */
export interface ConnectorKind {
  /** Class names that select it, e.g. `org.forgerock.openicf.csvfile.CSVFileConnector`. */
  readonly connectorNames: readonly string[];
  /** Keys of `configurationProperties` that mean something here; others are accepted with a warning. */
  readonly knownProperties: readonly string[];
  /** Checks `configurationProperties` without touching the world. */
  check(config: ConnectorConfig): readonly ConfigFault[];
  /** Builds it. Nothing is opened before the first use. */
  create(config: ConnectorConfig, services: ConnectorServices): Connector;
}

export interface ConfigFault {
  readonly severity: 'error' | 'warning';
  /** JSON pointer within the connector's configuration file. */
  readonly pointer: string;
  readonly message: string;
  readonly hint?: string;
}

export interface ConnectorServices {
  /** Relative paths in a configuration start here. */
  readonly projectDirectory: string;
  readonly log: Log;
}

/** A provisioner file after parsing and substitution. Unknown keys are kept by the reader, not here. */
export interface ConnectorConfig {
  readonly name: string;
  readonly enabled: boolean;
  readonly connectorName: string;
  readonly configurationProperties: JsonObject;
  readonly objectTypes: Readonly<Record<string, ObjectTypeConfig>>;
  /** Milliseconds by operation (`CREATE`, `SEARCH` …); operations without a limit are absent. */
  readonly operationTimeoutMs?: Readonly<Record<string, number>>;
  /** How many connections there may be: `maxObjects` and the like. */
  readonly poolConfigOption?: JsonObject;
  /** `resultsHandlerConfig`. False: what the system finds by its own rules is not compared again. */
  readonly resultsHandler?: { readonly enableFilteredResultsHandler: boolean | null };
}

export interface ObjectTypeConfig {
  /** Native object class, e.g. `__ACCOUNT__`. */
  readonly nativeType: string;
  readonly properties: Readonly<Record<string, PropertyConfig>>;
}

export interface PropertyConfig {
  readonly type: 'string' | 'boolean' | 'integer' | 'number' | 'object' | 'array' | 'any';
  readonly itemType: string | null;
  readonly nativeName: string;
  readonly nativeType: string;
  readonly isRequired: boolean;
  readonly flags: readonly string[];
  readonly default?: Json;
}
