import { isJsonObject, type JsonObject } from '../base/json.ts';
import { parsePointer } from '../base/json-pointer.ts';
import { isManagedSet } from '../model/managed-set.ts';
import type { ObjectWrite, StoredObject } from '../model/object-set.ts';
import type { CommitUnit, LinkWrite } from '../model/repository.ts';
import type { RunEntry } from '../model/run.ts';
import { keyOf, prepareSources, type Prepared } from '../sync/gather-source.ts';
import { linksOfSources } from '../sync/link-view.ts';
import type { Outcome, PlannedChange } from '../sync/planned-change.ts';
import type { Contest, Progress } from './progress.ts';
import type { RunContext } from './run-context.ts';
import { storedEntries } from './stored-entries.ts';

/*
 * Two source objects that correlate to one target: the one with the smaller id gets it, whichever comes first. While the
 * source streams by, the first to come is served; if one with a better claim comes later, that is noted, and at the end of
 * the phase what was done for the first is taken back and all of them are decided again in the order of their ids. So the
 * end state does not depend on the order in which a source gives its objects. Links from before the run are never touched.
 */

/** Notes every change that found its target taken, in this very run, by a source object with a greater id. */
export function noteContests(run: RunContext, changes: readonly PlannedChange[]): void {
  for (const change of changes) {
    const { evidence } = change;
    if (change.situation !== 'FOUND_ALREADY_LINKED' || evidence.kind !== 'source') continue;
    const { holder, targets } = evidence.correlation;
    if (holder === null || holder.id <= run.ledger.record.id) continue;
    const holderId = run.view.sourceIdOf(holder);
    if (run.view.sourceKey(evidence.sourceId) >= holderId) continue;
    const challenger = { sourceId: evidence.sourceId, action: change.action, outcome: change.outcome };
    add(run, {
      targetId: targets[0]!.id,
      linkQualifier: evidence.linkQualifier,
      holder: holderId,
      challengers: [challenger],
      isUndone: false,
    });
  }
}

function add(run: RunContext, contest: Contest): void {
  const { contests } = run.ledger.progress;
  const isSame = (one: Contest): boolean =>
    one.targetId === contest.targetId && one.linkQualifier === contest.linkQualifier;
  const known = contests.find(isSame);
  const merged =
    known === undefined ? contest : { ...known, challengers: [...known.challengers, ...contest.challengers] };
  run.ledger.update({ contests: [...contests.filter((one) => !isSame(one)), merged] });
}

/** Takes back and decides again, contest by contest. `decide` takes the objects in the order in which they are served. */
export async function resolveContests(
  run: RunContext,
  decide: (prepared: readonly Prepared[]) => Promise<void>,
): Promise<void> {
  const entries = run.ledger.progress.contests.length === 0 ? new Map<string, RunEntry>() : await entriesOf(run);
  for (;;) {
    const [contest] = run.ledger.progress.contests;
    if (contest === undefined) return;
    run.signal.throwIfAborted();
    const sourceIds = [contest.holder, ...contest.challengers.map((one) => one.sourceId)];
    if (!contest.isUndone) await takeBack(run, contest, entries);
    const decided = contest.isUndone ? await entriesOf(run) : new Map<string, RunEntry>();
    const open = sourceIds
      .filter((id) => !decided.has(keyOf(id, contest.linkQualifier)))
      .sort((a, b) => (run.view.sourceKey(a) < run.view.sourceKey(b) ? -1 : 1));
    const objects = await run.world.source.readMany(open);
    const inOrder = open.flatMap((id) => objects.get(id) ?? []);
    const prepared = await prepareSources(run.world, inOrder);
    await decide(prepared.filter((one) => one.linkQualifier === contest.linkQualifier));
    await run.ledger.commitProgress([], {
      contests: run.ledger.progress.contests.filter(
        (one) => one.targetId !== contest.targetId || one.linkQualifier !== contest.linkQualifier,
      ),
    });
  }
}

/** The entry that counts for each source object: the last one that was not given up. */
async function entriesOf(run: RunContext): Promise<Map<string, RunEntry>> {
  const found = new Map<string, RunEntry>();
  const wanted = new Set(
    run.ledger.progress.contests.flatMap((contest) => [
      contest.holder,
      ...contest.challengers.map((one) => one.sourceId),
    ]),
  );
  for await (const entry of storedEntries(run.world.repository.runs, run.ledger.record.id))
    if (entry.sourceId !== null && wanted.has(entry.sourceId) && entry.status !== 'skipped')
      found.set(keyOf(entry.sourceId, entry.linkQualifier), entry);
  return found;
}

