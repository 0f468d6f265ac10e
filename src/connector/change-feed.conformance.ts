import { afterEach, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../base/json.ts';
import type { ChangeFeed, FeedChange, FeedPage } from '../model/change-feed.ts';

/** What a connector with a feed under test provides: an empty collection that it can change as its users do. */
export interface FeedSubject {
  readonly feed: ChangeFeed;
  /** Creates the object, or changes it. Answers its id as the feed has it. */
  put(name: string, mail: string): Promise<string>;
  remove(name: string): Promise<void>;
  /** Answers the id after it; absent: objects keep their ids. */
  rename?(from: string, to: string): Promise<string>;
  /** A token that the system does not know any more. */
  expire(): Promise<Json>;
  dispose(): Promise<void>;
}

/** What a feed does differently, by the claim's name, with the reason. The claim is then expected to fail. */
export type FeedDeviations = Readonly<Record<string, string>>;

type Claim = (text: string, prove: (subject: FeedSubject) => Promise<void>) => void;

/** The obligations of `ChangeFeed`, as tests. */
export function changeFeedConformance(
  name: string,
  setup: () => Promise<FeedSubject>,
  deviations: FeedDeviations = {},
): void {
  const subjects: FeedSubject[] = [];
  const claim: Claim = (text, prove) => {
    const run = async (): Promise<void> => {
      const subject = await setup();
      subjects.push(subject);
      await prove(subject);
    };
    const reason = Object.hasOwn(deviations, text) ? deviations[text] : undefined;
    const declare = reason === undefined ? it : it.fails;
    declare(reason === undefined ? text : `${text} (deviates: ${reason})`, run, 60_000);
  };
  describe(`${name} as a feed of changes`, () => {
    afterEach(async () => {
      for (const subject of subjects.splice(0)) await subject.dispose();
    });
    walkClaims(claim);
    tokenClaims(claim);
    watchClaims(claim);
  });
}

function walkClaims(claim: Claim): void {
  claim('tells nothing after the latest token', async ({ feed, put }) => {
    await put('a', '1');
    const { changes } = await walk(feed, await feed.latest());
    expect(changes).toEqual([]);
  });

  claim('tells creates, updates and deletes of one object in order', async ({ feed, put, remove }) => {
    const from = await feed.latest();
    const id = await put('a', '1');
    await put('a', '2');
    const before = await walk(feed, from);
    expect(before.changes.every((change) => change.id === id && change.kind !== 'delete')).toBe(true);
    expect(mailOf(before.changes.at(-1)!, '2')).toBe('2');
    await remove('a');
    const after = await walk(feed, before.token);
    expect(after.changes.map((change) => [change.kind, change.id])).toEqual([['delete', id]]);
    expect(after.changes[0]!.object).toBeNull();
  });

  claim('gives objects with their id', async ({ feed, put }) => {
    const from = await feed.latest();
    const id = await put('a', '1');
    const { changes } = await walk(feed, from);
    for (const { object } of changes) if (object !== null) expect(object['_id']).toBe(id);
  });

  claim('gives no more changes in a page than asked for, and loses none between pages', async ({ feed, put }) => {
    const from = await feed.latest();
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) ids.push(await put(name, '1'));
    const { pages, changes } = await walk(feed, from, 2);
    expect(pages.every((page) => page.changes.length <= 2)).toBe(true);
    expect(new Set(changes.map(({ id }) => id))).toEqual(new Set(ids));
  });

  claim('tells a rename with the old id, or as a delete and a create', async ({ feed, put, rename }) => {
    if (rename === undefined) return;
    const old = await put('a', '1');
    const from = await feed.latest();
    const id = await rename('a', 'z');
    const { changes } = await walk(feed, from);
    const last = changes.findLast((change) => change.id === id)!;
    const isTold = last.previousId === old || changes.some((one) => one.kind === 'delete' && one.id === old);
    expect(isTold, JSON.stringify(changes)).toBe(true);
  });
}

function tokenClaims(claim: Claim): void {
  claim('goes on after the token of any page, and of any change where it says so', async ({ feed, put }) => {
    const from = await feed.latest();
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) ids.push(await put(name, '1'));
    const { pages } = await walk(feed, from, 2);
    let told = new Set<string>();
    for (const page of pages) {
      for (const { id, token } of page.changes) {
        if (page.isResumable) await expectRest(feed, token, ids, new Set([...told, id]));
        told = new Set([...told, id]);
      }
      await expectRest(feed, page.token, ids, told);
    }
  });

  claim('has tokens that survive being stored as JSON', async ({ feed, put }) => {
    await put('a', '1');
    const token = JSON.parse(JSON.stringify(await feed.latest())) as Json;
    const id = await put('b', '1');
    const { changes } = await walk(feed, token);
    expect(changes.map((change) => change.id)).toContain(id);
  });

  claim('refuses a token that the system does not know, before the first page', async (subject) => {
    const token = await subject.expire();
    const seen: FeedPage[] = [];
    const walking = (async () => {
      for await (const page of subject.feed.changes(token, { pageSize: 10 })) seen.push(page);
    })();
    await expect(walking).rejects.toMatchObject({ code: 'expired' });
    expect(seen).toEqual([]);
  });
}

function watchClaims(claim: Claim): void {
  claim('pushes what happened and what happens, until it is told to stop', async ({ feed, put }) => {
    if (feed.watch === undefined) return;
    const from = await feed.latest();
    const first = await put('a', '1');
    const abort = new AbortController();
    const told: string[] = [];
    const watching = (async () => {
      for await (const page of feed.watch!(from, { pageSize: 10, signal: abort.signal }))
        told.push(...page.changes.map(({ id }) => id));
    })();
    await expect.poll(() => told, { timeout: 20_000 }).toContain(first);
    const second = await put('b', '1');
    await expect.poll(() => told, { timeout: 20_000 }).toContain(second);
    abort.abort();
    await watching;
  });
}

async function expectRest(
  feed: ChangeFeed,
  token: Json,
  ids: readonly string[],
  told: ReadonlySet<string>,
): Promise<void> {
  const rest = new Set((await walk(feed, token)).changes.map(({ id }) => id));
  expect(ids.filter((id) => !told.has(id) && !rest.has(id))).toEqual([]);
}

interface Walked {
  readonly pages: readonly FeedPage[];
  readonly changes: readonly FeedChange[];
  readonly token: Json;
}

async function walk(feed: ChangeFeed, after: Json, pageSize = 100): Promise<Walked> {
  const pages: FeedPage[] = [];
  for await (const page of feed.changes(after, { pageSize })) pages.push(page);
  return { pages, changes: pages.flatMap(({ changes }) => changes), token: pages.at(-1)?.token ?? after };
}

/** A feed need not know the object. */
function mailOf({ object }: { readonly object: JsonObject | null }, otherwise: string): Json | undefined {
  return object === null ? otherwise : object['mail'];
}
