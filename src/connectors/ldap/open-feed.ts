import { Failure } from '../../base/failure.ts';
import type { ChangeFeed } from '../../model/change-feed.ts';
import { SYNC_REQUEST } from '../../ldap/controls/sync-request.ts';
import { changeLogFeed } from './change-log-feed.ts';
import { contentSyncFeed } from './content-sync-feed.ts';
import type { DirectoryFacts } from './directory.ts';
import type { EntryMemory } from './entry-memory.ts';
import { feedScope } from './feed-scope.ts';
import type { FeedKind } from './ldap-settings.ts';
import type { ReadyScope } from './ldap-scope.ts';
import { timestampFeed } from './timestamp-feed.ts';

/** Vendors whose servers tell changes by a change log, or not at all. */
const WITH_CHANGE_LOG = /sun|oracle|forgerock|opendj|ping|unboundid|netscape|wren/i;

/** How changes of a type are told: as configured, or by what the server offers. Null: not at all. */
export function openFeed(scope: ReadyScope, memory: EntryMemory): ChangeFeed | null {
  const { directory, facts } = scope;
  const kind = feedKind(directory.settings.sync.feed, facts);
  const told = feedScope(scope);
  switch (kind) {
    case 'contentSync':
      return contentSyncFeed(told, memory);
    case 'changeLog':
      return changeLogFeed(told);
    case 'timestamps':
      return timestampFeed(told);
    case 'none':
      return null;
  }
}

/** Throws `Failure('bad-configuration')` for what the server does not have. */
export function feedKind(
  configured: FeedKind,
  { rootDse }: Pick<DirectoryFacts, 'rootDse'>,
): Exclude<FeedKind, 'auto'> {
  const hasSync = rootDse.supportedControls.has(SYNC_REQUEST);
  if (configured === 'contentSync' && !hasSync)
    throw new Failure(
      'bad-configuration',
      'changeFeed: the server has no content synchronization (RFC 4533); use "auto"',
    );
  if (configured !== 'auto') return configured;
  if (rootDse.changeLog !== null || WITH_CHANGE_LOG.test(rootDse.vendorName ?? '')) return 'changeLog';
  return hasSync ? 'contentSync' : 'timestamps';
}
