import { Failure } from '../../base/failure.ts';
import { pushAction } from '../../implicit/push-sources.ts';
import type { Action } from '../../model/action.ts';
import { DEFAULT_QUALIFIER } from '../../model/link.ts';
import type { Situation } from '../../model/situation.ts';
import type { StoredObject } from '../../model/object-set.ts';
import { entryOf } from '../../recon/entry-of.ts';
import { fromJson, toJson } from '../../recon/progress.ts';
import { gatherIds } from '../../recon/recon-by-id.ts';
import { storedEntries } from '../../recon/stored-entries.ts';
import type { RequestContext } from '../../resource/context.ts';
import { assess } from '../../sync/assess.ts';
import type { Evidence, SourceEvidence } from '../../sync/evidence.ts';
import type { Fault } from '../../sync/gather-source.ts';
import { gatherTargets } from '../../sync/gather-target.ts';
import { linksOfTargets, linkView } from '../../sync/link-view.ts';
import type { Settled } from '../../sync/run-log.ts';
import type { World } from '../../sync/world.ts';
import type { Lockstep } from '../lockstep.ts';
import { auditedPush, pushWith } from './push-mapping.ts';

/** Specification §7.6. */
export interface ActionRequest {
  readonly mapping: string;
  readonly action: Action;
  /** Null: the target side. */
  readonly sourceId: string | null;
  readonly targetId: string | null;
  /** Refused unless this is the situation. */
  readonly situation: Situation | null;
  /** The run into whose audit the outcome goes. */
  readonly reconId: string | null;
  readonly linkQualifier: string;
  readonly ignorePostAction: boolean;
}

type One = { readonly evidence: Evidence; readonly fault: Fault | null };

/**
 * Carries out one action on one object, whatever the policies say. Rejects with `conflict` if it cannot be done. Writes no entry of
 * `audit/sync` unless `isAudited`: who asks for an action tells of it himself.
 */
export async function performAction(
  lockstep: Lockstep,
  request: ActionRequest,
  context: RequestContext,
  { isAudited = false }: { readonly isAudited?: boolean } = {},
): Promise<void> {
  const { mapping: name, action, reconId } = request;
  const pushId = reconId ?? lockstep.newId();
  const gathered = lockstep.changes.gather();
  const inner: RequestContext = { ...context, chain: gathered.chain };
  const purpose = { pushId, reconId, context: inner, oldSources: new Map() };
  const settled = await lockstep.changes.worlds.use(name, purpose, async (opened) => {
    const world = request.ignorePostAction ? withoutPostActions(opened) : opened;
    const one = await evidenceFor(world, request);
    if (one.fault !== null) throw new Failure('conflict', one.fault.message);
    refuseOther(request, one);
    const { owner } = lockstep.changes.pushing;
    const push = isAudited
      ? auditedPush(lockstep, world, owner, context)
      : pushWith(lockstep, world, owner, () => null);
    return (await pushAction(push, [one], action))[0]!;
  });
  await gathered.flush(context);
  if (reconId !== null && action !== 'NOREPORT') await noteInRun(lockstep, reconId, settled);
  if (settled.outcome === 'failed') throw new Failure('conflict', settled.message ?? 'the action failed');
}

function evidenceFor(world: World, request: ActionRequest): Promise<One> {
  return request.sourceId === null ? targetSide(world, request) : sourceSide(world, request, request.sourceId);
}

async function sourceSide(world: World, { targetId, linkQualifier }: ActionRequest, sourceId: string): Promise<One> {
  const gathered = await gatherIds(world, [sourceId]);
  if (gathered.every(({ evidence }) => evidence.source === null))
    throw new Failure('conflict', `Source object ${sourceId} does not exist`);
  const found = gathered.find(({ evidence }) => evidence.linkQualifier === linkQualifier);
  if (found === undefined)
    throw new Failure('conflict', `Source object ${sourceId} has no link qualifier "${linkQualifier}"`);
  if (targetId === null) return found;
  return { ...found, evidence: await withTarget(world, found.evidence, await targetOf(world, targetId)) };
}

/** The target that was named takes the place of the one that links or correlation would give. */
async function withTarget(world: World, evidence: SourceEvidence, target: StoredObject): Promise<SourceEvidence> {
  const view = linkView(world.mapping.compiled.links);
  const { link } = evidence;
  if (link !== null && view.targetIdOf(link) === view.targetKey(target.id)) return { ...evidence, target };
  const links = await linksOfTargets(world.repository.links, view, [target.id]);
  const holder = links.find((one) => one.linkQualifier === evidence.linkQualifier) ?? null;
  const correlation = {
    kind: 'queried' as const,
    query: null,
    targets: [target],
    isAlreadyLinked: holder !== null,
    holder,
  };
  if (link !== null) return { ...evidence, target };
  return { ...evidence, target, linkedTargetId: null, correlation };
}

async function targetSide(world: World, { targetId, linkQualifier }: ActionRequest): Promise<One> {
  if (targetId === null)
    throw new Failure('bad-request', 'performAction needs a sourceId, or target=true and a targetId');
  const target = await targetOf(world, targetId);
  const [one] = await gatherTargets(world, [target], [linkQualifier], world.readSources);
  return one!;
}

async function targetOf(world: World, targetId: string): Promise<StoredObject> {
  const found = (await world.readTargets([targetId])).get(targetId);
  if (found === undefined) throw new Failure('conflict', `Target object ${targetId} does not exist`);
  return found;
}

function refuseOther({ situation }: ActionRequest, { evidence }: One): void {
  const found = assess(evidence);
  if (situation === null || situation === found) return;
  throw new Failure('conflict', `Expected situation does not match. Expected: ${situation}, Found: ${found}`);
}

function withoutPostActions(world: World): World {
  const { compiled } = world.mapping;
  const policies = compiled.payload.policies.map((policy) => ({ ...policy, postAction: null }));
  const mapping = { ...world.mapping, compiled: { ...compiled, payload: { ...compiled.payload, policies } } };
  return { ...world, mapping };
}

const ATTEMPTS = 20;
/** A run that is still under way numbers its own entries below this. */
const LATE_SEQ = 1_000_000_000;

/** An entry of the run that left the decision to somebody else. A run that nobody knows (any more) gets none. */
async function noteInRun({ repository, clock, log }: Lockstep, reconId: string, settled: Settled): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const record = await repository.runs.read(reconId);
    if (record === null) {
      log.write('warn', `performAction: there is no run ${reconId}; its audit gets no entry`);
      return;
    }
    const progress = fromJson(record.progress);
    let seq = progress.lastSeq;
    for await (const entry of storedEntries(repository.runs, reconId, { afterSeq: seq })) seq = entry.seq;
    const isOver = record.state !== 'ACTIVE';
    if (!isOver) seq = Math.max(seq, LATE_SEQ);
    const entry = entryOf({ ...settled, seq: seq + 1 }, reconId, clock.nowMs());
    const run = isOver ? { run: { ...record, progress: toJson({ ...progress, lastSeq: seq + 1 }) } } : {};
    const result = await repository.commit({ units: [{ entry: { kind: 'insert', entry } }], ...run });
    if (result.ok) return;
  }
  log.write('warn', `performAction: the entry for run ${reconId} could not be written: others were faster each time`);
}

/** `default`, as the reference has it. */
export const ACTION_QUALIFIER = DEFAULT_QUALIFIER;
