import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { NewId } from '../base/uuid.ts';
import { isStorableId, type StoredObject } from '../model/object-set.ts';
import { refuseUnaddressable } from '../resource/addressable.ts';
import type { ActionRequest, CreateRequest, QueryRequest } from '../resource/request.ts';
import { answerOf, type QueryResult, type Resource } from '../resource/resource.ts';
import { cronFault } from '../schedule/cron/cron.ts';
import type { Job } from '../schedule/job.ts';
import type { JobRow } from '../schedule/job-row.ts';
import { describeFault, readJob } from '../schedule/read-job.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import type { CheckJob } from './check-job.ts';
import { queryInMemory } from './config-query.ts';
import { jobDocument, jobOfTrigger, triggerDocument, triggerId } from './scheduler-documents.ts';

export interface SchedulerDependencies {
  readonly scheduler: Scheduler;
  readonly newId: NewId;
  readonly checkJob: CheckJob;
}

/** `scheduler` (specification §11.3): `job`, `trigger`, the two index documents, and the older `scheduler/<id>`. */
export function schedulerResource(dependencies: SchedulerDependencies): Resource {
  const { scheduler } = dependencies;
  return {
    create: (request, id) => create(dependencies, request, placeOf(id)),
    read: async (_request, id) => read(scheduler, placeOf(id)),
    update: async (request, id) => {
      const job = shapedJob(jobIdAt(placeOf(id)), request.content);
      // one that cannot be carried out any more can still be switched off
      if (job.enabled) await dependencies.checkJob(job);
      return jobDocument(await scheduler.update(job, request.rev));
    },
    delete: async (request, id) => jobDocument(await scheduler.remove(jobIdAt(placeOf(id)), request.rev)),
    query: (request, id) => query(scheduler, request, placeOf(id)),
    action: (request, id) => act(dependencies, request, placeOf(id)),
  };
}

/** What a path below `scheduler` names; `id` `''` is the collection itself. */
type Place =
  | { readonly kind: 'job'; readonly id: string; readonly isOlder: boolean }
  | { readonly kind: 'trigger'; readonly id: string }
  | { readonly kind: 'index'; readonly id: 'waitingTriggers' | 'acquiredTriggers' };

function placeOf(path: string): Place {
  if (path === 'waitingTriggers' || path === 'acquiredTriggers') return { kind: 'index', id: path };
  for (const kind of ['job', 'trigger'] as const)
    if (path === kind || path.startsWith(`${kind}/`)) return { kind, id: path.slice(kind.length + 1), isOlder: false };
  return { kind: 'job', id: path, isOlder: true };
}

function jobIdAt(place: Place): string {
  if (place.kind === 'job' && place.id !== '') return place.id;
  if (place.kind === 'job') throw new Failure('bad-request', 'name a job: scheduler/job/<id>');
  throw new Failure('unsupported', 'triggers cannot be written: change the job, below scheduler/job');
}

async function create(
  dependencies: SchedulerDependencies,
  { newId, content }: CreateRequest,
  place: Place,
): Promise<StoredObject> {
  const { scheduler } = dependencies;
  const given = newId ?? (typeof content['_id'] === 'string' && content['_id'] !== '' ? content['_id'] : null);
  const parts = [place.kind === 'job' ? place.id : jobIdAt(place), given ?? ''].filter((part) => part !== '');
  // PUT on scheduler/<id> comes as a create below scheduler, and may name a reserved place
  const id = parts.length === 0 ? dependencies.newId() : jobIdAt(olderPlace(place, parts.join('/')));
  const job = shapedJob(id, content);
  await dependencies.checkJob(job);
  const isOlder = place.kind === 'job' && place.isOlder && newId === null;
  return jobDocument(
    await scheduler.create(job).catch((error: unknown) => Promise.reject(isOlder ? inUse(error) : error)),
  );
}

function olderPlace(place: Place, id: string): Place {
  return place.kind === 'job' && place.isOlder ? placeOf(id) : { kind: 'job', id, isOlder: false };
}

function shapedJob(id: string, content: JsonObject): Job {
  refuseUnaddressable(id, 'scheduler/job');
  if (!isStorableId(id))
    throw new Failure('bad-request', 'a job cannot have this id: it is too long, or no proper text');
  const { job, faults } = readJob(id, content, { persisted: true });
  if (job === null)
    throw new Failure(
      'bad-request',
      `the job is not right: ${faults.map((one) => describeFault(one, true)).join('; ')}`,
    );
  return job;
}

