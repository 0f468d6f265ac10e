import type { RowWrite } from '../model/repository.ts';
import type { PlannedChange } from './planned-change.ts';
import type { Settled } from './run-log.ts';
import type { World } from './world.ts';

/** The rows of what people are asked, for the commit that also holds the entries of a batch. */
export interface AskedRows {
  rowOf(change: PlannedChange): RowWrite | null;
  /** The repository has refused a unit of this change. True: somebody else has asked the same meanwhile, so that nobody needs to. */
  isAsked(change: PlannedChange): boolean;
}

const NOBODY: AskedRows = { rowOf: () => null, isAsked: () => false };

/** What is to be asked because of these changes. */
export async function askedRows({ approvals }: World, settled: readonly Settled[]): Promise<AskedRows> {
  const asking = settled.map(({ change }) => change).filter(({ proposed }) => proposed !== undefined);
  if (approvals === undefined || asking.length === 0) return NOBODY;
  const rows = new Map(await approvals.rowsFor(asking));
  return { rowOf: (change) => rows.get(change) ?? null, isAsked: (change) => rows.delete(change) };
}
