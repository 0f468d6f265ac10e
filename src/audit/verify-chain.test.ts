import * as fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { chainHash, digestOf, seal } from '../model/audit-chain.ts';
import type { AuditEvent, AuditReads, ChainEnds, ChainLink } from '../model/audit.ts';
import { openMemoryRepository } from '../repo/memory/memory-repository.ts';
import { openSqliteRepositoryInThread } from '../repo/sqlite/sqlite-repository.ts';
import { verifyChain } from './verify-chain.ts';

const eventOf = (n: number, topic: AuditEvent['topic'] = 'activity'): AuditEvent => ({
  id: `e${n}`,
  topic,
  timestampMs: n * 1000,
  transactionId: 't',
  userId: 'admin',
  event: { n, after: { mail: 'x' } },
});

const record = { id: 'p', timestampMs: 99_000, transactionId: 'purge', userId: 'cli' };

/** Twelve events, of which those of the topic access before the eighth are pruned. */
async function chain(): Promise<{ links: readonly ChainLink[]; ends: ChainEnds }> {
  const { audit, commit } = await filled();
  await audit.prune({ beforeMs: 8000, topics: ['access'], record });
  await commit({ units: [], audit: [eventOf(20)] });
  return { links: await audit.links(0, 100), ends: await audit.ends() };
}

async function filled() {
  const repository = openMemoryRepository();
  const audit = Array.from({ length: 12 }, (_, i) => eventOf(i + 1, i % 3 === 1 ? 'access' : 'activity'));
  await repository.commit({ units: [], audit });
  return { audit: repository.audit, commit: repository.commit.bind(repository) };
}

function readsOf(links: readonly ChainLink[], ends: ChainEnds): AuditReads {
  return {
    ends: async () => ends,
    links: async (after: number, limit: number) => links.filter(({ seq }) => seq > after).slice(0, limit),
  } as unknown as AuditReads;
}