async function read(scheduler: Scheduler, place: Place): Promise<StoredObject> {
  if (place.kind === 'index') return indexDocument(scheduler, place.id);
  if (place.id === '')
    throw new Failure('bad-request', `scheduler/${place.kind} is a collection: query it with _queryFilter=true`);
  if (place.kind === 'job') return jobDocument(await present(scheduler, place.id));
  const jobId = jobOfTrigger(place.id);
  const row = jobId === null ? null : await scheduler.read(jobId);
  const document = row?.job.persisted === true ? triggerDocument(row) : null;
  if (document === null) throw new Failure('not-found', `there is no trigger "${place.id.slice(0, 200)}"`);
  return document;
}

async function present(scheduler: Scheduler, id: string): Promise<JobRow> {
  const row = await scheduler.read(id);
  if (row === null) throw new Failure('not-found', `there is no job "${id.slice(0, 200)}"`);
  return row;
}

async function indexDocument(scheduler: Scheduler, id: 'waitingTriggers' | 'acquiredTriggers'): Promise<StoredObject> {
  const isWanted = ({ job, trigger }: JobRow): boolean =>
    job.persisted && trigger.nextMs !== null && (trigger.acquired === null) === (id === 'waitingTriggers');
  const names = (await scheduler.list()).filter(isWanted).map(({ job }) => triggerId(job.id));
  return answerOf(id, { names });
}

async function query(scheduler: Scheduler, request: QueryRequest, place: Place): Promise<QueryResult> {
  if (place.kind === 'index' || place.id !== '')
    throw new Failure('unsupported', `'${request.path}' is no collection: query scheduler/job or scheduler/trigger`);
  const { query: asked } = request;
  if (asked.kind === 'id' && asked.queryId !== 'query-all' && asked.queryId !== 'query-all-ids')
    throw new Failure(
      'bad-request',
      `the scheduler knows the queries query-all and query-all-ids, not "${asked.queryId}"`,
    );
  const rows = await scheduler.list();
  const documents =
    place.kind === 'job'
      ? rows.map(jobDocument)
      : rows.filter(({ job }) => job.persisted).flatMap((row) => triggerDocument(row) ?? []);
  return queryInMemory(documents, request);
}

type Act = (dependencies: SchedulerDependencies, content: Json) => Promise<Json>;

const ACTIONS: Readonly<Record<string, Act>> = {
  validatequartzcronexpression: async (_, content) => ({ valid: isValidCron(content) }),
  listcurrentlyexecutingjobs: async ({ scheduler }) => executing(scheduler),
  pausejobs: async ({ scheduler }) => {
    scheduler.pause();
    return { success: true };
  },
  resumejobs: async ({ scheduler }) => {
    scheduler.resume();
    return { success: true };
  },
};

async function act(dependencies: SchedulerDependencies, request: ActionRequest, place: Place): Promise<Json> {
  const name = request.action.toLowerCase();
  if (place.kind === 'job' && name === 'create') return createByAction(dependencies, request, place);
  const action = place.kind === 'job' && place.id === '' && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action !== undefined) return action(dependencies, request.content);
  throw new Failure('bad-request', `Unknown action ${request.action} on '${request.path}'`);
}

/** Scripts call it as an action; over HTTP it is a create. */
async function createByAction(
  dependencies: SchedulerDependencies,
  request: ActionRequest,
  place: Place,
): Promise<Json> {
  if (!isJsonObject(request.content)) throw new Failure('bad-request', 'the body must be a job');
  const { path, parameters, fields, content } = request;
  const stored = await create(dependencies, { verb: 'create', path, parameters, fields, newId: null, content }, place);
  return stored.object;
}

function isValidCron(content: Json): boolean {
  const expression = isJsonObject(content) ? content['cronExpression'] : undefined;
  if (typeof expression !== 'string')
    throw new Failure('bad-request', 'the body must be {"cronExpression": "0 0 3 * * ?"}');
  return cronFault(expression) === null;
}

/** A job that runs several times at once is there as often. */
async function executing(scheduler: Scheduler): Promise<Json> {
  const found: Json[] = [];
  for (const { job, firedMs, dueMs } of scheduler.executing()) {
    const row = await scheduler.read(job.id);
    const trigger = row?.trigger ?? { setUpMs: dueMs, nextMs: null, previousMs: dueMs, acquired: null };
    const { object } = jobDocument({ job, rev: row?.rev ?? 0, origin: 'rest', trigger });
    found.push({ ...object, startedAt: new Date(firedMs).toISOString() });
  }
  return found;
}

/** The older form says 409 where a given id is taken. */
function inUse(error: unknown): unknown {
  return error instanceof Failure && error.code === 'exists' ? new Failure('conflict', error.message) : error;
}
