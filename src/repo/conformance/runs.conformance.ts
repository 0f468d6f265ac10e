import { expect, test } from 'vitest';
import type { EntryStatus } from '../../model/run.ts';
import { type Context, runOf, insert, commit, refused } from './conformance-context.ts';

export function runClaims(context: Context): void {
  test('a run is replaced as a whole, and listed newest first', async () => {
    for (const [i, id] of ['a', 'c', 'b', 'd'].entries()) {
      const run = { ...runOf(id), startedMs: i < 2 ? 5 : 9, mapping: id === 'd' ? 'other' : 'hr' };
      await context.repo.commit({ run, units: [] });
    }
    await context.repo.commit({ run: { ...runOf('a'), startedMs: 5, mapping: 'hr', state: 'SUCCESS' }, units: [] });
    const ids = async (request: { mapping?: string; state?: string; limit: number }) =>
      (await context.repo.runs.list(request)).map((run) => run.id);
    expect(await ids({ limit: 10 })).toEqual(['d', 'b', 'c', 'a']);
    expect(await ids({ mapping: 'hr', limit: 2 })).toEqual(['b', 'c']);
    expect(await ids({ state: 'SUCCESS', limit: 2 })).toEqual(['a']);
    expect((await context.repo.runs.read('a'))!.state).toBe('SUCCESS');
    expect(await context.repo.runs.read('z')).toBeNull();
  });

  test('entries come back as they were, in order, by status and after a number', async () => {
    const full = insert(3, {
      status: 'held',
      situation: 'AMBIGUOUS',
      ambiguousTargetIds: ['t1', 't2'],
      before: { n: null },
      after: ['x', 1, null],
      message: 'held: 3 deletes of 10 objects',
      detail: { rule: { why: '😀' } },
    });
    await context.repo.commit({
      run: runOf('r'),
      units: [full, insert(1), insert(2), insert(7)].map((entry) => ({ entry })),
    });
    await context.repo.commit({ run: runOf('other'), units: [{ entry: insert(1, { runId: 'other' }) }] });
    const all = await context.repo.runs.entries('r', { limit: 10 });
    expect(all.map((entry) => entry.seq)).toEqual([1, 2, 3, 7]);
    expect(all[2]).toEqual(full.entry);
    const seqs = async (request: { status?: EntryStatus; afterSeq?: number; limit: number }) =>
      (await context.repo.runs.entries('r', request)).map((entry) => entry.seq);
    expect(await seqs({ afterSeq: 1, limit: 2 })).toEqual([2, 3]);
    expect(await seqs({ status: 'done', afterSeq: 1, limit: 9 })).toEqual([2, 7]);
    expect(await seqs({ status: 'held', limit: 9 })).toEqual([3]);
    expect(await context.repo.runs.countEntries('r', 'done')).toBe(3);
    expect(await context.repo.runs.countEntries('r', 'failed')).toBe(0);
    expect(await context.repo.runs.entries('nothing', { limit: 9 })).toEqual([]);
  });

  test('an entry settles once, from the status that was expected', async () => {
    const units = [insert(1, { status: 'held', targetId: 't', message: 'why' }), insert(2, { status: 'planned' })];
    await context.repo.commit({ run: runOf('r'), units: units.map((entry) => ({ entry })) });
    expect(await context.repo.runs.withEntries('held')).toEqual([{ runId: 'r', mapping: 'hr', count: 1 }]);
    const settle = { kind: 'settle', runId: 'r', seq: 1, from: 'held', status: 'done', timestampMs: 77 } as const;
    await commit(context, { entry: settle });
    const [entry] = await context.repo.runs.entries('r', { limit: 1 });
    expect(entry).toMatchObject({ status: 'done', timestampMs: 77, targetId: 't', message: 'why' });
    await commit(context, { entry: { ...settle, from: 'done', status: 'failed', targetId: 'u', message: null } });
    const [again] = await context.repo.runs.entries('r', { limit: 1 });
    expect(again).toMatchObject({ status: 'failed', targetId: 'u', message: null });
    const conflicts = await refused(
      context,
      { entry: settle },
      { entry: { ...settle, seq: 9 } },
      { entry: { ...settle, runId: 'nothing' } },
      { entry: insert(2) },
      { entry: insert(1, { runId: 'nothing' }) },
    );
    expect(conflicts.map(({ code }) => code)).toEqual(['revision', 'not-found', 'not-found', 'exists', 'not-found']);
    expect(await context.repo.runs.withEntries('held')).toEqual([]);
    expect(await context.repo.runs.withEntries('failed')).toEqual([{ runId: 'r', mapping: 'hr', count: 1 }]);
  });
}
