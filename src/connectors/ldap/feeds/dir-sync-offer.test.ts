import { expect, it } from 'vitest';
import type { OperationResult } from '../../../ldap/codec/message.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import { dirSyncOffer } from './dir-sync-feed.ts';
import type { FeedScope } from './feed-scope.ts';

const CONTEXTS = ['CN=Configuration,DC=x', 'DC=x', 'DC=other'];

/** A domain in which each answer to a request is one of these result codes, in their order. */
function scopeWith(codes: readonly number[], bases = ['OU=people,DC=x']): FeedScope & { readonly asked: number } {
  let asked = 0;
  return {
    bases,
    facts: { rootDse: { namingContexts: CONTEXTS } },
    directory: {
      read: async () => {
        const code = codes[asked++] ?? 0;
        const result = { code } as OperationResult;
        if (code !== 0) throw new LdapFailure('result', 'denied', `code ${code}`, { retryable: false, result });
      },
    },
    get asked() {
      return asked;
    },
  } as unknown as FeedScope & { readonly asked: number };
}

it.each([
  [[], { ok: true, flags: 0 }],
  [[50], { ok: true, flags: 1 }],
  [[50, 53], { ok: false, why: 'code 53', isNews: true }],
  [[12, 12], { ok: false, why: 'code 12', isNews: true }],
])('an account whose requests are answered by %j is offered %j', async (codes, offer) => {
  expect(await dirSyncOffer(scopeWith(codes))).toEqual(offer);
});

it('is asked for once, and told once', async () => {
  const scope = scopeWith([50, 50]);
  expect(await dirSyncOffer(scope)).toMatchObject({ ok: false, isNews: true });
  expect(await dirSyncOffer(scope)).toMatchObject({ ok: false, isNews: false });
  expect(scope.asked).toBe(2);
});

it('is not offered for a base outside of every naming context', async () => {
  expect(await dirSyncOffer(scopeWith([], ['DC=elsewhere']))).toMatchObject({ ok: false });
});

it('a request that fails is no refusal', async () => {
  const scope = scopeWith([51]);
  await expect(dirSyncOffer(scope)).rejects.toThrow('code 51');
  expect(await dirSyncOffer(scope)).toEqual({ ok: true, flags: 0 });
});
