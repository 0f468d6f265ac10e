import { Failure } from '../../base/failure.ts';
import type { CompiledMapping } from '../../mapping/compiled-mapping.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { OpenMapping } from '../../mapping/open-mapping.ts';
import type { ObjectSet, Query, ScanPage, StoredObject } from '../../model/object-set.ts';
import type { Repository } from '../../model/repository.ts';
import type { RunEntry } from '../../model/run.ts';
import { readOnly } from '../../connector/read-only.ts';
import { ownerName } from '../../recon/lease.ts';
import { reconcile } from '../../recon/recon.ts';
import { StagedSet } from '../../recon/staged-set.ts';
import { storedEntries } from '../../recon/stored-entries.ts';
import { planningRepository } from '../../repo/planning-repository.ts';
import { SYSTEM_CALLER, type RequestContext } from '../../resource/context.ts';
import type { Lockstep, Pin } from '../lockstep.ts';
import { systemType } from '../ownership/collections.ts';
import { namingAttribute, openScripts, planningScratch } from '../run-mapping.ts';
import { reconRequest } from '../run-request.ts';
import { worldOver } from '../world-over.ts';
import { mirroredSet } from './mirrored-set.ts';
import { onlyThese, sampleOf } from './sample.ts';

/**
 * All collections of a project as copies over what there is: managed objects in a planning repository, external ones in scratch
 * copies. Mappings are planned in it one after the other, each on what the earlier ones have made; nothing outside is written.
 */
export interface TrialWorld {
  /** Plans the mapping and applies the plan to the copies. Gives the entries that stand. */
  plan(mapping: MappingConfig, signal: AbortSignal): Promise<readonly RunEntry[]>;
  /** How many objects of the source take part now. */
  countOf(mapping: MappingConfig): number;
  close(): Promise<void>;
}

interface State {
  readonly lockstep: Lockstep;
  readonly pin: Pin;
  readonly repository: Repository;
  readonly sampleSize: number;
  readonly sets: Map<string, ObjectSet>;
  readonly staged: StagedSet[];
  /** Ids of source objects that take part, by collection and query. */
  readonly samples: Map<string, Set<string>>;
  /** What was created or changed, by collection. */
  readonly touched: Map<string, Set<string>>;
  /** Mappings with their scripts, by name. */
  readonly opened: Map<string, OpenMapping>;
}

export async function openTrialWorld(lockstep: Lockstep, sampleSize: number): Promise<TrialWorld> {
  const pin = lockstep.pin();
  const scratch = await planningScratch(lockstep, pin);
  const repository = planningRepository(lockstep.repository, scratch, { keepsEntries: true });
  const state: State = {
    lockstep,
    pin,
    repository,
    sampleSize,
    sets: new Map(),
    staged: [],
    samples: new Map(),
    touched: new Map(),
    opened: new Map(),
  };
  return {
    plan: (mapping, signal) => plan(state, mapping, signal),
    countOf: (mapping) => state.samples.get(keyOf(lockstep.compile(mapping, pin)))?.size ?? 0,
    close: async () => {
      for (const mapping of state.opened.values()) await mapping.close();
      for (const set of state.staged) await set.release();
      await lockstep.forget(repository);
      await repository.close();
      await pin.release();
    },
  };
}

async function plan(state: State, mapping: MappingConfig, signal: AbortSignal): Promise<readonly RunEntry[]> {
  const { lockstep, pin } = state;
  const compiled = lockstep.compile(mapping, pin);
  const world = await openWorld(state, compiled, signal);
  const asked = reconRequest(compiled, { runTargetPhase: false, allowEmptySourceSet: true }, pin.config.lockstep);
  const { record, progress } = await reconcile({
    world,
    // The source holds nothing but the sample, which the query has chosen.
    request: { ...asked, sourceQuery: null, isSourceWhole: false },
    owner: ownerName(lockstep.newId()),
    requestJson: {},
    signal,
  });
  if (record.state !== 'SUCCESS')
    throw new Failure(progress.errorCode ?? 'internal', progress.error ?? 'the plan was not finished');
  return await entriesOf(state, compiled, world.runId);
}

