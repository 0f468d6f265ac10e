import { createHash } from 'node:crypto';
import type { JsonObject } from '../base/json.ts';
import { readOnly } from '../connector/read-only.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import { openMapping, type OpenMapping } from '../mapping/open-mapping.ts';
import type { HostCallHandler, ScriptMode } from '../mapping/script-host.ts';
import { SYSTEM_CALLER, type RequestContext } from '../resource/context.ts';
import type { ObjectSet } from '../model/object-set.ts';
import type { Repository } from '../model/repository.ts';
import type { RunEntry, RunRecord } from '../model/run.ts';
import { ownerName } from '../recon/lease.ts';
import type { Progress } from '../recon/progress.ts';
import { reconcile, type ReconOptions, type ReconResult } from '../recon/recon.ts';
import { StagedSet } from '../recon/staged-set.ts';
import { storedEntries } from '../recon/stored-entries.ts';
import { openMemoryRepository } from '../repo/memory/memory-repository.ts';
import { planningRepository } from '../repo/planning-repository.ts';
import { harmless } from './entry-json.ts';
import { secretsOf } from './secrets.ts';
import type { GatheredChanges } from './push/implicit-sync.ts';
import type { Lockstep, Pin } from './lockstep.ts';
import { originOf, queriedMapping, reconRequest, type RunOrigin, type RunOverrides } from './run-request.ts';
import { worldOver } from './world-over.ts';

export interface RunListeners {
  readonly onEntry?: (entry: RunEntry) => void;
  readonly onProgress?: (progress: Progress) => void;
}

export interface RunMappingOptions extends RunListeners, RunOrigin {
  /** `plan` computes and tells everything, and writes nothing anywhere. */
  readonly mode: ScriptMode;
  readonly overrides: RunOverrides;
  /** Of a new run; a new one if there is none. */
  readonly runId?: string;
  readonly resume?: RunRecord;
  /** End the run to be resumed instead, for this reason. */
  readonly abandon?: string;
  readonly signal?: AbortSignal;
}

/** Plans or runs one mapping of a project. */
export async function runMapping(
  lockstep: Lockstep,
  mapping: MappingConfig,
  options: RunMappingOptions,
): Promise<ReconResult> {
  const runId = options.resume?.id ?? options.runId ?? lockstep.newId();
  const listeners = harmlessListeners(lockstep, options);
  const world = await openWorld(lockstep, queriedMapping(mapping, options.overrides), options.mode, runId);
  try {
    const { compiled } = world.mapping;
    const isBuffered = options.mode === 'plan' && compiled.hasCorrelation;
    const result = await reconcile({
      world,
      request: reconRequest(compiled, options.overrides, lockstep.config.lockstep),
      owner: ownerName(lockstep.newId()),
      requestJson: requestJson(mapping, options.overrides, options),
      warnings:
        world.target instanceof StagedSet ? world.target.faults.map((fault) => `${compiled.target}: ${fault}`) : [],
      ...pickDefined(isBuffered ? { ...listeners, onEntry: () => {} } : listeners),
    });
    if (isBuffered && listeners.onEntry !== undefined)
      await tellEntries(world.repository, result.record.id, listeners.onEntry);
    return result;
  } finally {
    await world.close();
  }
}

/** Who listens shows what it hears. */
export function harmlessListeners<T extends RunListeners>(lockstep: Lockstep, options: T): T {
  const { onEntry } = options;
  if (onEntry === undefined) return options;
  const isSecret = secretsOf(lockstep.config);
  return { ...options, onEntry: (entry) => onEntry(harmless(entry, isSecret)) };
}

const LATE: ReadonlySet<RunEntry['changeClass']> = new Set(['delete', 'unlink', 'ambiguousDelete']);

/** A plan that may have gone back on an entry tells its entries at the end: only those that stand. */
async function tellEntries(repository: Repository, runId: string, onEntry: (entry: RunEntry) => void): Promise<void> {
  for await (const entry of storedEntries(repository.runs, runId))
    if (entry.status !== 'skipped' || LATE.has(entry.changeClass)) onEntry(entry);
}

