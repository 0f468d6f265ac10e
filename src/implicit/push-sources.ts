import { assert } from '../base/assert.ts';
import type { JsonObject } from '../base/json.ts';
import type { Action } from '../model/action.ts';
import type { AuditEvent } from '../model/audit.ts';
import { isManagedSet } from '../model/managed-set.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { CommitConflict, CommitUnit } from '../model/repository.ts';
import type { RunEntry } from '../model/run.ts';
import { carryOut, type Carried } from '../recon/apply-planned.ts';
import { Pending } from '../recon/pending.ts';
import { applyChanges, isDestructive } from '../sync/apply.ts';
import { decide } from '../sync/decide.ts';
import type { Evidence } from '../sync/evidence.ts';
import { gatherGone } from '../sync/gather-gone.ts';
import { completeSources, prepareSources, type Fault, type Prepared } from '../sync/gather-source.ts';
import { linkView } from '../sync/link-view.ts';
import type { PlannedChange } from '../sync/planned-change.ts';
import type { Settled } from '../sync/run-log.ts';
import type { World } from '../sync/world.ts';
import { holdUp, NO_HOLD_UP, type HoldUp } from './hold-up.ts';
import type { PushLog } from './push-log.ts';

/** What a push needs besides the world. */
export interface Push {
  readonly world: World;
  readonly log: PushLog;
  readonly eventOf: (settled: Settled) => AuditEvent | null;
  /**
   * Takes the ids of objects that were left alone because one before them, in the order given, cannot be decided. Absent: no object
   * waits for another.
   */
  readonly untouched?: Set<string>;
}

/**
 * Brings the targets of these source objects in step: gathers, assesses, decides and applies a batch, as a reconciliation does,
 * but deletes at once. `objects`: as they are now; an id of `gone` is not there any more.
 */
export async function pushSources(
  push: Push,
  objects: readonly StoredObject[],
  gone: readonly string[],
): Promise<readonly Settled[]> {
  const { world } = push;
  const { untouched } = push;
  const wait = untouched === undefined ? NO_HOLD_UP : holdUp([...objects.map(({ id }) => id), ...gone], untouched);
  const settled = await pushPresent(push, await prepareSources(world, objects), wait);
  const missing = await gatherGone(
    world,
    gone.filter((id) => !wait.holds(id)),
  );
  if (missing.length === 0) return settled;
  const changes = await decide(world, missing);
  wait.note(changes);
  const open = changes.filter(({ sourceId }) => !wait.holds(sourceId));
  return [...settled, ...(await applyNow(push, open))];
}

/** Does one thing about what was gathered, whatever the policies say (`performAction`, specification §7.6). */
export async function pushAction(
  push: Push,
  gathered: readonly { readonly evidence: Evidence; readonly fault: Fault | null }[],
  action: Action,
): Promise<readonly Settled[]> {
  return applyNow(push, await decide(push.world, gathered, action));
}

/** Objects that meet what another one of the batch is about to write wait until it is written. */
async function pushPresent(push: Push, prepared: readonly Prepared[], wait: HoldUp): Promise<readonly Settled[]> {
  const { world } = push;
  const settled: Settled[] = [];
  for (let open = prepared; open.length > 0;) {
    const pending = new Pending(linkView(world.mapping.compiled.links));
    const gathered = await completeSources(world, open);
    const changes = await decide(world, gathered);
    const contested: Prepared[] = [];
    for (const [i, change] of changes.entries())
      if (gathered[i]!.fault === null && pending.isContested(gathered[i]!.evidence))
        contested.push({ ...open[i]!, linkedTarget: undefined });
      else pending.add(change);
    pending.closeBatch();
    const certain = pending.take();
    wait.note(certain);
    settled.push(
      ...(await applyNow(
        push,
        certain.filter(({ sourceId }) => !wait.holds(sourceId)),
      )),
    );
    open = contested.filter(({ sourceId }) => !wait.holds(sourceId));
  }
  return settled;
}

async function applyNow(push: Push, changes: readonly PlannedChange[]): Promise<readonly Settled[]> {
  const { world, log } = push;
  const mild = changes.filter((change) => !isDestructive(change));
  const applied = mild.length === 0 ? [] : await applyChanges(world, mild, log);
  const settled = applied.map((one) => log.corrected(one));
  const destructive = changes.filter(isDestructive);
  return destructive.length === 0 ? settled : [...settled, ...(await destroy(push, destructive))];
}

/** Nobody confirms the deletes of a single change, but neither does it delete what it could not tell apart. */
async function destroy(push: Push, changes: readonly PlannedChange[]): Promise<readonly Settled[]> {
  const { world, log } = push;
  const certain = changes.filter((change) => change.changeClass !== 'ambiguousDelete');
  const refused = changes
    .filter((change) => change.changeClass === 'ambiguousDelete')
    .map((change) => unsettled(change, `${change.message ?? 'several candidates'}: run a reconciliation to decide`));
  const entries = new Map<number, PlannedChange>();
  const planned = certain.map((change): RunEntry => {
    const seq = log.takeSeq();
    entries.set(seq, change);
    const { message, targetId } = change;
    return log.toEntry({ change, outcome: null, status: 'planned', targetId, message, seq });
  });
  const settledOf = (one: Carried): Settled => carriedSettled(entries.get(one.entry.seq)!, one);
  const commit = async (
    units: readonly CommitUnit[],
    carried: readonly Carried[],
    audit: readonly AuditEvent[],
  ): Promise<readonly CommitConflict[]> => {
    const events = carried.flatMap((one) => push.eventOf(settledOf(one)) ?? []);
    const result = await log.commitUnits(units, [...audit, ...events], intents);
    return result.ok ? [] : result.conflicts;
  };
  const intents = await intendDeletes(push, planned);
  const carried = planned.length === 0 ? [] : await carryOut(world, planned, commit);
  const told = refused.flatMap((one) => push.eventOf(one) ?? []);
  if (told.length > 0) await log.commitUnits([], told, NO_INTENTS);
  assert(carried.length === certain.length, 'a destructive change has no outcome');
  return [...carried.map(settledOf), ...refused];
}

const NO_INTENTS: ReadonlySet<number> = new Set();

/** Outside, an object may be gone before its link is: a crash in between is healed by what is noted here. */
async function intendDeletes({ world, log }: Push, planned: readonly RunEntry[]): Promise<ReadonlySet<number>> {
  const deletes = isManagedSet(world.target) ? [] : planned.filter(({ changeClass }) => changeClass === 'delete');
  if (deletes.length === 0) return NO_INTENTS;
  const stored = await log.commitIntents(deletes.map((entry) => ({ entry: { kind: 'insert', entry } })));
  assert(stored.ok, 'an intent was refused');
  return new Set(deletes.map(({ seq }) => seq));
}

function carriedSettled(change: PlannedChange, { status, message }: Carried): Settled {
  const isDone = status === 'done';
  return {
    change,
    outcome: isDone ? change.outcome : 'failed',
    status: isDone ? 'done' : 'failed',
    targetId: change.targetId,
    message,
    seq: null,
  };
}

function unsettled(change: PlannedChange, message: string): Settled {
  return { change, outcome: 'failed', status: 'failed', targetId: change.targetId, message, seq: null };
}

/** A source object as a push is given it. */
export function sourceObjectOf(id: string, object: JsonObject): StoredObject {
  return { id, rev: null, object: object['_id'] === id ? object : { ...object, _id: id } };
}
