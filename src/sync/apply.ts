import { assert } from '../base/assert.ts';
import { isManagedSet, type IdentifiedWrite, type ManagedSet } from '../model/managed-set.ts';
import { isStorableId, unstorableId, type WriteOutcome } from '../model/object-set.ts';
import type { CommitUnit, LinkWrite, RowWrite } from '../model/repository.ts';
import { askedRows, type AskedRows } from './approvals.ts';
import { runHooksAfter, runHooksBefore } from './hooks.ts';
import { linkView, type LinkView } from './link-view.ts';
import type { LinkIntent, PlannedChange } from './planned-change.ts';
import { prepareChanges, type PreparedChanges } from './prepare-changes.ts';
import { refused, type RunLog, type Settled } from './run-log.ts';
import type { World } from './world.ts';

/** Classes that wait for the end of the scan and the guard's word. */
export function isDestructive(change: PlannedChange): boolean {
  return change.changeClass === 'delete' || change.changeClass === 'unlink' || change.changeClass === 'ambiguousDelete';
}

/**
 * Applies a batch that holds nothing destructive: target, link, entry and checkpoint. For a managed target all of it is
 * one transaction; for an external one the intent is stored first, so that a crash between the target's answer and the
 * link can be healed. Destructive changes are stored as planned. Gives what came of each change.
 */
export async function applyChanges(
  world: World,
  changes: readonly PlannedChange[],
  log: RunLog,
): Promise<readonly Settled[]> {
  const ready = await runHooksBefore(world, changes);
  const settled = isManagedSet(world.target)
    ? await applyTransactional(world, world.target, ready, log)
    : await applyExternal(world, ready, log);
  await runHooksAfter(world, settled, log);
  return settled;
}

/** What a change comes to if nothing goes wrong. */
function expected(change: PlannedChange, log: RunLog): Settled {
  const seq = change.isReported ? log.takeSeq() : null;
  const { message, targetId, outcome } = change;
  if (outcome === 'failed') return { change, outcome, status: 'failed', targetId, message, seq };
  if (isDestructive(change)) return { change, outcome: null, status: 'planned', targetId, message, seq };
  return { change, outcome, status: 'done', targetId, message, seq };
}

async function applyTransactional(
  world: World,
  target: ManagedSet,
  changes: readonly PlannedChange[],
  log: RunLog,
): Promise<readonly Settled[]> {
  const settled = changes.map((change): Settled => {
    const one = expected(change, log);
    return change.write?.kind === 'create' && change.write.id === null ? { ...one, targetId: target.newId() } : one;
  });
  if (target.preparation === null) {
    await commitTransactional(world, settled, log, (one) => plainRow(target, one), NOTHING_ELSE);
    return settled;
  }
  const prepared = await prepareChanges(world, target.preparation, settled, log);
  try {
    await commitTransactional(world, settled, log, (_, i) => prepared.rows.get(i)?.row ?? null, prepared);
    await prepared.finish();
  } finally {
    prepared.release();
  }
  return settled;
}

/** A change that waits for people writes nothing itself. */
function withQuestion(unit: CommitUnit | null, { change, outcome }: Settled, asked: AskedRows): CommitUnit | null {
  const object = outcome === 'failed' ? null : asked.rowOf(change);
  return object === null ? unit : { ...unit, object };
}

/** The row of the change at this position. */
type RowOf = (one: Settled, i: number) => RowWrite | null;

/** Commits what is settled; what the repository refuses is turned to failed, in place, and the rest committed again. */
async function commitTransactional(
  world: World,
  settled: Settled[],
  log: RunLog,
  rowOf: RowOf,
  besides: Pick<PreparedChanges, 'auditOf' | 'announcedOf'>,
): Promise<void> {
  const view = linkView(world.mapping.compiled.links);
  const asked = await askedRows(world, settled);
  for (;;) {
    const owners: number[] = [];
    const units: CommitUnit[] = [];
    for (const [i, one] of settled.entries()) {
      const unit = withQuestion(transactionalUnit(world, view, one, log, rowOf, i), one, asked);
      if (unit === null) continue;
      owners.push(i);
      units.push(unit);
    }
    for (const object of besides.announcedOf(owners)) units.push({ object });
    const result = await log.commit(units, settled, besides.auditOf(owners));
    if (result.ok) return;
    assert(result.conflicts.length > 0, 'a commit was refused without naming a conflict');
    for (const conflict of result.conflicts) {
      const i = owners[conflict.unit]!;
      if (asked.isAsked(settled[i]!.change)) continue;
      assert(settled[i]!.outcome !== 'failed', `an entry alone was refused: ${conflict.message}`);
      settled[i] = { ...refused(settled[i]!, conflict.message, log), code: conflict.code };
    }
  }
}

const NOTHING_ELSE = { auditOf: () => [], announcedOf: () => [] };

function plainRow(target: ManagedSet, { change, targetId }: Settled): RowWrite {
  return target.toRowWrite({ ...change.write, id: targetId! } as IdentifiedWrite);
}

