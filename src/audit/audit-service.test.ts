import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openMemoryRepository } from '../repo/memory/memory-repository.ts';
import { auditFixture, CONTEXT, create, entryOfRun, runOf } from './testing/audit-fixture.ts';

const ACTIVITY = {
  objectId: 'managed/user/a',
  operation: 'CREATE',
  before: null,
  after: { password: 'p' },
  revision: '0',
} as const;

it('records what is wanted, without secrets', async () => {
  const { service, repository } = auditFixture({
    config: { eventTopics: { activity: { filter: { actions: ['create'] }, passwordFields: ['pin'] } } },
  });
  const created = service.events.activity(CONTEXT, { ...ACTIVITY, after: { password: 'p', pin: '1', mail: 'm' } });
  await service.record([created, service.events.activity(CONTEXT, { ...ACTIVITY, operation: 'DELETE' })]);
  const { rows } = await repository.audit.page('activity', { limit: 9 });
  expect(rows.map(({ event }) => event['after'])).toEqual([{ password: '***', pin: '***', mail: 'm' }]);
});

it('keeps what a client creates, whatever the filters say', async () => {
  const { repository, router, get } = auditFixture({
    config: { eventTopics: { activity: { filter: { actions: ['create'] }, passwordFields: ['pin'] } } },
  });
  await create(router, 'activity', { action: 'DELETE', before: { pin: '1', mail: 'm' } }, 'a1');
  const { rows } = await repository.audit.page('activity', { limit: 9 });
  expect(rows.map(({ id, event }) => [id, event['before']])).toEqual([['a1', { pin: '***', mail: 'm' }]]);
  expect(await get('audit/activity/a1')).toMatchObject({ _id: 'a1' });
});

it('fails if the repository does', async () => {
  const { service, repository } = auditFixture();
  await repository.close();
  await expect(service.record([service.events.activity(CONTEXT, ACTIVITY)])).rejects.toThrow('closed');
});

it('keeps events for later together in few commits, and none is lost at the end', async () => {
  const inner = openMemoryRepository();
  let commits = 0;
  const repository = {
    objects: inner.objects,
    links: inner.links,
    runs: inner.runs,
    leases: inner.leases,
    audit: inner.audit,
    commit: async (batch: Parameters<typeof inner.commit>[0]) => {
      commits++;
      await new Promise((resolve) => setImmediate(resolve));
      return inner.commit(batch);
    },
    close: () => inner.close(),
  };
  const { service } = auditFixture({ repository });
  const events = Array.from({ length: 25_000 }, () => service.events.activity(CONTEXT, ACTIVITY));
  await Promise.all(events.map((event) => service.later(event)));
  await service.close();
  await service.close();
  expect((await inner.audit.ends()).head.seq).toBe(events.length);
  expect(commits).toBeLessThanOrEqual(30);
  await service.later(service.events.activity(CONTEXT, ACTIVITY));
  await service.close();
  expect((await inner.audit.ends()).head.seq).toBe(events.length + 1);
});

it('tells how many events were lost when the repository refuses them later', async () => {
  const { service, repository, logged } = auditFixture();
  await repository.close();
  await service.later(service.events.activity(CONTEXT, ACTIVITY));
  await service.close();
  expect(logged).toEqual([expect.stringContaining('1 audit events could not be stored')]);
});

it('writes to the files what was recorded, committed elsewhere, and what runs tell; another audit.json takes over', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-audit-'));
  const config = { logTo: [{ logType: 'csv', location: 'audit' }] };
  const { service } = auditFixture({ config, roots: { projectDirectory: directory, dataDirectory: null } });
  await service.record([service.events.activity(CONTEXT, ACTIVITY)]);
  await service.committed([service.events.activity(CONTEXT, { ...ACTIVITY, objectId: 'managed/user/b' })]);
  const record = runOf('r');
  await service.runStarted({ ...record, state: 'ACTIVE' });
  await service.runEnded({ ...record, state: 'ACTIVE' });
  await service.runEntry(record, entryOfRun('r', 1));
  await service.runEnded(record);
  await service.configure(null);
  await service.record([service.events.activity(CONTEXT, { ...ACTIVITY, objectId: 'managed/user/c' })]);
  await service.close();
  const lines = (name: string) =>
    readFileSync(path.join(directory, 'audit', name), 'utf8')
      .trimEnd()
      .split('\n');
  expect(lines('activity.csv').map((line) => /managed\/user\/(\w)/.exec(line)?.[1])).toEqual([undefined, 'a', 'b']);
  expect(lines('recon.csv').map((line) => line.split(',')[0])).toEqual(['"_id"', '"r-start"', '"r-1"', '"r-summary"']);
  rmSync(directory, { recursive: true });
});

it('makes access events that hold what was asked and what came of it', () => {
  const { service } = auditFixture();
  const event = service.events.access({
    timestampMs: 5,
    transactionId: 't',
    caller: null,
    client: { ip: '127.0.0.1', port: 1 },
    server: { ip: '::1', port: 2 },
    isSecure: true,
    method: 'GET',
    path: '/openidm/managed/user',
    operation: 'query',
    action: null,
    queryParameters: {},
    headers: {},
    status: 401,
    message: 'Access Denied',
    elapsedMs: 1.6,
  });
  expect(event).toMatchObject({ topic: 'access', timestampMs: 5, userId: '' });
  expect(event.event).toMatchObject({
    request: { operation: 'QUERY', detail: null },
    response: { status: 'FAILED', statusCode: '401', elapsedTime: 2, detail: { reason: 'Access Denied' } },
  });
});
