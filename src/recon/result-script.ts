import { isoTime } from '../base/clock.ts';
import type { JsonObject } from '../base/json.ts';
import type { RunContext } from './run-context.ts';
import { storedEntries } from './stored-entries.ts';

/** Calls the mapping's `result` script (specification §5.9). Ids are read back from the run's entries, only for it. */
export async function reportResults(run: RunContext): Promise<void> {
  const { ledger, world } = run;
  ledger.update({ stage: 'ACTIVE_PROCESSING_RESULTS' });
  const { compiled } = world.mapping;
  if (compiled.payload.result === null) return;
  const ids = await idsBySituation(run);
  const { startedMs } = ledger.record;
  const endMs = world.clock.nowMs();
  const times = { startTime: isoTime(startedMs), endTime: isoTime(endMs), duration: endMs - startedMs };
  const { source, target } = ledger.progress;
  const item = {
    source: {
      name: compiled.source,
      ...times,
      entryListDuration: 0,
      processed: source.processed,
      entries: source.total ?? source.processed,
      ...ids.source,
    },
    target: {
      name: compiled.target,
      ...times,
      entryListDuration: 0,
      processed: target.processed,
      entries: target.total ?? target.processed,
      ...ids.target,
    },
    global: { ...times, reconId: ledger.record.id, mappingName: compiled.name },
  };
  const [result] = await world.mapping.run('result', [item], world.mode);
  if (!result!.ok) ledger.warn(result!.message);
}

interface Lists {
  readonly source: JsonObject;
  readonly target: JsonObject;
}

async function idsBySituation(run: RunContext): Promise<Lists> {
  const lists: Lists = { source: {}, target: {} };
  for await (const entry of storedEntries(run.world.repository.runs, run.ledger.record.id)) {
    if (entry.phase === 'cleanup' || entry.situation === null) continue;
    const side = lists[entry.phase];
    const id = entry.phase === 'source' ? entry.sourceId : entry.targetId;
    const list = (side[entry.situation] ??= { count: 0, ids: [] }) as { count: number; ids: string[] };
    list.count++;
    if (id !== null) list.ids.push(id);
  }
  return lists;
}