function transactionalUnit(
  world: World,
  view: LinkView,
  settled: Settled,
  log: RunLog,
  rowOf: RowOf,
  i: number,
): CommitUnit | null {
  const { change, seq, targetId, outcome } = settled;
  const entry = seq === null ? {} : { entry: { kind: 'insert', entry: log.toEntry(settled) } as const };
  if (outcome === 'failed' || outcome === null) return seq === null ? null : entry;
  const row = change.write === null ? null : rowOf(settled, i);
  const object = row === null ? {} : { object: row };
  const links = change.link === null ? {} : { links: [linkWrite(world, view, change.link, change, targetId)] };
  if (seq === null && change.write === null && change.link === null) return null;
  return { ...object, ...links, ...entry };
}

export function linkWrite(
  world: World,
  view: LinkView,
  intent: LinkIntent,
  change: PlannedChange,
  targetId: string | null,
): LinkWrite {
  if (intent.kind === 'delete') return { kind: 'delete', id: intent.link.id, rev: intent.link.rev };
  assert(targetId !== null, 'a link needs the id of its target');
  if (intent.kind === 'retarget') {
    const ends = view.ends(view.sourceIdOf(intent.link), targetId);
    return { kind: 'update', id: intent.link.id, rev: intent.link.rev, ...ends };
  }
  const { linkType } = view.rules;
  const { linkQualifier } = change.evidence;
  return {
    kind: 'create',
    link: { id: world.newId(), rev: 0, linkType, linkQualifier, ...view.ends(intent.sourceId, targetId) },
  };
}

async function applyExternal(
  world: World,
  changes: readonly PlannedChange[],
  log: RunLog,
): Promise<readonly Settled[]> {
  const view = linkView(world.mapping.compiled.links);
  const settled = changes.map((change) => expected(change, log));
  const writing = settled.flatMap((one, i) => (one.change.write !== null && one.status === 'done' ? [i] : []));
  if (writing.length > 0) {
    if (world.mode === 'live') await storeIntents(settled, writing, log);
    const outcomes = await world.target.write(writing.map((i) => settled[i]!.change.write!));
    for (const [k, i] of writing.entries()) settled[i] = withOutcome(settled[i]!, outcomes[k]!, log);
  }
  const hasIntent = new Set(world.mode === 'live' ? writing : []);
  const asked = await askedRows(world, settled);
  for (;;) {
    const units = settled.map((one, i) =>
      withQuestion(externalUnit(world, view, one, hasIntent.has(i), log), one, asked),
    );
    const owners = units.flatMap((unit, i) => (unit === null ? [] : [i]));
    const result = await log.commit(
      owners.map((i) => units[i]!),
      settled,
    );
    if (result.ok) return settled;
    for (const conflict of result.conflicts) {
      const i = owners[conflict.unit]!;
      if (asked.isAsked(settled[i]!.change)) continue;
      assert(settled[i]!.outcome !== 'failed', `an entry alone was refused: ${conflict.message}`);
      settled[i] = { ...refused(settled[i]!, conflict.message, log), code: conflict.code };
    }
  }
}

/** What is about to be written outside, on disk before it is tried. */
async function storeIntents(settled: readonly Settled[], writing: readonly number[], log: RunLog): Promise<void> {
  const units = writing.map((i): CommitUnit => ({
    entry: { kind: 'insert', entry: log.toEntry({ ...settled[i]!, status: 'applying' }) },
  }));
  const stored = await log.commitIntents(units);
  assert(stored.ok, 'an intent was refused');
}

function withOutcome(settled: Settled, outcome: WriteOutcome, log: RunLog): Settled {
  if (!outcome.ok) return { ...refused(settled, outcome.message, log), code: outcome.code };
  if (!isStorableId(outcome.id)) return refused(settled, `written, but not linked: ${unstorableId(outcome.id)}`, log);
  return { ...settled, targetId: outcome.id };
}

function externalUnit(
  world: World,
  view: LinkView,
  settled: Settled,
  hasIntent: boolean,
  log: RunLog,
): CommitUnit | null {
  const { change, seq, targetId, status, message } = settled;
  const wantsLink = change.link !== null && status === 'done';
  const renamed =
    change.write?.kind === 'update' &&
    targetId !== change.write.id &&
    change.evidence.link !== null &&
    status === 'done';
  const links: LinkWrite[] = [];
  if (wantsLink) links.push(linkWrite(world, view, change.link!, change, targetId));
  else if (renamed)
    links.push(linkWrite(world, view, { kind: 'retarget', link: change.evidence.link!, targetId }, change, targetId));
  if (seq === null) return links.length === 0 ? null : { links };
  const { entry } = { entry: log.toEntry(settled) };
  if (!hasIntent) return { links, entry: { kind: 'insert', entry } };
  const { runId, timestampMs } = entry;
  const settle = { kind: 'settle', runId, seq, from: 'applying', status, message, timestampMs } as const;
  return { links, entry: targetId === null ? settle : { ...settle, targetId } };
}
