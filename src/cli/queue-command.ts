import type { Lockstep } from '../app/lockstep.ts';
import { isoTime } from '../base/clock.ts';
import { parseFilter } from '../base/query-filter.ts';
import { itemOf, OUTBOX_TYPE, type StoredItem } from '../implicit/outbox.ts';
import { syncQueue } from '../openidm/sync-queue.ts';
import { UsageError, type Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './open.ts';
import { table } from './table.ts';

/** `queue [list]`, `queue push`, `queue replay [ID]`, `queue drop ID`: changes that wait to be pushed to their targets. */
export async function queueCommand(args: Arguments): Promise<number> {
  const [verb = 'list', id, more] = args.operands;
  const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (act === undefined || more !== undefined || (verb === 'drop' && id === undefined))
    throw new UsageError(
      `queue ${args.operands.join(' ')}: the commands are queue list, queue push, queue replay [ID], queue drop ID`,
    );
  return withProject(args.options, (lockstep) => act(lockstep, args, id ?? null), verb === 'list');
}

type Act = (lockstep: Lockstep, args: Arguments, id: string | null) => Promise<number>;

const VERBS: Readonly<Record<string, Act>> = { list, push, replay, drop };
const HEADER = ['id', 'mapping', 'object', 'state', 'attempts', 'next attempt', 'cause'] as const;
const SHOWN = 1000;

async function list({ repository }: Lockstep, { options }: Arguments): Promise<number> {
  const { rows } = await repository.objects.page(OUTBOX_TYPE, { limit: SHOWN });
  const items = rows.map(itemOf);
  const total = await repository.objects.count(OUTBOX_TYPE);
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify(
        items.map(({ before: _before, ...rest }) => rest),
        null,
        2,
      )}\n`,
    );
    return EXIT.ok;
  }
  for (const line of items.length === 0 ? ['nothing waits to be pushed'] : table(HEADER, items.map(row)))
    process.stdout.write(`${line}\n`);
  if (total > items.length) process.stdout.write(`… and ${total - items.length} more\n`);
  return EXIT.ok;
}

function row(item: StoredItem): readonly string[] {
  const { id, mapping, collection, resourceId, state, attempts, dueMs, cause } = item;
  const next = state === 'PENDING' ? isoTime(dueMs) : 'when asked';
  return [id, mapping, `${collection}/${resourceId}`, state, String(attempts), next, cause ?? ''];
}

async function push(lockstep: Lockstep): Promise<number> {
  await lockstep.changes.pushAll();
  const { objects } = lockstep.repository;
  const [waiting, failed] = [await objects.count(OUTBOX_TYPE), await objects.count(OUTBOX_TYPE, SET_ASIDE)];
  process.stdout.write(`${waiting - failed} changes still wait, ${failed} are set aside\n`);
  return waiting === 0 ? EXIT.ok : EXIT.failed;
}

const SET_ASIDE = parseFilter('state eq "FAILED"');

async function replay(lockstep: Lockstep, _args: Arguments, id: string | null): Promise<number> {
  const request = {
    verb: 'action',
    path: 'sync/queue',
    action: 'replay',
    content: null,
    parameters: {},
    fields: null,
  } as const;
  const { replayed } = await syncQueue(lockstep).replay(id, request);
  process.stdout.write(`${replayed} changes are pushed again\n`);
  return push(lockstep);
}

async function drop(lockstep: Lockstep, _args: Arguments, id: string | null): Promise<number> {
  await syncQueue(lockstep).drop(id!);
  process.stdout.write(
    `the change ${id} is given up; the next change of its object, or a reconciliation, brings it along\n`,
  );
  return EXIT.ok;
}
