import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { uuidV7Source } from '../base/uuid.ts';
import type { CommitBatch, Repository } from '../model/repository.ts';
import { PAST_INSTANCE_TYPE, TASK_TYPE, INSTANCE_TYPE, type Actor } from './records.ts';
import { bpmn, flows, script } from './testing/bpmn.ts';
import type { WorkflowSurroundings, WorkRequest, WorkResult } from './workflow-port.ts';
import { openWorkflow, type WorkflowService } from './workflow-service.ts';
import { memoryRepository } from './testing/memory.ts';

const ACTOR: Actor = { id: 'ann', authenticationId: 'ann', component: 'managed/user', roles: [], transactionId: 't' };
const HOUR = 3_600_000;

/** Script, task and script in one branch; script and timer in the other; a script at the end. */
const PROCESS =
  bpmn(`<startEvent id="start"/><endEvent id="end"/><parallelGateway id="fork"/><parallelGateway id="join"/>
  ${['s1', 's2', 's3', 's4'].map((id) => script(id, id)).join('\n')}<userTask id="u"/>
  <intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
  ${flows('start -> s1\n s1 -> fork\n fork -> u\n u -> s2\n s2 -> join\n fork -> s3\n s3 -> t\n t -> join\n join -> s4\n s4 -> end')}`);