function pickDefined({ resume, abandon, signal, onEntry, onProgress }: RunMappingOptions): Partial<ReconOptions> {
  return {
    ...(resume === undefined ? {} : { resume }),
    ...(abandon === undefined ? {} : { abandon }),
    ...(signal === undefined ? {} : { signal }),
    ...(onEntry === undefined ? {} : { onEntry }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

/**
 * What is kept with a run, so that it can be taken up again, taken back and shown, and so that one can tell with which
 * mapping it ran.
 */
export function requestJson(mapping: MappingConfig, overrides: RunOverrides, origin: RunOrigin): JsonObject {
  const { source, target, raw } = mapping;
  return {
    overrides: overrides as unknown as JsonObject,
    mappingHash: mappingHash(mapping),
    source,
    target,
    sourceQuery: overrides.sourceQuery ?? raw['sourceQuery'] ?? EVERYTHING,
    targetQuery: overrides.targetQuery ?? raw['targetQuery'] ?? EVERYTHING,
    ...originOf(origin),
  };
}

const EVERYTHING: JsonObject = { queryId: 'query-all-ids' };

export function mappingHash(mapping: MappingConfig): string {
  return createHash('sha256').update(JSON.stringify(mapping.raw)).digest('hex').slice(0, 16);
}

type OpenWorld = ReconOptions['world'] & { close(): Promise<void> };

/** Opens both sides, the scripts and the repository view of one run. */
export async function openWorld(
  lockstep: Lockstep,
  mapping: MappingConfig,
  mode: ScriptMode,
  runId: string,
): Promise<OpenWorld> {
  const pin = lockstep.pin();
  try {
    const world = await openPinned(lockstep, pin, mapping, mode, runId);
    const close = (): Promise<void> => world.close().finally(() => pin.release());
    return { ...world, close };
  } catch (error) {
    await pin.release();
    throw error;
  }
}

async function openPinned(
  lockstep: Lockstep,
  pin: Pin,
  mapping: MappingConfig,
  mode: ScriptMode,
  runId: string,
): Promise<OpenWorld> {
  const compiled = lockstep.compile(mapping, pin);
  const repository =
    mode === 'plan'
      ? planningRepository(lockstep.repository, await planningScratch(lockstep, pin), {
          keepsEntries: compiled.hasCorrelation,
        })
      : lockstep.repository;
  const source = readOnly(openSource(lockstep, pin, compiled, repository));
  const gathered = mode === 'live' ? lockstep.changes.gather() : null;
  const context = runContext(runId, mode, gathered);
  const opened = await openScripts(lockstep, pin, compiled, lockstep.calls(context, repository, pin));
  try {
    const target = await openTarget(lockstep, pin, compiled, repository, context);
    const close = async (): Promise<void> => {
      await opened.close();
      if (target instanceof StagedSet) await target.release();
      await gathered?.flush(runContext(runId, mode, null));
      if (mode !== 'plan') return;
      await lockstep.forget(repository);
      await repository.close();
    };
    const sides = { pin, mapping: opened, source, target, repository };
    return { ...worldOver(lockstep, sides, { mode, runId, reconId: runId }), close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** On behalf of whom the scripts of a run ask: the run itself ties what they cause. */
function runContext(runId: string, mode: ScriptMode, gathered: GatheredChanges | null): RequestContext {
  const context: RequestContext = {
    caller: SYSTEM_CALLER,
    transactionId: runId,
    parentActionId: null,
    cause: 'recon',
    mode,
  };
  return gathered === null ? context : { ...context, chain: gathered.chain };
}

export async function planningScratch(lockstep: Lockstep, pin: Pin): Promise<Repository> {
  const scratch = openMemoryRepository(lockstep.clock);
  await scratch.objects.declareTypes(pin.config.managed.map(({ name, searchable }) => ({ name, searchable })));
  return scratch;
}

/** A query may be sent elsewhere; single objects are read from the mapping's own source all the same. */
function openSource(lockstep: Lockstep, pin: Pin, compiled: CompiledMapping, repository: Repository): ObjectSet {
  const source = lockstep.objectSet(compiled.source, repository, pin);
  const elsewhere = compiled.sourceQuery?.resourceName ?? null;
  if (elsewhere === null || elsewhere === compiled.source) return source;
  const other = lockstep.objectSet(elsewhere, repository, pin);
  return { ...source, scan: (request) => other.scan(request) };
}

async function openTarget(
  lockstep: Lockstep,
  pin: Pin,
  compiled: CompiledMapping,
  repository: Repository,
  context: RequestContext,
): Promise<ObjectSet> {
  const { mode } = context;
  const target = lockstep.objectSet(compiled.target, repository, pin, context);
  if (target.traits.isTransactional) return target;
  if (target.traits.lookup === 'direct' && mode === 'live') return target;
  const staged = await StagedSet.open(
    mode === 'plan' ? readOnly(target) : target,
    await lockstep.openScratch(),
    mode === 'plan',
    lockstep.newId,
    namingAttribute(pin, compiled.target),
  );
  return staged;
}

/** What the attribute of an external type is called whose native name is `__NAME__`. */
export function namingAttribute({ config }: Pin, collection: string): string | null {
  const [, name, type = ''] = collection.split('/');
  const types = config.connectors.find((connector) => connector.name === name)?.objectTypes ?? {};
  const properties = Object.hasOwn(types, type) ? types[type]!.properties : {};
  return Object.keys(properties).find((key) => properties[key]!.nativeName === '__NAME__') ?? null;
}

export function openScripts(
  lockstep: Lockstep,
  pin: Pin,
  compiled: CompiledMapping,
  answer: HostCallHandler,
): Promise<OpenMapping> {
  return openMapping(compiled, {
    host: lockstep.scripts,
    limits: pin.config.lockstep.scripts,
    resolveModule: (request, fromFile) => pin.files.resolveModule(request, fromFile),
    answer,
  });
}
