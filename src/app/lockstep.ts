import { rm } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock, type Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { uuidV7Source, type NewId } from '../base/uuid.ts';
import type { Connector } from '../connector/contract.ts';
import { retry } from '../connector/retry.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { ScriptHost } from '../mapping/script-host.ts';
import type { ObjectSet } from '../model/object-set.ts';
import type { Repository } from '../model/repository.ts';
import { managedCollection } from '../managed/managed-collection.ts';
import { openMemoryRepository } from '../repo/memory/memory-repository.ts';
import { openSqliteRepository } from '../repo/sqlite/sqlite-repository.ts';
import { createScriptHost } from '../script/script-host.ts';
import { compileConfigured } from './compile-configured.ts';
import { connectorKind } from './connector-kinds.ts';
import type { ProjectConfig } from './config/project-config.ts';
import { BUILT_IN_QUERIES, filterOfNamedQuery } from './config/named-queries.ts';
import { openScriptFiles, type ScriptFiles } from './config/script-files.ts';

export interface LockstepOptions {
  readonly config: ProjectConfig;
  /** Where the repository lies; null keeps it in memory (tests, try-outs). */
  readonly dataDirectory: string | null;
  readonly log: Log;
  readonly clock?: Clock;
}

/** Everything that one project needs, built by hand and in order; `close` takes it down in the opposite order. */
export interface Lockstep {
  readonly config: ProjectConfig;
  readonly repository: Repository;
  readonly scripts: ScriptHost;
  readonly files: ScriptFiles;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** The collection at a path, `managed/user` or `system/hr/account`, over this repository or a planning one. */
  objectSet(collection: string, repository: Repository): ObjectSet;
  /** The mapping as configured. */
  mappingConfig(name: string): MappingConfig;
  compile(mapping: MappingConfig): CompiledMapping;
  /** A repository for the length of a run: in memory while small, on disk above that. */
  openScratch(): Promise<Repository>;
  close(): Promise<void>;
}

export async function openLockstep(options: LockstepOptions): Promise<Lockstep> {
  const { config, dataDirectory, log, clock = systemClock } = options;
  const repository =
    dataDirectory === null
      ? openMemoryRepository(clock)
      : await openSqliteRepository({
          file: path.join(dataDirectory, path.basename(config.lockstep.repository.file)),
          clock,
        });
  await repository.objects.declareTypes(config.managed.map(({ name, searchable }) => ({ name, searchable })));
  const files = openScriptFiles(config.directory);
  const scripts = createScriptHost({ limits: config.lockstep.scripts, log });
  const newId = uuidV7Source(clock);
  const connectors = new Map<string, Connector>();
  const closers: (() => Promise<void>)[] = [];
  return {
    config,
    repository,
    scripts,
    files,
    clock,
    newId,
    log,
    objectSet: (collection, over) => objectSet(config, connectors, log, newId, collection, over),
    mappingConfig: (name) => mappingConfig(config, name),
    compile: (mapping) => compile(config, files, mapping),
    openScratch: () => openScratch(clock, closers),
    close: async () => {
      await scripts.close();
      for (const connector of connectors.values()) await connector.close();
      for (const close of closers) await close();
      await repository.close();
    },
  };
}

function mappingConfig(config: ProjectConfig, name: string): MappingConfig {
  const found = config.mappings.find((mapping) => mapping.name === name);
  if (found !== undefined) return found;
  const names = config.mappings.map((mapping) => mapping.name).join(', ');
  throw new Failure('bad-request', `No such mapping: ${name}${names === '' ? '' : ` (conf/sync.json has ${names})`}`);
}

function compile(config: ProjectConfig, files: ScriptFiles, mapping: MappingConfig): CompiledMapping {
  const { mapping: compiled, diagnostics } = compileConfigured(config, files, mapping);
  const [fault] = diagnostics;
  if (fault !== undefined)
    throw new Failure('bad-configuration', `${fault.message}${fault.hint === undefined ? '' : ` (${fault.hint})`}`);
  return compiled;
}

function objectSet(
  config: ProjectConfig,
  connectors: Map<string, Connector>,
  log: Log,
  newId: NewId,
  collection: string,
  repository: Repository,
): ObjectSet {
  const [kind, name, type] = collection.split('/');
  if (kind === 'managed' && name !== undefined && type === undefined) return managed(config, newId, name, repository);
  if (kind === 'system' && name !== undefined && type !== undefined)
    return retry(connector(config, connectors, log, name).objectSet(type));
  throw new Failure(
    'not-found',
    `Resource '${collection}' not found; a mapping reads and writes managed/<type> or system/<name>/<type>`,
  );
}

function managed(config: ProjectConfig, newId: NewId, type: string, repository: Repository): ObjectSet {
  const declared = config.managed.find((object) => object.name === type);
  if (declared === undefined) throw new Failure('not-found', `managed/${type} is not declared in conf/managed.json`);
  const resolve = (
    queryId: string,
    parameters: Parameters<typeof filterOfNamedQuery>[1],
  ): ReturnType<typeof filterOfNamedQuery> => {
    const query = config.namedQueries[queryId] ?? BUILT_IN_QUERIES[queryId];
    if (query === undefined)
      throw new Failure('bad-request', `The passed query identifier ${queryId} does not match any configured queries`);
    return filterOfNamedQuery(query, parameters);
  };
  return managedCollection({ type, repository, searchable: declared.searchable, resolve, newId });
}

function connector(config: ProjectConfig, open: Map<string, Connector>, log: Log, name: string): Connector {
  const known = open.get(name);
  if (known !== undefined) return known;
  const provisioner = config.connectors.find((candidate) => candidate.name === name);
  if (provisioner === undefined)
    throw new Failure(
      'not-found',
      `system/${name} is not configured; there is no conf/provisioner.openicf-${name}.json`,
    );
  if (!provisioner.enabled)
    throw new Failure('unreachable', `system/${name} is disabled ("enabled": false in ${provisioner.file})`);
  const kind = connectorKind(provisioner.connectorName);
  if (kind === null)
    throw new Failure(
      'unreachable',
      `system/${name}: the connector ${provisioner.connectorName} is not available here`,
    );
  const created = kind.create(provisioner, { projectDirectory: config.directory, log });
  open.set(name, created);
  return created;
}

async function openScratch(clock: Clock, closers: (() => Promise<void>)[]): Promise<Repository> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-'));
  const repository = await openSqliteRepository({ file: path.join(directory, 'scratch.db'), clock });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await repository.close();
    await rm(directory, { recursive: true, force: true });
  };
  closers.push(close);
  return { ...repository, close };
}
