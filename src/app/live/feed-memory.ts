import type { Json } from '../../base/json.ts';
import { MEMORY_OF_FEEDS, noteDoc, noteIn } from '../../live/feed-note.ts';
import type { FeedMemory, FeedNote, Remember } from '../../model/change-feed.ts';
import type { CommitBatch, RowWrite } from '../../model/repository.ts';
import { IdSet } from '../../sync/id-set.ts';
import type { Lockstep } from '../lockstep.ts';
import { commitShadows } from './shadow-store.ts';

/** The memory of the feed of one source, as rows of the repository: one for each key. */
export interface StoredFeedMemory extends FeedMemory {
  /** What has to be written so that these notes are kept; what is kept already is left out. */
  writes(notes: readonly FeedNote[]): Promise<readonly RowWrite[]>;
  /** Puts what is remembered in the place of everything that is kept: `finish` takes away the rest. */
  replace(fence: CommitBatch['fence']): { readonly remember: Remember; readonly finish: () => Promise<void> };
}

const PAGE = 1000;

export async function openFeedMemory(
  repository: Lockstep['repository'],
  sourcePath: string,
): Promise<StoredFeedMemory> {
  const type = `${MEMORY_OF_FEEDS}/${sourcePath}`;
  await repository.objects.declareTypes([{ name: type, searchable: ['value'] }]);
  const memory: StoredFeedMemory = {
    read: async (keys) => {
      const rows = await repository.objects.readMany(type, keys);
      return new Map(rows.map(({ id, doc }) => [id, noteIn(doc)]));
    },
    keysOf: async (values) => {
      const rows = await repository.objects.findByValue(type, 'value', values);
      return rows.map(({ id, doc }) => ({ key: id, value: noteIn(doc) }));
    },
    all: () => pages(repository, type),
    writes: (notes) => writesFor(repository, type, notes),
    replace: (fence) => replace(repository, type, memory, fence),
  };
  return memory;
}

async function* pages(repository: Lockstep['repository'], type: string): AsyncIterable<readonly FeedNote[]> {
  let after: Json = null;
  do {
    const { rows, next } = await repository.objects.page(type, { after, limit: PAGE });
    yield rows.map(({ id, doc }) => ({ key: id, value: noteIn(doc) }));
    after = next;
  } while (after !== null);
}

/** Of several notes with one key the last counts. */
async function writesFor(
  repository: Lockstep['repository'],
  type: string,
  notes: readonly FeedNote[],
): Promise<readonly RowWrite[]> {
  const wanted = new Map(notes.map(({ key, value }) => [key, value]));
  if (wanted.size === 0) return [];
  const rows = await repository.objects.readMany(type, [...wanted.keys()]);
  const kept = new Map(rows.map((row) => [row.id, row]));
  return [...wanted].flatMap(([id, value]): RowWrite[] => {
    const row = kept.get(id);
    if (value === null) return row === undefined ? [] : [{ kind: 'delete', type, id, rev: row.rev }];
    const doc = noteDoc(value);
    if (row === undefined) return [{ kind: 'create', type, id, doc }];
    return noteIn(row.doc) === value ? [] : [{ kind: 'update', type, id, rev: row.rev, doc }];
  });
}

function replace(
  repository: Lockstep['repository'],
  type: string,
  memory: StoredFeedMemory,
  fence: CommitBatch['fence'],
): ReturnType<StoredFeedMemory['replace']> {
  const seen = new IdSet();
  const put = async (notes: readonly FeedNote[]): Promise<void> =>
    commitShadows(repository, await memory.writes(notes), fence);
  return {
    remember: async (notes) => {
      for (let from = 0; from < notes.length; from += PAGE) {
        const some = notes.slice(from, from + PAGE);
        for (const { key } of some) seen.add(key);
        await put(some);
      }
    },
    finish: async () => {
      let after: Json = null;
      do {
        const { rows, next }: { rows: readonly string[]; next: Json } = await repository.objects.pageIds(
          type,
          after,
          PAGE,
        );
        await put(rows.filter((key) => !seen.has(key)).map((key) => ({ key, value: null })));
        after = next;
      } while (after !== null);
    },
  };
}
