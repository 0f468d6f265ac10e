import { messageOf } from '../../base/failure.ts';
import { isoTime } from '../../base/clock.ts';
import type { Json } from '../../base/json.ts';
import { NO_MEMORY } from '../../live/retry-rule.ts';
import type { PageEnd } from './live-pages.ts';
import type { LiveRun } from './live-run.ts';

/** Where the source is now; what its feed has to remember is taken down as of then. */
export async function latestToken({ feed, memory, fence, signal }: LiveRun): Promise<Json> {
  const { remember, finish } = memory.replace(fence);
  const token = await feed.latest(signal, remember);
  await finish();
  return token;
}

/** Takes down what there is in a source before the first change is told. Only who compares cannot do without it. */
export async function takeDownAll(run: LiveRun): Promise<void> {
  const { lockstep, source, pin, fence, signal, isByDifference, shadows } = run;
  for (const collection of source.collections) {
    const set = lockstep.objectSet(collection, lockstep.repository, pin);
    try {
      await shadows(collection).takeDown(set, fence, signal);
    } catch (error) {
      if (isByDifference || signal.aborted) throw error;
      lockstep.log.write(
        'warn',
        `${collection} could not be read as a whole (${messageOf(error)}): what liveSync reports as deleted is known only by its link until it was seen once`,
      );
    }
  }
}

/**
 * The system no longer knows the token: what has changed since is found out by reconciling the mappings of the source, each with
 * its guard. The token is taken before that. If that cannot be done now the next call tries again; nothing is deleted on suspicion.
 */
export async function resync(run: LiveRun, reason: string): Promise<PageEnd> {
  const { lockstep, source, feed, book, context, signal } = run;
  const { log, clock } = lockstep;
  const before = book.stage;
  const nativeType = feed.nativeType;
  const mappings = lockstep.config.mappings
    .filter((mapping) => mapping.enableSync && source.collections.includes(mapping.source))
    .map(({ name }) => name);
  const names =
    mappings.length === 0 ? 'nothing: no mapping with enableSync has it as its source' : mappings.join(', ');
  log.write('warn', `liveSync of ${source.path} cannot go on where it stopped (${reason}); reconciling ${names}`);
  const told = { reason, started: isoTime(clock.nowMs()), mappings };
  const open = { token: before?.token ?? null, nativeType: before?.nativeType ?? nativeType, resync: told };
  // Before the memory is replaced: from here on only a reconciliation leads back to the changes.
  await book.write({ stage: { ...open, lastException: null }, memory: NO_MEMORY });
  const token = await latestToken(run);
  try {
    await takeDownAll(run);
    for (const mapping of mappings) await run.ports.reconcile(mapping, context);
  } catch (error) {
    if (signal.aborted) throw error;
    const throwable = `the reconciliation in place of lost changes failed: ${messageOf(error)}`;
    log.write('error', `liveSync of ${source.path}: ${throwable}`);
    await book.write({ stage: { ...open, lastException: { throwable, syncDelta: '' } }, memory: NO_MEMORY });
    return 'stopped';
  }
  await book.write({ stage: { token, nativeType, lastException: null, resync: null }, memory: NO_MEMORY });
  log.write('info', `liveSync of ${source.path} goes on from now: ${mappings.length} mappings are reconciled`);
  return 'handled';
}
