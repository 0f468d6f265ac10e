import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { mergeIterables } from '../base/merge-iterables.ts';
import type { ChangeFeed, FeedMemory, FeedNote, FeedPage, FeedRequest } from '../model/change-feed.ts';

type TypedFeed = readonly [type: string, feed: ChangeFeed];

/**
 * One feed of several, one after the other; the token has one member for each. It can be watched if each of them can: then what any of
 * them tells is told as it comes.
 */
export function combined(feeds: readonly TypedFeed[]): ChangeFeed {
  const feed: ChangeFeed = {
    nativeType: 'object',
    latest: async (signal, remember) => {
      const tokens: JsonObject = {};
      for (const [type, one] of feeds)
        tokens[type] = await one.latest(
          signal,
          remember === undefined ? undefined : (notes) => remember(outside(type, notes)),
        );
      return tokens;
    },
    changes: async function* (after: Json, request): AsyncIterable<FeedPage> {
      const tokens = tokensOf(after);
      for (const [type, one] of feeds) {
        const pages = one.changes(tokens.get(type) ?? null, requestOf(type, request));
        for await (const page of pages) yield typed(type, page, tokens);
      }
    },
  };
  return feeds.every(([, one]) => one.watch !== undefined) ? { ...feed, watch: watchAll(feeds) } : feed;
}

function watchAll(feeds: readonly TypedFeed[]): NonNullable<ChangeFeed['watch']> {
  return async function* (after, request) {
    const tokens = tokensOf(after);
    const open = (signal: AbortSignal): readonly AsyncIterable<readonly [string, FeedPage]>[] =>
      feeds.map(([type, one]) =>
        named(type, one.watch!(tokens.get(type) ?? null, { ...requestOf(type, request), signal })),
      );
    for await (const [type, page] of mergeIterables(open, request.signal)) yield typed(type, page, tokens);
  };
}

async function* named(type: string, pages: AsyncIterable<FeedPage>): AsyncIterable<readonly [string, FeedPage]> {
  for await (const page of pages) yield [type, page];
}

function tokensOf(after: Json): Map<string, Json> {
  return new Map(Object.entries(isJsonObject(after) ? after : {}));
}

function typed(type: string, page: FeedPage, tokens: Map<string, Json>): FeedPage {
  tokens.set(type, page.token);
  return {
    changes: page.changes.map(({ note, ...change }) => ({
      ...change,
      objectType: type,
      ...(note === undefined ? {} : { note: outside(type, [note])[0]! }),
    })),
    token: Object.fromEntries(tokens),
    isResumable: false,
    ...(page.notes === undefined ? {} : { notes: outside(type, page.notes) }),
  };
}

/** Each feed keeps its own things, under keys that begin with its type. */
function requestOf(type: string, request: FeedRequest): FeedRequest {
  const { memory } = request;
  return memory === undefined ? request : { ...request, memory: memoryOf(type, memory) };
}

function memoryOf(type: string, memory: FeedMemory): FeedMemory {
  const inside = (notes: readonly FeedNote[]): readonly FeedNote[] =>
    notes
      .filter(({ key }) => key.startsWith(`${type}/`))
      .map(({ key, value }) => ({ key: key.slice(type.length + 1), value }));
  return {
    read: async (keys) => {
      const kept = await memory.read(keys.map((key) => `${type}/${key}`));
      return new Map([...kept].map(([key, value]) => [key.slice(type.length + 1), value]));
    },
    keysOf: async (values) => inside(await memory.keysOf(values)),
    all: async function* () {
      for await (const notes of memory.all()) yield inside(notes);
    },
  };
}

function outside(type: string, notes: readonly FeedNote[]): readonly FeedNote[] {
  return notes.map(({ key, value }) => ({ key: `${type}/${key}`, value }));
}
