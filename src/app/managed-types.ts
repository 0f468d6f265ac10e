import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { NewId } from '../base/uuid.ts';
import type { Crypto } from '../crypto/crypto.ts';
import { compileManaged } from '../managed/compile-managed.ts';
import type { ManagedObjectConfig } from '../managed/managed-config.ts';
import { openManagedScripts, type ManagedScripts } from '../managed/managed-scripts.ts';
import { openManagedType, type ActivitySettings, type ChangePort, type ManagedType } from '../managed/managed-type.ts';
import type { HostCallHandler, ScriptHost } from '../mapping/script-host.ts';
import type { Repository } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ProjectConfig } from './config/project-config.ts';
import type { FoundScript, ScriptFiles } from './config/script-files.ts';

export type CallsFor = (context: RequestContext) => HostCallHandler;

export interface ManagedTypesOptions {
  readonly repository: Repository;
  readonly crypto: Crypto;
  readonly host: ScriptHost;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  readonly activity: ActivitySettings;
  /** Whether what runs write has activity entries besides the entries of the run. Asked when a type is opened. */
  readonly logsRuns: () => boolean;
  readonly changes?: ChangePort;
}

/** Where a managed type is opened from. */
export interface TypeSource {
  readonly config: ProjectConfig;
  readonly files: ScriptFiles;
}

/** The managed types of a project, each opened once for each form that it has had. */
export interface ManagedTypes {
  /** As requests read and write it. Throws `not-found` for a type that is not declared. */
  forRequests(source: TypeSource, name: string, calls: CallsFor): ManagedType;
  /** As runs do, over the project's repository. */
  forRuns(source: TypeSource, name: string, calls: CallsFor): ManagedType;
  /** As a plan does, over a repository of its own. */
  over(source: TypeSource, name: string, repository: Repository, calls: CallsFor): ManagedType;
  /** A plan is over. */
  forget(repository: Repository): Promise<void>;
  close(): Promise<void>;
}

export function openManagedTypes(options: ManagedTypesOptions): ManagedTypes {
  const requested = new WeakMap<ManagedObjectConfig, ManagedType>();
  const ofRuns = new WeakMap<ManagedObjectConfig, ManagedType>();
  const ofPlans = new Map<Repository, Map<string, ManagedType>>();
  const opened = new Set<ManagedScripts>();
  const forRequests = (source: TypeSource, name: string, calls: CallsFor): ManagedType =>
    known(requested, declared(source, name), (config) => {
      const type = open(options, source, config, options.repository, calls);
      if (type.scripts !== null) opened.add(type.scripts);
      return type;
    });
  return {
    forRequests,
    forRuns: (source, name, calls) =>
      known(ofRuns, declared(source, name), () => {
        const type = forRequests(source, name, calls);
        return { ...type, activity: options.logsRuns() ? type.activity : null };
      }),
    over: (source, name, repository, calls) => {
      const types = known(ofPlans, repository, () => new Map<string, ManagedType>());
      const quiet = { ...options, changes: undefined };
      return known(types, name, () => ({
        ...open(quiet, source, declared(source, name), repository, calls),
        activity: null,
        changes: null,
      }));
    },
    forget: async (repository) => {
      for (const type of ofPlans.get(repository)?.values() ?? []) await type.scripts?.close();
      ofPlans.delete(repository);
    },
    close: async () => {
      for (const scripts of opened) await scripts.close();
    },
  };
}

function known<K, V>(
  cache: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: (key: K) => V,
): V {
  const found = cache.get(key);
  if (found !== undefined) return found;
  const made = make(key);
  cache.set(key, made);
  return made;
}

function declared({ config }: TypeSource, name: string): ManagedObjectConfig {
  const found = config.managed.find((object) => object.name === name);
  if (found === undefined) throw new Failure('not-found', `managed/${name} is not declared in conf/managed.json`);
  return found;
}

type Opening = Omit<ManagedTypesOptions, 'changes'> & { readonly changes?: ChangePort | undefined };

function open(
  options: Opening,
  { config, files }: TypeSource,
  managed: ManagedObjectConfig,
  repository: Repository,
  calls: CallsFor,
): ManagedType {
  const compiled = compileManaged(managed, (file) => foundScript(files.find(file)));
  const scripts = openManagedScripts(compiled, {
    host: options.host,
    limits: config.lockstep.scripts,
    resolveModule: (request, fromFile) => files.resolveModule(request, fromFile),
    answer: calls,
  });
  const { crypto, newId, clock, log, changes, activity } = options;
  return openManagedType({
    compiled,
    repository,
    crypto,
    scripts,
    newId,
    clock,
    log,
    activity,
    enforcesPolicies: config.bootProperties['openidm.policy.enforcement.enabled'] !== 'false',
    ...(changes === undefined ? {} : { changes }),
  });
}

/** As compiling a managed type wants it. */
export function foundScript(found: FoundScript): ReturnType<Parameters<typeof compileManaged>[1]> {
  if (found.kind === 'file') return { file: found.file, code: found.code };
  return found.kind === 'builtIn' ? 'builtIn' : null;
}
