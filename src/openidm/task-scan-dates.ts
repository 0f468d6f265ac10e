import { messageOf } from '../base/failure.ts';
import { formatPointer, getAt } from '../base/json-pointer.ts';
import type { Log } from '../base/log.ts';
import type { Filter } from '../base/query-filter.ts';
import type { RequestContext } from '../resource/context.ts';
import type { Router } from '../resource/router.ts';
import type { TaskScan } from './task-scan.ts';

/** As many objects are looked at to find one. */
const SAMPLE = 50;
const UTC_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const WITH_OFFSET = /^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d(?::?\d\d)?$/;
const ORDERED: ReadonlySet<string> = new Set(['lt', 'le', 'gt', 'ge']);

/**
 * Tells once for a scan of managed objects if one of them has a time with another offset than `Z` where the scan compares times: they are
 * compared as texts, which is the order of times only where all of them are in UTC. Never rejects.
 */
export async function warnOfOffsets(
  { router, log }: { readonly router: Router; readonly log: Log },
  { object, query }: Pick<TaskScan, 'object' | 'query'>,
  context: RequestContext,
): Promise<void> {
  if (query.kind !== 'filter' || !object.startsWith('managed/')) return;
  const pointers = new Map(timesIn(query.filter).map((pointer) => [formatPointer(pointer), pointer]));
  for (const [name, pointer] of pointers) {
    try {
      const found = await withOffset(router, object, pointer, context);
      if (found === null) continue;
      log.write(
        'warn',
        `the scan of ${object} for tasks: ${name} of ${object}/${found.id} is ${JSON.stringify(found.value)}; times are compared as ` +
          'texts, so that only those in UTC, with a Z at their end, are found when they are due',
      );
      return;
    } catch (error) {
      log.write('debug', `the times of ${object} could not be looked at: ${messageOf(error)}`);
    }
  }
}

/** What is compared with a time in UTC. */
function timesIn(filter: Filter): readonly (readonly string[])[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.flatMap(timesIn);
    case 'not':
      return timesIn(filter.part);
    case 'compare': {
      const { operator, pointer, value } = filter;
      return ORDERED.has(operator) && typeof value === 'string' && UTC_TIME.test(value) ? [pointer] : [];
    }
    default:
      return [];
  }
}

async function withOffset(
  router: Router,
  object: string,
  pointer: readonly string[],
  context: RequestContext,
): Promise<{ readonly id: string; readonly value: string } | null> {
  const isText: Filter = { kind: 'compare', operator: 'co', pointer, value: 'T' };
  const isUtc: Filter = { kind: 'compare', operator: 'ew', pointer, value: 'Z' };
  const filter: Filter = { kind: 'and', parts: [isText, { kind: 'not', part: isUtc }] };
  const paging = { pageSize: SAMPLE, cookie: null, offset: 0, totals: 'NONE' } as const;
  const query = { kind: 'filter', filter } as const;
  const answer = await router.handle(
    { verb: 'query', path: object, query, parameters: {}, fields: null, sortKeys: [], ...paging },
    context,
  );
  if (answer.kind !== 'page') return null;
  for (const one of answer.page.objects) {
    const value = getAt(one.object, pointer);
    if (typeof value === 'string' && WITH_OFFSET.test(value)) return { id: one.id, value };
  }
  return null;
}
