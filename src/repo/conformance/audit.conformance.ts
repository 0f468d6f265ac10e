import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFilter } from '../../base/query-filter.ts';
import { CHAIN_START, chainHash, digestOf, prunedBefore, seal } from '../../model/audit-chain.ts';
import type { AuditEvent, AuditTopic, ChainLink, PruneRequest } from '../../model/audit.ts';
import { type Context, create, insert, runOf } from './conformance-context.ts';

export function auditClaims(context: Context): void {
  test('events are committed with the rest, or not at all', async () => {
    const audit = [eventOf('e1'), eventOf('e2', { topic: 'config' })];
    expect(await context.repo.commit({ units: [{ object: create('a', {}) }], audit })).toEqual({ ok: true });
    const refused = await context.repo.commit({ units: [{ object: create('a', {}) }], audit: [eventOf('e3')] });
    expect(refused.ok).toBe(false);
    const { rows } = await context.repo.audit.page(null, { limit: 10 });
    expect(rows.map(({ seq, id }) => [seq, id])).toEqual([
      [1, 'e1'],
      [2, 'e2'],
    ]);
    expect(await context.repo.audit.read('activity', 'e1')).toMatchObject(audit[0]!);
    expect(await context.repo.audit.read('config', 'e1')).toBeNull();
    expect(await context.repo.audit.read('activity', 'e3')).toBeNull();
  });

  test('an id that is taken refuses the whole commit', async () => {
    await context.repo.commit({ units: [], audit: [eventOf('e1')] });
    const again = context.repo.commit({ units: [{ object: create('a', {}) }], audit: [eventOf('e2'), eventOf('e1')] });
    await expect(again).rejects.toMatchObject({ code: 'exists' });
    const twice = context.repo.commit({ units: [], audit: [eventOf('e4'), eventOf('e4')] });
    await expect(twice).rejects.toMatchObject({ code: 'exists' });
    expect((await context.repo.audit.ends()).head.seq).toBe(1);
    expect(await context.repo.objects.count('user')).toBe(0);
  });

  test('each link covers its event and all before it; commits made at once are one chain', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        context.repo.commit({ units: [], audit: [eventOf(`a${i}`), eventOf(`b${i}`, { timestampMs: i })] }),
      ),
    );
    const links = await context.repo.audit.links(0, 100);
    expect(links).toHaveLength(40);
    expectChain(CHAIN_START.hash, links);
    expect((await context.repo.audit.ends()).head).toEqual({ seq: 40, hash: links[39]!.hash });
    expect((await context.repo.audit.links(38, 5)).map(({ seq }) => seq)).toEqual([39, 40]);
  });

  test('pages in both orders, by topic, by filter, and on from where they ended', async () => {
    const audit = Array.from({ length: 1300 }, (_, i) =>
      eventOf(`e${i}`, {
        topic: i % 10 === 0 ? 'access' : 'activity',
        transactionId: `t${i % 100}`,
        timestampMs: i,
        event: { n: i, objectId: `managed/user/u${i % 7}` },
      }),
    );
    await context.repo.commit({ units: [], audit });
    const ids = async (topic: AuditTopic | null, text: string, newestFirst: boolean, limit = 600) => {
      const found: string[] = [];
      let after: number | null = null;
      do {
        const filter = parseFilter(text);
        const page = await context.repo.audit.page(topic, { filter, after, limit, newestFirst });
        found.push(...page.rows.map(({ id }) => id));
        after = page.next as number | null;
      } while (after !== null);
      return found;
    };
    const wanted = (test: (i: number) => boolean) => audit.flatMap(({ id }, i) => (test(i) ? [id] : []));
    expect(await ids(null, 'true', false)).toEqual(wanted(() => true));
    expect(await ids(null, 'true', true, 1)).toEqual(wanted(() => true).toReversed());
    expect(await ids('access', 'true', true, 50)).toEqual(wanted((i) => i % 10 === 0).toReversed());
    expect(await ids('activity', 'transactionId eq "t5" and n lt 500', false)).toEqual(
      wanted((i) => i % 100 === 5 && i < 500),
    );
    expect(await ids('activity', 'n gt 3 and objectId eq "managed/user/u2"', true, 7)).toEqual(
      wanted((i) => i > 3 && i % 7 === 2 && i % 10 !== 0).toReversed(),
    );
    expect(await ids(null, '_id eq "e77" and userId eq "admin"', false)).toEqual(['e77']);
    expect(await ids(null, 'timestamp ge "1970-01-01T00:00:01.298Z"', false)).toEqual(['e1298', 'e1299']);
    expect(await ids('sync', 'true', false)).toEqual([]);
  });

  test('names that no store keeps as they are do not break the chain', async () => {
    const odd = eventOf('e1', { userId: 'a\0b\ud83d', event: { principal: ['\ud83d\0'], ['__proto__']: 1 } });
    await context.repo.commit({ units: [], audit: [odd] });
    const [link] = await context.repo.audit.links(0, 1);
    expect(link!.event!.userId).toBe('a\uFFFDb\uFFFD');
    expectChain(CHAIN_START.hash, [link!]);
  });

  test('pruning takes events away, and what is left still verifies', async () => {
    const anyTopic = fc.constantFrom<AuditTopic>('access', 'activity', 'config');
    const anyPrune = fc.record({
      beforeMs: fc.integer({ min: 0, max: 30 }),
      topics: fc.option(fc.uniqueArray(anyTopic, { minLength: 1 }), { nil: undefined }),
    });
    const anyRound = fc.record({ topics: fc.array(anyTopic, { maxLength: 8 }), prune: anyPrune });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyRound, { minLength: 1, maxLength: 4 }), async (rounds) => {
        round++;
        for (const [turn, { topics, prune }] of rounds.entries()) {
          const nowMs = round * 1000 + turn * 10;
          const audit = topics.map((topic, i) => eventOf(`${nowMs}-${i}`, { topic, timestampMs: nowMs + (i % 3) }));
          await context.repo.commit({ units: [], audit });
          const beforeMs = round * 1000 + prune.beforeMs;
          const record = { id: `p${nowMs}`, timestampMs: nowMs + 9, transactionId: 't', userId: 'cli' };
          const request: PruneRequest = { ...prune, beforeMs, record };
          const before = await allLinks(context);
          const count = await context.repo.audit.prune(request);
          const after = await allLinks(context);
          const isAsked = ({ topic, timestampMs }: AuditEvent) =>
            timestampMs < Math.min(beforeMs, nowMs + 9) && (prune.topics?.includes(topic) ?? true);
          const events = before.flatMap(({ event }) => (event === null ? [] : [event]));
          const gone = events.filter((event) => isAsked(event) && event.event['eventName'] === undefined);
          expect(count).toBe(gone.length);
          const left = after.flatMap(({ event }) => (event?.event['eventName'] === undefined ? (event?.id ?? []) : []));
          expect(left).toEqual(
            events.filter((e) => !gone.includes(e) && e.event['eventName'] === undefined).map(({ id }) => id),
          );
          const { anchor, head } = await context.repo.audit.ends();
          expect(after[0]?.seq ?? anchor.seq + 1).toBe(anchor.seq + 1);
          expectChain(anchor.hash, after);
          expect(after.at(-1)).toMatchObject(head);
          expectAccountedFor(after);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('a run is removed with its entries, unless something about it is open', async () => {
    for (const [id, state, status] of [
      ['over', 'SUCCESS', 'done'],
      ['active', 'ACTIVE', 'done'],
      ['held', 'SUCCESS', 'held'],
      ['applying', 'FAILED', 'applying'],
      ['kept', 'SUCCESS', 'done'],
    ] as const) {
      const units = Array.from({ length: 30 }, (_, i) => ({ entry: insert(i + 1, { runId: id, status }) }));
      await context.repo.commit({ run: { ...runOf(id), state }, units });
    }
    const removal = await context.repo.runs.remove(['over', 'active', 'held', 'applying', 'unknown', 'over']);
    expect(removal).toEqual({
      removed: ['over'],
      kept: ['active', 'held', 'applying'].map((runId) => ({ runId, reason: runId })),
    });
    expect(await context.repo.runs.read('over')).toBeNull();
    expect(await context.repo.runs.entries('over', { limit: 9 })).toEqual([]);
    expect(await context.repo.runs.countEntries('over', 'done')).toBe(0);
    expect(await context.repo.runs.countEntries('kept', 'done')).toBe(30);
    const late = await context.repo.commit({ units: [{ entry: insert(99, { runId: 'over' }) }] });
    expect(late).toMatchObject({ ok: false, conflicts: [{ code: 'not-found' }] });
    await context.repo.commit({ run: runOf('over'), units: [{ entry: insert(1, { runId: 'over' }) }] });
    expect(await context.repo.runs.countEntries('over', 'done')).toBe(1);
  });

  test('a list of runs goes on after any of them', async () => {
    for (const [i, id] of ['a', 'c', 'b', 'd', 'e'].entries())
      await context.repo.commit({ run: { ...runOf(id), startedMs: i < 3 ? 5 : 9 }, units: [] });
    const all = await context.repo.runs.list({ limit: 9 });
    expect(all.map(({ id }) => id)).toEqual(['e', 'd', 'c', 'b', 'a']);
    for (const [i, { id, startedMs }] of all.entries()) {
      const rest = await context.repo.runs.list({ after: { id, startedMs }, mapping: 'hr', limit: 2 });
      expect(rest).toEqual(all.slice(i + 1, i + 3));
    }
  });
}

function eventOf(id: string, change: Partial<AuditEvent> = {}): AuditEvent {
  return { id, topic: 'activity', timestampMs: 7, transactionId: 't', userId: 'admin', event: { n: 1 }, ...change };
}

async function allLinks(context: Context): Promise<readonly ChainLink[]> {
  return context.repo.audit.links(0, 1e6);
}

function expectChain(startHash: string, links: readonly ChainLink[]): void {
  let hash = startHash;
  for (const { event, ...link } of links) {
    expect(link.digest).toBe(event === null ? link.digest : digestOf(seal(event)));
    hash = chainHash(hash, link);
    expect(link.hash).toBe(hash);
  }
}

/** Every link without an event is covered by a record of pruning that is still there. */
function expectAccountedFor(links: readonly ChainLink[]): void {
  for (const { event, topic, timestampMs } of links) {
    if (event !== null) continue;
    const limits = links.map((one) => (one.event === null ? null : prunedBefore(one.event, topic)));
    expect(limits.some((beforeMs) => beforeMs !== null && beforeMs > timestampMs)).toBe(true);
  }
}
