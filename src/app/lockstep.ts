import { rm } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { systemClock, type Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { uuidV7Source, type NewId } from '../base/uuid.ts';
import type { Connector } from '../connector/contract.ts';
import type { ObservedOperation } from '../connector/observed.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { HostCallHandler, ScriptHost } from '../mapping/script-host.ts';
import type { ObjectSet } from '../model/object-set.ts';
import type { Repository } from '../model/repository.ts';
import type { ReconView } from '../audit/recon-entries.ts';
import type { AuditService } from '../audit/audit-service.ts';
import { keyStoreFileIn, openCrypto, type KeyedCrypto } from '../crypto/open-crypto.ts';
import { openManagedService } from '../managed/managed-service.ts';
import type { ChangePort, ManagedType } from '../managed/managed-type.ts';
import type { RequestContext } from '../resource/context.ts';
import { Router } from '../resource/router.ts';
import { openMemoryRepository } from '../repo/memory/memory-repository.ts';
import { openSqliteRepository } from '../repo/sqlite/sqlite-repository.ts';
import { createScriptHost } from '../script/script-host.ts';
import { compileConfigured } from './compile-configured.ts';
import { openConnectorPool, type ConnectorPool } from './connector-pool.ts';
import type { ProjectConfig } from './config/project-config.ts';
import { openScriptFiles, rememberingFiles, type ScriptFiles } from './config/script-files.ts';
import { openImplicitSync, type ImplicitSync } from './push/implicit-sync.ts';
import { openManagedTypes, type CallsFor, type ManagedTypes, type TypeSource } from './managed-types.ts';
import { objectSet, resolver } from './object-sets.ts';
import { overlayReads } from './overlay-reads.ts';
import { activityOf, auditDocument, openProjectAudit } from './project-audit.ts';
import { sealingEntries } from './sealed-entries.ts';
import { secretsOf } from './secrets.ts';
import { treeCalls } from './tree-calls.ts';

export interface LockstepOptions {
  readonly config: ProjectConfig;
  /** Where the repository lies; null keeps it in memory (tests, try-outs). */
  readonly dataDirectory: string | null;
  readonly log: Log;
  readonly clock?: Clock;
  /** Keys and their like; default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Everything that one project needs, built by hand and in order; `close` takes it down in the opposite order. */
export interface Lockstep {
  /** The present one; `adopt` exchanges it. Who needs the same one for a while pins it. */
  readonly config: ProjectConfig;
  readonly repository: Repository;
  readonly scripts: ScriptHost;
  readonly files: ScriptFiles;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  readonly crypto: KeyedCrypto;
  readonly audit: AuditService;
  /** What rendering the entries of runs needs to know of this project. */
  readonly reconView: ReconView;
  /** The resource tree: managed objects are there; the rest is mounted by the layers above. */
  readonly router: Router;
  /** They hear of every operation on an external system; empty: nothing is measured. */
  readonly connectorWatchers: Set<(connector: string, operation: ObservedOperation) => void>;
  /** Passes changes of managed objects on. It looks after its outbox only when it is told to start. */
  readonly changes: ImplicitSync;
  /** The managed types as configured now, as requests see them. */
  managedTypes(): readonly ManagedType[];
  /** Where the repository lies; null: in memory. */
  readonly dataDirectory: string | null;
  /** Answers what scripts call because of a request or a run; over the repository of a plan, if one is given. */
  calls(context: RequestContext, over?: Repository, pin?: Pin): HostCallHandler;
  /** Ends what was opened for a plan over this repository. */
  forget(repository: Repository): Promise<void>;
  /**
   * The collection at a path, `managed/user` or `system/hr/account`, over this repository or a planning one. `context`: why it is
   * written.
   */
  objectSet(collection: string, repository: Repository, pin?: Pin, context?: RequestContext): ObjectSet;
  /** One external system as it is configured now. The caller does not close it. */
  connector(name: string): Connector;
  /** The mapping as configured. */
  mappingConfig(name: string): MappingConfig;
  compile(mapping: MappingConfig, pin?: Pin): CompiledMapping;
  /** Holds on to the present configuration, its connectors and its scripts. What is begun with a pin is finished with it. */
  pin(): Pin;
  /** Makes a newly read configuration of the same directory the present one. Who holds a pin does not notice. */
  adopt(config: ProjectConfig): Promise<void>;
  /** A repository for the length of a run: in memory while small, on disk above that. */
  openScratch(): Promise<Repository>;
  close(): Promise<void>;
}

/** A configuration that stays as it is until it is released, whatever is adopted meanwhile. */
export interface Pin {
  readonly config: ProjectConfig;
  readonly files: ScriptFiles;
  /** Closes the connectors that only this pin still needed. */
  release(): Promise<void>;
}

export async function openLockstep(options: LockstepOptions): Promise<Lockstep> {
  const late: { changes: ImplicitSync | null } = { changes: null };
  const parts = await openParts(options, portTo(late));
  const { present, types, pool, closers, ...shared } = parts;
  const { repository, scripts, audit } = shared;
  const lockstep: Lockstep = {
    ...shared,
    get config() {
      return present.config;
    },
    get changes() {
      return late.changes!;
    },
    files: present.files,
    connectorWatchers: new Set(),
    dataDirectory: options.dataDirectory,
    managedTypes: () =>
      present.config.managed.map(({ name }) => types.forRequests(present, name, (context) => lockstep.calls(context))),
    calls: (context, over, pin) => callsOf(lockstep, context, over, pin),
    objectSet: (collection, repository, pin, context) =>
      objectSet({ lockstep, types, pool }, { source: pin ?? present, collection, repository, pin, context }),
    connector: (name) => pool.get(present.config, name),
    mappingConfig: (name) => mappingConfig(present.config, name),
    compile: (mapping, pin) => compile(pin ?? present, mapping),
    pin: () => {
      const { config, files } = present;
      return { config, files: rememberingFiles(files), release: pool.hold(config) };
    },
    adopt: (next) => adopt(lockstep, parts, next),
    openScratch: () => openScratch(shared.clock, closers),
    forget: (over) => types.forget(over),
    close: async () => {
      await late.changes?.close();
      await audit.close();
      await types.close();
      await scripts.close();
      await pool.close();
      for (const close of closers) await close();
      await repository.close();
    },
  };
  late.changes = await openImplicitSync(lockstep);
  mountManaged(lockstep, types, present, null);
  return lockstep;
}

/** Managed types are opened before there is anybody to tell of their changes. */
function portTo(late: { readonly changes: ImplicitSync | null }): ChangePort {
  return {
    listensTo: (type) => late.changes?.listensTo(type) === true,
    announce: (changes, context) => late.changes?.announce(changes, context) ?? [],
    pass: async (changes, context) => (await late.changes?.pass(changes, context)) ?? new Map(),
  };
}

/** What `openLockstep` puts together. `present` changes when a new configuration is adopted. */
type Parts = Pick<
  Lockstep,
  'repository' | 'scripts' | 'clock' | 'newId' | 'log' | 'crypto' | 'audit' | 'reconView' | 'router'
> & {
  readonly present: { config: ProjectConfig; readonly files: ScriptFiles };
  readonly types: ManagedTypes;
  readonly pool: ConnectorPool;
  readonly closers: Set<() => Promise<void>>;
};

async function openParts(options: LockstepOptions, changes: ChangePort): Promise<Parts> {
  const { config, dataDirectory, log, clock = systemClock, env = process.env } = options;
  const present = { config, files: openScriptFiles(config.directory) };
  const stored = await openRepository(config, dataDirectory, clock);
  await declareTypes(stored, config);
  const scripts = createScriptHost({ limits: config.lockstep.scripts, log });
  const common = { clock, newId: uuidV7Source(clock), log };
  const keyStoreFile = dataDirectory === null ? null : keyStoreFileIn(dataDirectory);
  const crypto = await openCrypto({ keyStoreFile, env, clock });
  const opened = openProjectAudit({ ...common, config: () => present.config, stored, dataDirectory });
  const { service: audit, reconView } = opened;
  const repository = sealingEntries(opened.repository, crypto, () => secretsOf(present.config));
  const types = openManagedTypes({
    ...common,
    repository,
    crypto,
    host: scripts,
    activity: activityOf(audit),
    changes,
    logsRuns: () => audit.settings.topics.activity.triggers.has('recon'),
  });
  const pool = openConnectorPool(config, log, undefined, (value) => crypto.decrypt(value));
  const [router, closers] = [new Router(), new Set<() => Promise<void>>()];
  return { ...common, present, types, pool, closers, repository, scripts, crypto, audit, reconView, router };
}

async function adopt(lockstep: Lockstep, { present, pool, types, audit }: Parts, next: ProjectConfig): Promise<void> {
  await declareTypes(lockstep.repository, next);
  const before = present.config;
  present.config = next;
  await pool.adopt(next);
  mountManaged(lockstep, types, present, before);
  await audit.configure(auditDocument(next));
}

function openRepository(config: ProjectConfig, dataDirectory: string | null, clock: Clock): Promise<Repository> {
  if (dataDirectory === null) return Promise.resolve(openMemoryRepository(clock));
  const file = path.join(dataDirectory, path.basename(config.lockstep.repository.file));
  return openSqliteRepository({ file, clock });
}

/** Managed types come and go with `managed.json`. */
function mountManaged(lockstep: Lockstep, types: ManagedTypes, source: TypeSource, before: ProjectConfig | null): void {
  const { router } = lockstep;
  for (const { name } of before?.managed ?? []) router.unmount(`managed/${name}`);
  const calls: CallsFor = (context) => lockstep.calls(context);
  for (const { name } of source.config.managed) {
    const type = types.forRequests(source, name, calls);
    router.mount(`managed/${name}`, openManagedService({ type, resolve: resolver(source.config) }));
  }
}

function callsOf(lockstep: Lockstep, context: RequestContext, over?: Repository, pin?: Pin): HostCallHandler {
  const { router, crypto } = lockstep;
  const isPlan = over !== undefined && over !== lockstep.repository;
  return treeCalls(
    { router, lockstep, crypto, ...(isPlan ? { overlay: overlayReads(lockstep, over, pin) } : {}) },
    context,
  );
}

function declareTypes(repository: Repository, config: ProjectConfig): Promise<void> {
  return repository.objects.declareTypes(config.managed.map(({ name, searchable }) => ({ name, searchable })));
}

function mappingConfig(config: ProjectConfig, name: string): MappingConfig {
  const found = config.mappings.find((mapping) => mapping.name === name);
  if (found !== undefined) return found;
  const names = config.mappings.map((mapping) => mapping.name).join(', ');
  throw new Failure('bad-request', `No such mapping: ${name}${names === '' ? '' : ` (conf/sync.json has ${names})`}`);
}

function compile({ config, files }: TypeSource, mapping: MappingConfig): CompiledMapping {
  const { mapping: compiled, diagnostics } = compileConfigured(config, files, mapping);
  const [fault] = diagnostics;
  if (fault !== undefined)
    throw new Failure('bad-configuration', `${fault.message}${fault.hint === undefined ? '' : ` (${fault.hint})`}`, {
      status: 409,
    });
  return compiled;
}

async function openScratch(clock: Clock, closers: Set<() => Promise<void>>): Promise<Repository> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-'));
  const repository = await openSqliteRepository({ file: path.join(directory, 'scratch.db'), clock, isDurable: false });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    closers.delete(close);
    await repository.close();
    await rm(directory, { recursive: true, force: true });
  };
  closers.add(close);
  return { ...repository, close };
}