describe('a process that is interrupted', () => {
  it('ends as if it had not been, wherever that happens; work is done at least once, in its order', async () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(numbers, async (commits) => {
        const { repository, done, past, open } = await interrupted(commits);
        expect(past).toMatchObject([{ status: 'completed', variables: { s1: 1, s2: 1, s3: 1, s4: 1, answer: 'yes' } }]);
        expect(open).toEqual([0, 0]);
        for (const id of ['s1', 's2', 's3', 's4']) expect(done).toContain(id);
        expect(done.indexOf('s1')).toBeLessThan(Math.min(done.indexOf('s2'), done.indexOf('s3')));
        expect(done.lastIndexOf('s4')).toBe(done.length - 1);
        await repository.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('an instance', () => {
  it('is done by one process at a time, and what that one has left by the next', async () => {
    const repository = await memoryRepository();
    const holders = new Set<string>();
    const performed: string[] = [];
    const first = await open(repository, { holders, perform: () => new Promise(() => {}) });
    void first.start(request()).catch(() => {});
    await until(async () => (await repository.objects.count(INSTANCE_TYPE)) === 1);
    const second = await open(repository, { holders, perform: async ({ work }) => told(performed, work.id) });
    await second.wake();
    expect(performed).toEqual([]);
    holders.clear();
    await second.wake();
    expect(performed).toEqual(['s1', 's3']);
  });

  it('that goes round in a circle without waiting fails, says why, and is not taken up again', async () => {
    const circle = bpmn(`<startEvent id="start"/><endEvent id="end"/><exclusiveGateway id="x"/>${script('s', '1')}
      ${flows('start -> s\n s -> x\n x -> s: ${go == 1}\n x -> end: ${go == 0}')}`);
    const repository = await memoryRepository();
    let pieces = 0;
    const perform = async () => ({ set: { go: 1 }, removed: [], value: ++pieces });
    const service = await open(repository, { perform }, circle);
    const id = await service.start(request());
    const [row] = await repository.objects.readMany(INSTANCE_TYPE, [id!]);
    expect(row!.doc).toMatchObject({
      status: 'failed',
      failure: { activityId: 's', message: expect.stringContaining('does it go round in a circle?') },
    });
    expect(pieces).toBe(1000);
    await (await open(repository, { perform }, circle)).wake();
    expect(pieces).toBe(1000);
  });

  it('that is the only one of its kind is not started twice, however many ask at once', async () => {
    const repository = await memoryRepository();
    const service = await open(repository, {});
    const started = await Promise.all(Array.from({ length: 5 }, () => service.start({ ...request(), only: 'x' })));
    expect(started.filter((id) => id !== null)).toHaveLength(1);
    await service.cancel(
      started.find((id) => id !== null)!,
      'enough',
    );
    expect(await service.start({ ...request(), only: 'x' })).not.toBeNull();
  });

  it('of which two tasks are completed at once goes on from both', async () => {
    const both =
      bpmn(`<startEvent id="start"/><endEvent id="end"/><parallelGateway id="fork"/><parallelGateway id="join"/>
      <userTask id="a"/><userTask id="b"/>${flows('start -> fork\n fork -> a\n fork -> b\n a -> join\n b -> join\n join -> end')}`);
    const repository = await memoryRepository();
    const service = await open(repository, {}, both);
    await service.start(request());
    const { rows } = await repository.objects.page(TASK_TYPE, { limit: 10 });
    await Promise.all(rows.map(({ id }, i) => service.complete(id, { [`v${i}`]: i }, ACTOR)));
    const past = await repository.objects.page(PAST_INSTANCE_TYPE, { limit: 10 });
    expect(past.rows.map(({ doc }) => doc['variables'])).toEqual([{ v0: 0, v1: 1 }]);
    await expect(service.complete(rows[0]!.id, {}, ACTOR)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('goes on when its message or signal comes', async () => {
    const waiting = bpmn(`<startEvent id="start"/><endEvent id="end"/><receiveTask id="r" messageRef="m1"/>
      ${flows('start -> r\n r -> end')}`).replace('<process', '<message id="m1" name="paid"/><process');
    const repository = await memoryRepository();
    const service = await open(repository, {}, waiting);
    const id = await service.start(request());
    const told = { instanceId: null, variables: { amount: 5 }, actor: ACTOR };
    expect(await service.announce({ kind: 'message', name: 'other' }, told)).toBe(0);
    expect(await service.announce({ kind: 'message', name: 'paid' }, told)).toBe(1);
    const [past] = await repository.objects.readMany(PAST_INSTANCE_TYPE, [id!]);
    expect(past?.doc).toMatchObject({ status: 'completed', variables: { amount: 5 } });
  });

  it('has its timers looked after while the service runs', async () => {
    const timed =
      bpmn(`<startEvent id="start"/><endEvent id="end"/><intermediateCatchEvent id="t"><timerEventDefinition>
      <timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>${flows('start -> t\n t -> end')}`);
    const repository = await memoryRepository();
    let nowMs = 0;
    const service = await open(repository, { nowMs: () => nowMs, isRunning: true }, timed);
    await service.start(request());
    nowMs = HOUR;
    await until(async () => (await repository.objects.count(PAST_INSTANCE_TYPE)) === 1);
    expect(await repository.objects.count(INSTANCE_TYPE)).toBe(0);
    await service.close();
  });

  it('that works on and on without waiting is stopped', async () => {
    const endless = bpmn(
      `<startEvent id="start"/>${script('s', '')}<exclusiveGateway id="x"/>${flows('start -> x\n x -> s\n s -> x')}`,
    );
    const repository = await memoryRepository();
    let count = 0;
    const service = await open(
      repository,
      { perform: async () => (++count > 30 ? fail() : { set: {}, removed: [], value: null }) },
      endless,
    );
    const id = await service.start(request());
    const [row] = await repository.objects.readMany(INSTANCE_TYPE, [id!]);
    expect(row?.doc).toMatchObject({ status: 'failed', failure: { message: 'enough' } });
  });
});

function fail(): never {
  throw new Failure('script', 'enough');
}

function request() {
  return { key: 'p', businessKey: null, variables: {}, actor: ACTOR };
}

interface Given {
  readonly holders?: Set<string>;
  readonly perform?: (work: WorkRequest) => Promise<WorkResult>;
  readonly nowMs?: () => number;
  readonly isRunning?: boolean;
}

async function open(repository: Repository, given: Given, xml = PROCESS): Promise<WorkflowService> {
  const {
    holders = new Set<string>(),
    nowMs = () => 0,
    perform = async () => ({ set: {}, removed: [], value: null }),
  } = given;
  const clock = { nowMs };
  const surroundings: WorkflowSurroundings = {
    repository,
    clock,
    newId: uuidV7Source(clock),
    log: { write: () => {} },
    perform,
    hold: async (name) => {
      if (holders.has(name)) throw new Failure('locked', `${name} is held`);
      holders.add(name);
      const token =
        (await repository.leases.acquire(name, String(Math.random()), HOUR)) ?? (await displaced(repository, name));
      return {
        fence: { name, token },
        release: async () => void (holders.delete(name), await repository.leases.release(name, token)),
      };
    },
  };
  const service = await openWorkflow(surroundings, { isRunning: given.isRunning ?? false, intervalMs: 5 });
  const faults = await service.deployments.deploy([{ file: 'p.bpmn', xml }]);
  expect(faults).toEqual([]);
  return service;
}

async function displaced(repository: Repository, name: string): Promise<number> {
  return (await repository.leases.acquire(name, 'next', HOUR, (await repository.leases.holder(name))!))!;
}

async function told(performed: string[], id: string): Promise<WorkResult> {
  performed.push(id);
  return { set: { [id]: 1 }, removed: [], value: null };
}

/** Every life ends at its n-th commit; the last one has no end. */
async function interrupted(commits: readonly number[]) {
  const repository = await memoryRepository();
  const done: string[] = [];
  let nowMs = 0;
  for (const limit of [...commits, Infinity]) {
    const service = await open(mortal(repository, limit), {
      perform: ({ work }) => told(done, work.id),
      nowMs: () => nowMs,
    }).catch(() => null);
    if (service !== null) await live(repository, service, () => (nowMs += 2 * HOUR)).catch(() => {});
  }
  const past = await repository.objects.page(PAST_INSTANCE_TYPE, { limit: 10 });
  const left = [await repository.objects.count(INSTANCE_TYPE), await repository.objects.count(TASK_TYPE)];
  return { repository, done, past: past.rows.map(({ doc }) => doc as JsonObject), open: left };
}

async function live(repository: Repository, service: WorkflowService, later: () => void): Promise<void> {
  const isNew =
    (await repository.objects.count(INSTANCE_TYPE)) + (await repository.objects.count(PAST_INSTANCE_TYPE)) === 0;
  if (isNew) await service.start(request());
  await service.wake();
  for (const { id } of (await repository.objects.page(TASK_TYPE, { limit: 10 })).rows)
    await service.complete(id, { answer: 'yes' }, ACTOR);
  later();
  await service.wake();
}

/** From a commit on nothing works any more, as if the process had been killed. */
function mortal(repository: Repository, limit: number): Repository {
  let count = 0;
  const commit = async (batch: CommitBatch) => {
    if (count++ >= limit) throw new Failure('unreachable', 'killed');
    return repository.commit(batch);
  };
  return { ...repository, commit };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 1));
}
