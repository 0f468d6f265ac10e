import { createHash } from 'node:crypto';
import { canonicalJson } from '../base/canonical-json.ts';
import type { JsonObject } from '../base/json.ts';
import type { FeedChange } from '../model/change-feed.ts';
import type { Shadow } from './shadow.ts';

/** A change and where it comes from. */
export interface SourceChange extends FeedChange {
  /** `system/ldap/account` */
  readonly collection: string;
  /** Names it among all changes of its source: the same change told again has the same key. */
  readonly key: string;
  /** The object without what is secret, for people, scripts and what is kept. */
  readonly visible: JsonObject | null;
}

/**
 * In a page whose tokens only name changes it is what happened that tells them apart, else where it happened. `shadow`: of the object that
 * the change tells, null where it tells none.
 */
export function sourceChange(
  collection: string,
  change: FeedChange,
  { isResumable, shadow }: { readonly isResumable: boolean; readonly shadow: Shadow | null },
): SourceChange {
  const { kind, id, previousId, token } = change;
  const what = isResumable ? [token] : [kind, previousId, shadow?.digest ?? null];
  const key = createHash('sha256')
    .update(canonicalJson([collection, id, ...what]))
    .digest('base64url');
  return { ...change, collection, key, visible: shadow?.object ?? null };
}

/** The change as people and scripts see it, as JSON text; `before`: what the object was. */
export function changeRecord(change: SourceChange, before: JsonObject | null): string {
  const { kind, collection, id, previousId, token, visible } = change;
  return JSON.stringify({ kind, source: collection, id, previousId, token, object: visible, before });
}
