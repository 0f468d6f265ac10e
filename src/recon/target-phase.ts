import type { Json } from '../base/json.ts';
import { Failure } from '../base/failure.ts';
import type { RowFault, StoredObject } from '../model/object-set.ts';
import { applyChanges } from '../sync/apply.ts';
import { decide } from '../sync/decide.ts';
import { listsIds } from '../sync/read-by-key.ts';
import { gatherTargets } from '../sync/gather-target.ts';
import type { PlannedChange } from '../sync/planned-change.ts';
import type { RunContext } from './run-context.ts';
import { reported } from './source-phase.ts';

const ID_PAGE = 2000;
/** Pages on which nothing was left, until the checkpoint moves all the same: a commit waits for the disk. */
const PASSED_PAGES = 10;
/** The checkpoint after the last page. */
const END = 'end';

/** Goes through what is left of the target set: assess, decide, plan; updates are applied, the rest waits for the guard. */
export async function runTargetPhase(run: RunContext, start: Json): Promise<void> {
  const qualifiers = await possibleQualifiers(run);
  let passed = 0;
  for await (const { ids, objects, cursor, seen } of leftOvers(run, start)) {
    run.signal.throwIfAborted();
    const changes: PlannedChange[] = [];
    for (let i = 0; i < ids.length; i += run.request.batchSize) {
      const chunk = ids.slice(i, i + run.request.batchSize);
      changes.push(...(await planTargets(run, await objects(chunk), qualifiers)));
    }
    const { target } = run.ledger.progress;
    dropRepeatedDeletes(changes);
    run.ledger.moveTo(cursor);
    run.ledger.update({ target: { ...target, total: (target.total ?? 0) + seen } });
    if (changes.length === 0 && ++passed < PASSED_PAGES) continue;
    passed = 0;
    await applyChanges(run.world, changes, run.ledger);
  }
}

/** A target that is left over under several link qualifiers is deleted once. */
function dropRepeatedDeletes(changes: PlannedChange[]): void {
  const deleted = new Set<string>();
  for (const [i, change] of changes.entries()) {
    if (change.changeClass !== 'delete' || change.targetId === null || change.link !== null) continue;
    if (!deleted.has(change.targetId)) deleted.add(change.targetId);
    else
      changes[i] = {
        ...change,
        changeClass: 'none',
        outcome: 'ignored',
        write: null,
        hooks: [],
        before: null,
        message: 'is deleted under another link qualifier',
      };
  }
}

async function planTargets(
  run: RunContext,
  objects: readonly StoredObject[],
  qualifiers: readonly string[],
): Promise<readonly PlannedChange[]> {
  const gathered = await gatherTargets(run.world, objects, qualifiers, (ids) => readSources(run, ids));
  return (await decide(run.world, gathered)).map((change) => reported(run, change));
}

async function possibleQualifiers(run: RunContext): Promise<readonly string[]> {
  const fixed = run.world.mapping.compiled.qualifiers;
  if (fixed !== null) return fixed;
  const [result] = await run.world.mapping.run(
    'qualifiers',
    [{ object: null, oldValue: null, returnAll: true }],
    run.world.mode,
  );
  if (result!.ok) return result!.value;
  throw new Failure('script', result!.message);
}

interface LeftOvers {
  readonly ids: readonly string[];
  readonly objects: (ids: readonly string[]) => Promise<readonly StoredObject[]>;
  readonly cursor: Json;
  /** Targets looked at to find these, but for those that the run itself made. */
  readonly seen: number;
}

/** Rows of the target that cannot be read are left alone, and told; so many of them one by one. */
const TOLD_FAULTS = 100;

function tellFaults(run: RunContext, faults: readonly RowFault[], toldBefore: number): number {
  const { path } = run.world.target;
  for (const { place, message } of faults.slice(0, Math.max(0, TOLD_FAULTS - toldBefore)))
    run.ledger.warn(`${path}: ${place}: ${message}`);
  const told = toldBefore + faults.length;
  if (toldBefore <= TOLD_FAULTS && told > TOLD_FAULTS)
    run.ledger.warn(`${path}: more than ${TOLD_FAULTS} rows cannot be read`);
  return told;
}

/** A page at a time; the checkpoint moves a page at a time, too. */
async function* leftOvers(run: RunContext, start: Json): AsyncIterable<LeftOvers> {
  const { target } = run.world;
  const { targetQuery, batchSize } = run.request;
  const isLeft = (id: string): boolean => !run.touchedTargets.has(run.view.targetKey(id));
  const wasThere = (id: string): boolean => !run.createdTargets.has(run.view.targetKey(id));
  if (targetQuery !== null || !listsIds(target)) {
    const query = targetQuery === null ? {} : { query: targetQuery };
    const after = start === null ? {} : { after: start };
    let told = 0;
    for await (const page of target.scan({ pageSize: batchSize, signal: run.signal, ...query, ...after })) {
      told = tellFaults(run, page.faults, told);
      const left = new Map(page.objects.filter((stored) => isLeft(stored.id)).map((stored) => [stored.id, stored]));
      const objects = async (ids: readonly string[]): Promise<readonly StoredObject[]> =>
        ids.map((id) => left.get(id)!);
      yield {
        ids: [...left.keys()],
        objects,
        cursor: page.cursor,
        seen: page.objects.filter(({ id }) => wasThere(id)).length,
      };
    }
    return;
  }
  const objects = async (ids: readonly string[]): Promise<readonly StoredObject[]> => [
    ...(await target.readMany(ids)).values(),
  ];
  let after = start;
  while (after !== END) {
    const page = await target.pageIds(after, ID_PAGE);
    after = page.next ?? END;
    yield { ids: page.rows.filter(isLeft), objects, cursor: after, seen: page.rows.filter(wasThere).length };
  }
}

/**
 * Source objects that links of left-over targets name. One that an unfiltered scan did not give is gone; after a filtered
 * scan it has to be asked for.
 */
async function readSources(run: RunContext, ids: readonly string[]): Promise<ReadonlyMap<string, StoredObject>> {
  const isFiltered = !run.request.isSourceWhole || run.request.kind === 'reconById';
  const wanted = isFiltered ? ids : ids.filter((id) => run.seenSources.has(id));
  return wanted.length === 0 ? new Map() : run.world.readSources(wanted);
}
