import type { Clock } from '../base/clock.ts';
import type { Failure } from '../base/failure.ts';
import { keyedTurns, type KeyedTurns } from '../base/keyed-turns.ts';
import type { Log } from '../base/log.ts';
import type { NewId } from '../base/uuid.ts';
import type { Crypto } from '../crypto/crypto.ts';
import type { ManagedChange } from '../model/managed-change.ts';
import type { Repository, RowWrite } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import type { CompiledManaged } from './compile-managed.ts';
import type { ManagedScripts } from './managed-scripts.ts';
import { openProtection, type Protection } from './protection.ts';
import { UniqueValues } from './unique-values.ts';

/** Passes changes of managed objects on to the mappings whose source they are (implicit synchronization, specification §7). */
export interface ChangePort {
  /** Whether anybody waits for changes of this type at present. */
  listensTo(type: string): boolean;
  /** Rows to be committed together with these changes, so that no crash forgets that they have to be passed on. */
  announce(changes: readonly ManagedChange[], context: RequestContext): readonly RowWrite[];
  /** After the commit and its hooks. Gives what `onSync` threw, by position. */
  pass(changes: readonly ManagedChange[], context: RequestContext): Promise<ReadonlyMap<number, Failure>>;
}

/** What activity entries tell (specification §12.1). */
export interface ActivitySettings {
  /** Pointers or names of properties whose changes are listed. */
  readonly watchedFields: readonly string[];
  /** The same, and a change of one of them sets `passwordChanged`. */
  readonly passwordFields: readonly string[];
  /** False: no entry for this operation (`create`, `update`, `patch`, `delete`, `action`). */
  readonly isLogged: (operation: string, context: RequestContext) => boolean;
}

export const DEFAULT_ACTIVITY: ActivitySettings = {
  watchedFields: [],
  passwordFields: ['password'],
  isLogged: () => true,
};

export interface ManagedTypeOptions {
  readonly compiled: CompiledManaged;
  /** The project's, or that of a plan. */
  readonly repository: Repository;
  readonly crypto: Crypto;
  /** Of this type; null if it has none. For a plan, scripts whose `openidm.*` calls see the plan's repository. */
  readonly scripts: ManagedScripts | null;
  /** One per type for everything that writes it in this process; made here if it is left out. */
  readonly unique?: UniqueValues;
  readonly newId: NewId;
  readonly clock: Clock;
  readonly log: Log;
  /** `openidm.policy.enforcement.enabled`; default true. */
  readonly enforcesPolicies?: boolean;
  /** Null: no activity entries. Default: `DEFAULT_ACTIVITY`. */
  readonly activity?: ActivitySettings | null;
  readonly changes?: ChangePort;
}

/** One managed type over one repository, with all that its reads and writes need. */
export interface ManagedType {
  readonly name: string;
  /** `managed/user` */
  readonly path: string;
  readonly compiled: CompiledManaged;
  readonly repository: Repository;
  readonly protection: Protection;
  readonly scripts: ManagedScripts | null;
  readonly unique: UniqueValues;
  /** Of those who write the same object. */
  readonly turns: KeyedTurns;
  readonly newId: NewId;
  readonly clock: Clock;
  readonly log: Log;
  readonly enforcesPolicies: boolean;
  readonly activity: ActivitySettings | null;
  /** Null: nobody has to hear of changes. */
  readonly changes: ChangePort | null;
}

export function openManagedType(options: ManagedTypeOptions): ManagedType {
  const { compiled, repository, crypto, scripts, newId, clock, log, activity, changes } = options;
  const { name } = compiled.config;
  const enforcesPolicies = options.enforcesPolicies ?? true;
  return {
    name,
    path: `managed/${name}`,
    compiled,
    repository,
    protection: openProtection(compiled.config, crypto),
    scripts: compiled.scripts.length === 0 ? null : scripts,
    unique: options.unique ?? uniqueValues(compiled),
    turns: keyedTurns(),
    newId,
    clock,
    log,
    enforcesPolicies,
    activity: activity === undefined ? DEFAULT_ACTIVITY : activity,
    changes: changes ?? null,
  };
}

/** Share it between the services and the collections of a type, so that they see each other's reservations. */
export function uniqueValues({ config, policies }: CompiledManaged): UniqueValues {
  return new UniqueValues(config.name, policies.unique);
}

/** Writes need nothing but the repository: no hooks, no marked properties, no policies, nobody who listens. */
export function isPlain({
  name,
  compiled,
  protection,
  scripts,
  enforcesPolicies,
  activity,
  changes,
}: ManagedType): boolean {
  return (
    scripts === null &&
    !protection.isNeeded &&
    (compiled.policies.properties.length === 0 || !enforcesPolicies) &&
    activity === null &&
    changes?.listensTo(name) !== true
  );
}