describe('a chain', () => {
  it('that nobody touched is whole, also after pruning', async () => {
    const { links, ends } = await chain();
    const report = await verifyChain(readsOf(links, ends));
    expect(report).toMatchObject({ faults: [], events: 12, pruned: 2, head: { seq: 14 } });
    expect(await verifyChain(readsOf(links, ends), ends.head)).toMatchObject({ faults: [] });
  });

  it('whose beginning was pruned is whole', async () => {
    const { audit } = await filled();
    expect(await audit.prune({ beforeMs: 9000, record })).toBe(8);
    expect(await verifyChain(audit)).toMatchObject({ faults: [], events: 5, pruned: 0, anchor: { seq: 8 } });
  });

  it('with any change is broken, and the report names where', async () => {
    const { links, ends } = await chain();
    const anyIndex = fc.integer({ min: 0, max: links.length - 1 });
    const anyChange = fc.tuple(anyIndex, fc.constantFrom(...Object.keys(CHANGES)), fc.integer({ min: 0, max: 50 }));
    await fc.assert(
      fc.asyncProperty(anyChange, async ([index, name, other]) => {
        const changed = [...links];
        CHANGES[name]!(changed, index, other % links.length);
        fc.pre(JSON.stringify(changed) !== JSON.stringify(links));
        const { faults } = await verifyChain(readsOf(changed, ends));
        expect(faults.length).toBeGreaterThan(0);
        const firstDifference = links.findIndex((link, i) => JSON.stringify(link) !== JSON.stringify(changed[i]));
        expect(Math.min(...faults.map(({ seq }) => seq))).toBeLessThanOrEqual(
          (links[firstDifference] ?? ends.head).seq + 1,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('rewritten as a whole is found out by a place that was noted', async () => {
    const { links, ends } = await chain();
    const [forged, head] = rechained(links, 5);
    expect((await verifyChain(readsOf(forged, { ...ends, head }))).faults).toEqual([]);
    const { faults } = await verifyChain(readsOf(forged, { ...ends, head }), ends.head);
    expect(faults).toEqual([{ seq: 14, message: expect.stringContaining('noted') as string }]);
  });

  it('from which an event was taken without a record of pruning is broken', async () => {
    const { links, ends } = await chain();
    for (const index of [0, 9]) {
      const changed = links.map((link, i) => (i === index ? { ...link, event: null } : link));
      const { faults } = await verifyChain(readsOf(changed, ends));
      expect(faults).toEqual([{ seq: index + 1, message: expect.stringContaining('no record of pruning') as string }]);
    }
    const cut = links.filter(({ seq }) => seq > 4 && seq !== 13);
    expect((await verifyChain(readsOf(cut, { ...ends, anchor: { seq: 4, hash: links[3]!.hash } }))).faults).not.toEqual(
      [],
    );
  });
});

type Change = (links: ChainLink[], index: number, other: number) => void;

const CHANGES: Readonly<Record<string, Change>> = {
  event: (links, index) => {
    const { event, ...link } = links[index]!;
    if (event !== null) links[index] = { ...link, event: { ...event, event: { ...event.event, n: 'forged' } } };
  },
  user: (links, index) => {
    const { event, ...link } = links[index]!;
    if (event !== null) links[index] = { ...link, event: { ...event, userId: 'someone' } };
  },
  time: (links, index) => void (links[index] = { ...links[index]!, timestampMs: 1 + index }),
  digest: (links, index) => {
    const { event, ...link } = links[index]!;
    const forged = event === null ? null : { ...event, event: { n: 'forged' } };
    links[index] = { ...link, event: forged, digest: forged === null ? '0' : digestOf(seal(forged)) };
  },
  remove: (links, index) => void links.splice(index, 1),
  insert: (links, index, other) => void links.splice(index, 0, { ...links[other]!, seq: links[index]!.seq }),
  swap: (links, index, other) => {
    const [a, b] = [links[index]!, links[other]!];
    links[index] = { ...b, seq: a.seq };
    links[other] = { ...a, seq: b.seq };
  },
  cutOff: (links, index) => void links.splice(index),
};

/** A forged chain: event `at` is another, and everything after it fits. */
function rechained(links: readonly ChainLink[], at: number): readonly [readonly ChainLink[], ChainEnds['head']] {
  let hash = '0'.repeat(64);
  const forged = links.map(({ event, ...link }, i): ChainLink => {
    const next = i === at && event !== null ? { ...event, event: { n: 'forged' } } : event;
    const digest = next === null ? link.digest : digestOf(seal(next));
    hash = chainHash(hash, { ...link, digest });
    return { ...link, digest, hash, event: next };
  });
  return [forged, { seq: links.at(-1)!.seq, hash }];
}

describe('in a SQLite file', () => {
  it.each([
    ['UPDATE audit_event SET event = replace(event, \'"n":4\', \'"n":5\') WHERE seq = 4', 4],
    ["UPDATE audit_event SET user_id = 'nobody' WHERE seq = 3", 3],
    ['UPDATE audit_event SET event = NULL, id = NULL WHERE seq = 6', 6],
    ["UPDATE audit_event SET event = 'no JSON' WHERE seq = 5", 5],
    ['DELETE FROM audit_event WHERE seq = 7', 7],
    ['DELETE FROM audit_event WHERE seq > 10', 11],
    ['DELETE FROM audit_event', 1],
    ['UPDATE audit_event SET timestamp_ms = 7 WHERE seq = 1', 1],
  ])('%s is found', async (sql, seq) => {
    const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-chain-'));
    const options = { file: path.join(directory, 'lockstep.db'), clock: { nowMs: () => 1 } };
    const repository = openSqliteRepositoryInThread(options);
    await repository.commit({ units: [], audit: Array.from({ length: 12 }, (_, i) => eventOf(i + 1)) });
    await repository.close();
    const db = new DatabaseSync(options.file);
    db.exec(sql);
    db.close();
    const again = openSqliteRepositoryInThread(options);
    const { faults } = await verifyChain(again.audit);
    expect(faults[0]?.seq).toBe(seq);
    await again.close();
    rmSync(directory, { recursive: true });
  });
});