async function openWorld(
  state: State,
  compiled: CompiledMapping,
  signal: AbortSignal,
): Promise<Parameters<typeof reconcile>[0]['world']> {
  const { lockstep, pin, repository } = state;
  const source = await openSource(state, compiled, signal);
  const target = await openSet(state, compiled.target);
  const runId = lockstep.newId();
  const mapping = await openScriptsOnce(state, compiled, runId);
  return worldOver(lockstep, { pin, mapping, source, target, repository }, { mode: 'plan', runId, reconId: runId });
}

async function openScriptsOnce(
  { lockstep, pin, repository, opened }: State,
  compiled: CompiledMapping,
  runId: string,
): Promise<OpenMapping> {
  const known = opened.get(compiled.name);
  if (known !== undefined) return known;
  const context: RequestContext = {
    caller: SYSTEM_CALLER,
    transactionId: runId,
    parentActionId: null,
    cause: 'recon',
    mode: 'plan',
  };
  const mapping = await openScripts(lockstep, pin, compiled, lockstep.calls(context, repository, pin));
  opened.set(compiled.name, mapping);
  return mapping;
}

/** Also notes what was written, so that mappings that read it look at it. */
async function entriesOf(state: State, compiled: CompiledMapping, runId: string): Promise<readonly RunEntry[]> {
  const touched = state.touched.get(compiled.target) ?? new Set<string>();
  state.touched.set(compiled.target, touched);
  const entries: RunEntry[] = [];
  for await (const entry of storedEntries(state.repository.runs, runId)) {
    if (entry.status === 'skipped') continue;
    entries.push(entry);
    const isWritten = entry.changeClass === 'create' || entry.changeClass === 'update';
    if (isWritten && entry.targetId !== null && entry.status !== 'failed') touched.add(entry.targetId);
  }
  return entries;
}

/** The sample, and whatever of the source was made or changed in this world. */
async function openSource(state: State, compiled: CompiledMapping, signal: AbortSignal): Promise<ObjectSet> {
  const { source, sourceQuery } = compiled;
  const key = keyOf(compiled);
  const isWritten = state.pin.config.mappings.some(({ target }) => target === source);
  const set = isWritten ? await openSet(state, source) : (state.sets.get(key) ?? null);
  const known = state.samples.get(key);
  if (known !== undefined && set !== null) {
    if (sourceQuery === null) for (const id of state.touched.get(source) ?? []) known.add(id);
    return onlyThese(set, () => [...known]);
  }
  const { lockstep, pin, repository } = state;
  const real = set ?? readOnly(lockstep.objectSet(source, repository, pin));
  const elsewhere = sourceQuery?.resourceName ?? source;
  const asked = elsewhere === source ? real : lockstep.objectSet(elsewhere, repository, pin);
  const sample = await sampleOf(asked, allButEverything(sourceQuery?.query ?? null), state.sampleSize, signal);
  const ids = new Set(sample.map(({ id }) => id));
  state.samples.set(key, ids);
  if (set !== null) return openSource(state, compiled, signal);
  state.sets.set(key, await staged(state, { ...real, scan: () => onePage(sample) }));
  return openSource(state, compiled, signal);
}

async function* onePage(objects: readonly StoredObject[]): AsyncIterable<ScanPage> {
  yield { objects, faults: [], cursor: null, isLast: true };
}

function allButEverything(query: Query | null): Query | null {
  return query?.kind === 'id' && /^query-all(-ids)?$/.test(query.queryId) ? null : query;
}

function keyOf({ source, sourceQuery }: CompiledMapping): string {
  return JSON.stringify([source, sourceQuery]);
}

async function openSet(state: State, collection: string): Promise<ObjectSet> {
  const { lockstep, pin, repository, sets } = state;
  const known = sets.get(collection);
  if (known !== undefined) return known;
  const set = lockstep.objectSet(collection, repository, pin);
  const opened = set.traits.isTransactional ? set : mirrored(state, await staged(state, readOnly(set)));
  sets.set(collection, opened);
  return opened;
}

async function staged(state: State, set: ObjectSet): Promise<StagedSet> {
  const { lockstep, pin } = state;
  const name = namingAttribute(pin, set.path);
  const copy = await StagedSet.open(set, await lockstep.openScratch(), true, lockstep.newId, name);
  state.staged.push(copy);
  return copy;
}

function mirrored({ pin }: State, copy: StagedSet): ObjectSet {
  const type = systemType(pin.config, copy.path);
  return type === null ? copy : mirroredSet(copy, type);
}
