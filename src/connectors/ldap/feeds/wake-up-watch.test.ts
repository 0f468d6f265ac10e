import { describe, expect, it } from 'vitest';
import type { Json } from '../../../base/json.ts';
import type { LdapSearch } from '../../../ldap/client/ldap-search.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import type { OperationResult } from '../../../ldap/codec/message.ts';
import type { FeedPage } from '../../../model/change-feed.ts';
import type { FeedScope } from './feed-scope.ts';
import { watchByWakeUp } from './wake-up-watch.ts';

const lines: string[] = [];
let isClosed = false;
const SCOPE = {
  path: 'system/ad/account',
  directory: {
    log: { write: (_: string, text: string) => void lines.push(text) },
    connections: { own: async () => ({ close: () => (isClosed = true) }) },
  },
} as unknown as FeedScope;

function refusal(code: number): LdapFailure {
  const result = { code } as OperationResult;
  return new LdapFailure('result', 'incomplete-read', `refused: ${code}`, { retryable: false, result });
}

async function* counted(after: Json): AsyncGenerator<FeedPage> {
  yield { changes: [], token: Number(after) + 1, isResumable: true };
}

/** The tokens of three pages, or why there are no three. */
async function threeFrom(search: AsyncIterable<unknown>): Promise<readonly Json[]> {
  const tokens: Json[] = [];
  const pages = watchByWakeUp(SCOPE, {
    after: 0,
    signal: new AbortController().signal,
    searches: () => [search as LdapSearch],
    changes: counted,
  });
  for await (const { token } of pages) {
    tokens.push(token);
    if (tokens.length === 3) break;
  }
  return tokens;
}

describe('a watch that is woken up', () => {
  it('asks again whenever there is something, and goes on where it was', async () => {
    const ringing = (async function* () {
      for (let i = 0; i < 5; i++) yield await Promise.resolve([]);
      await new Promise(() => {});
    })();
    expect(await threeFrom(ringing)).toEqual([1, 2, 3]);
    expect(isClosed).toBe(true);
  });

  it('asks after a while although nothing was said', async () => {
    const silent = (async function* () {
      await new Promise(() => {});
      yield [];
    })();
    expect(await threeFrom(silent)).toEqual([1, 2, 3]);
  });

  it('asks every few seconds where the server refuses to say anything, and says so once', async () => {
    const refused = (async function* () {
      yield* [];
      throw refusal(12);
    })();
    expect(await threeFrom(refused)).toEqual([1, 2, 3]);
    expect(lines).toEqual([expect.stringMatching(/does not push changes .* it is asked every 5 seconds/)]);
  });

  it.each([
    ['ends', null],
    ['fails', refusal(1)],
  ])('rejects when the search %s', async (_, error) => {
    const over = (async function* () {
      yield await Promise.resolve([]);
      if (error !== null) throw error;
    })();
    await expect(threeFrom(over)).rejects.toMatchObject({ code: 'incomplete-read' });
  });
});