async function takeBack(run: RunContext, contest: Contest, entries: ReadonlyMap<string, RunEntry>): Promise<void> {
  const { world, view, ledger } = run;
  const { linkQualifier } = contest;
  const given = entries.get(keyOf(contest.holder, linkQualifier));
  const target = (await world.target.readMany([contest.targetId])).get(contest.targetId) ?? null;
  const write = given === undefined || target === null ? null : inverse(given, target);
  if (write !== null && !isManagedSet(world.target)) await world.target.write([write]);
  const links = await linksOfSources(world.repository.links, view, [contest.holder]);
  const unlinks = links
    .filter((link) => link.linkQualifier === linkQualifier)
    .map((link): LinkWrite => ({ kind: 'delete', id: link.id, rev: link.rev }));
  const object = write !== null && isManagedSet(world.target) ? { object: world.target.toRowWrite(write) } : {};
  const units: CommitUnit[] = [{ ...object, links: unlinks }];
  for (const { sourceId } of [{ sourceId: contest.holder }, ...contest.challengers]) {
    const entry = entries.get(keyOf(sourceId, linkQualifier));
    if (entry === undefined) continue;
    const { runId, seq, status } = entry;
    const message = `given up and decided again: ${contest.targetId} is claimed by ${contest.challengers.length + 1} source objects`;
    units.push({
      entry: { kind: 'settle', runId, seq, from: status, status: 'skipped', message, timestampMs: world.clock.nowMs() },
    });
  }
  const contests = ledger.progress.contests.map((one) => (one === contest ? { ...one, isUndone: true } : one));
  await ledger.commitProgress(units, { ...uncounted(ledger.progress, contest, given), contests });
}

/** The write that restores the target as it was before the holder got it; null if the object itself was not changed. */
function inverse(entry: RunEntry, target: StoredObject): (ObjectWrite & { readonly id: string }) | null {
  if (entry.changeClass === 'create') return { kind: 'delete', id: target.id, rev: target.rev };
  if (entry.changeClass !== 'update' || !Array.isArray(entry.after)) return null;
  const object: JsonObject = { ...target.object };
  const changed: string[] = [];
  for (const operation of entry.after.filter(isJsonObject)) {
    const [attribute] = parsePointer(String(operation['field']));
    if (attribute === undefined) continue;
    changed.push(attribute);
    if (entry.before !== null && Object.hasOwn(entry.before, attribute)) object[attribute] = entry.before[attribute]!;
    else delete object[attribute];
  }
  delete object['_id'];
  delete object['_rev'];
  return { kind: 'update', id: target.id, rev: target.rev, object, changed };
}

/** The counts without the entries that are decided again. */
function uncounted(progress: Progress, contest: Contest, given: RunEntry | undefined): Partial<Progress> {
  const counts = { ...progress.counts };
  const situations = { ...progress.situations };
  const matrix = { ...progress.matrix };
  const drop = (situation: keyof Progress['situations'], action: RunEntry['action'], outcome: Outcome): void => {
    counts[outcome]--;
    situations[situation]--;
    const row = { ...matrix[situation] };
    row[action] = (row[action] ?? 1) - 1;
    if (row[action] === 0) delete row[action];
    if (Object.keys(row).length === 0) delete matrix[situation];
    else matrix[situation] = row;
  };
  for (const { action, outcome } of contest.challengers) drop('FOUND_ALREADY_LINKED', action, outcome);
  const failures = contest.challengers.filter((one) => one.outcome === 'failed').length;
  if (given?.situation != null)
    drop(given.situation, given.action, given.changeClass === 'create' ? 'created' : 'updated');
  const entries = progress.entries - contest.challengers.length - (given === undefined ? 0 : 1);
  const success = progress.success - (contest.challengers.length - failures) - (given === undefined ? 0 : 1);
  const targetsCreated = progress.targetsCreated - (given?.changeClass === 'create' ? 1 : 0);
  return {
    counts,
    situations,
    matrix,
    entries,
    success,
    failure: progress.failure - failures,
    targetsCreated,
    linksCreated: progress.linksCreated - 1,
  };
}
