import { expect, it } from 'vitest';
import { AUDIT_TOPICS, type AuditTopic } from '../model/audit.ts';
import type { Repository } from '../model/repository.ts';
import { openMemoryRepository } from '../repo/memory/memory-repository.ts';
import { KEEP_EVERYTHING, purge, type Retention } from './purge.ts';
import { entryOfRun, runOf, storeRun } from './testing/audit-fixture.ts';
import { verifyChain } from './verify-chain.ts';

const DAY = 86_400_000;
const NOW = 1000 * DAY;

async function filled(): Promise<Repository> {
  const repository = openMemoryRepository();
  const topics: readonly AuditTopic[] = ['access', 'activity', 'config'];
  for (let age = 40; age > 0; age -= 10) {
    const audit = topics.map((topic) => ({
      id: `${topic}${age}`,
      topic,
      timestampMs: NOW - age * DAY,
      transactionId: 't',
      userId: 'u',
      event: {},
    }));
    await repository.commit({ units: [], audit });
    for (const mapping of ['a', 'b']) {
      const ended = NOW - age * DAY;
      await storeRun(repository, runOf(`${mapping}${age}`, { mapping, startedMs: ended - 5, endedMs: ended }), [
        entryOfRun(`${mapping}${age}`, 1),
      ]);
    }
  }
  return repository;
}

async function purged(
  repository: Repository,
  retention: Partial<Retention>,
  topics: readonly AuditTopic[] = AUDIT_TOPICS,
) {
  let ids = 0;
  return purge({
    repository,
    retention: { ...KEEP_EVERYTHING, ...retention },
    topics,
    nowMs: NOW,
    newId: () => `purge${++ids}-${String(NOW)}${JSON.stringify(retention)}`,
    userId: 'cli',
  });
}

const left = async ({ audit, runs }: Repository) => ({
  events: (await audit.page(null, { limit: 99 })).rows.map(({ id }) => id).filter((id) => !id.startsWith('purge')),
  runs: (await runs.list({ limit: 99 })).map(({ id }) => id),
});

it('without limits nothing goes, and no record is written', async () => {
  const repository = await filled();
  const before = await left(repository);
  expect(await purged(repository, {})).toEqual({ events: 0, runs: 0, keptRuns: [] });
  expect(await left(repository)).toEqual(before);
  expect((await repository.audit.ends()).head.seq).toBe(12);
});

it('what is too old goes, each topic by its own limit, and the chain stays whole', async () => {
  const repository = await filled();
  expect(await purged(repository, { days: 25, topicDays: { access: 15, config: null } })).toMatchObject({ events: 5 });
  const { events } = await left(repository);
  expect(events).toEqual(['config40', 'config30', 'activity20', 'config20', 'access10', 'activity10', 'config10']);
  expect((await verifyChain(repository.audit)).faults).toEqual([]);
  const { head } = await repository.audit.ends();
  expect(await purged(repository, { days: 25, topicDays: { access: 15, config: null } })).toMatchObject({ events: 0 });
  expect((await repository.audit.ends()).head).toEqual(head);
  expect(await purged(repository, { days: 35 }, ['config'])).toMatchObject({ events: 1 });
  expect((await verifyChain(repository.audit)).faults).toEqual([]);
});

it('runs go by age or number, but not those about which something is open', async () => {
  const repository = await filled();
  expect(await purged(repository, { runDays: 35 })).toMatchObject({ runs: 2 });
  expect(await purged(repository, { runsPerMapping: 2 })).toMatchObject({ runs: 2 });
  expect((await left(repository)).runs.toSorted()).toEqual(['a10', 'a20', 'b10', 'b20']);
  await storeRun(repository, runOf('held', { mapping: 'a', startedMs: 1, endedMs: 2 }), [
    entryOfRun('held', 1, { status: 'held' }),
  ]);
  await storeRun(repository, runOf('active', { mapping: 'a', startedMs: 1, endedMs: null, state: 'ACTIVE' }), []);
  const result = await purged(repository, { runDays: 5, runsPerMapping: 1 });
  expect(result).toEqual({ events: 0, runs: 4, keptRuns: [{ runId: 'held', reason: 'held' }] });
  expect((await left(repository)).runs.toSorted()).toEqual(['active', 'held']);
});

it('many runs are walked through to the end', async () => {
  const repository = openMemoryRepository();
  for (let i = 0; i < 130; i++) await storeRun(repository, runOf(`r${i}`, { startedMs: i, mapping: `m${i % 3}` }), []);
  expect(await purged(repository, { runsPerMapping: 10 })).toMatchObject({ runs: 100 });
  expect((await left(repository)).runs).toHaveLength(30);
});
