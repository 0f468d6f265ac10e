import { Failure } from '../../../base/failure.ts';
import type { ChangeFeed } from '../../../model/change-feed.ts';
import { DIR_SYNC } from '../../../ldap/controls/dir-sync.ts';
import { SYNC_REQUEST, syncRequestControl } from '../../../ldap/controls/sync-request.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import { changeLogFeed } from './change-log-feed.ts';
import { contentSyncFeed } from './content-sync-feed.ts';
import type { Directory, DirectoryFacts } from '../directory.ts';
import { dirSyncFeed, dirSyncOffer } from './dir-sync-feed.ts';
import { feedScope, type FeedScope } from './feed-scope.ts';
import type { FeedKind } from '../ldap-settings.ts';
import type { ReadyScope } from '../ldap-scope.ts';
import { timestampFeed } from './timestamp-feed.ts';
import { usnFeed } from './usn-feed.ts';

/** Vendors whose servers tell changes by a change log, or not at all. */
const WITH_CHANGE_LOG = /sun|oracle|forgerock|opendj|ping|unboundid|netscape|wren/i;

/** How changes of a type are told: as configured, or by what the server offers. Null: not at all. */
export async function openFeed(scope: ReadyScope, signal?: AbortSignal): Promise<ChangeFeed | null> {
  const { directory, facts } = scope;
  const told = feedScope(scope);
  const wanted = feedKind(directory, facts);
  const isChosen = directory.settings.sync.feed !== 'auto';
  switch (wanted) {
    case 'contentSync':
      return isChosen || (await hasContentSync(told, signal)) ? contentSyncFeed(told) : timestampFeed(told);
    case 'dirSync':
      return openDirSync(told, isChosen, signal);
    case 'changeLog':
      return changeLogFeed(told);
    case 'usn':
      return usnFeed(told);
    case 'timestamps':
      return timestampFeed(told);
    case 'none':
      return null;
  }
}

/** Where DirSync cannot be had, changes are found by update sequence numbers, unless it was asked for. */
async function openDirSync(scope: FeedScope, isChosen: boolean, signal?: AbortSignal): Promise<ChangeFeed> {
  const offer = await dirSyncOffer(scope, signal);
  if (offer.ok) return dirSyncFeed(scope, offer.flags);
  const { directory } = scope;
  if (isChosen)
    throw new Failure('bad-configuration', `${directory.system}: changeFeed: no DirSync: ${offer.why}; use "usn"`);
  if (offer.isNews)
    directory.log.write(
      'info',
      `${directory.system}: no DirSync (${offer.why}); changes are told by update sequence numbers`,
    );
  return usnFeed(scope);
}

/** Throws `Failure('bad-configuration')` for what the server does not have. */
function feedKind(
  { settings, system }: Directory,
  { rootDse, isActiveDirectory }: DirectoryFacts,
): Exclude<FeedKind, 'auto'> {
  const configured = settings.sync.feed;
  const hasSync = rootDse.supportedControls.has(SYNC_REQUEST);
  if (configured === 'contentSync' && !hasSync)
    throw new Failure(
      'bad-configuration',
      `${system}: changeFeed: the server has no content synchronization (RFC 4533); use "auto"`,
    );
  if (configured === 'dirSync' && !rootDse.supportedControls.has(DIR_SYNC))
    throw new Failure(
      'bad-configuration',
      `${system}: changeFeed: the server has no DirSync, which only Active Directory has; use "auto"`,
    );
  if (configured !== 'auto') return configured;
  if (isActiveDirectory) return rootDse.supportedControls.has(DIR_SYNC) ? 'dirSync' : 'usn';
  if (rootDse.changeLog !== null || WITH_CHANGE_LOG.test(rootDse.vendorName ?? '')) return 'changeLog';
  return hasSync ? 'contentSync' : 'timestamps';
}

const UNAVAILABLE = 12;
const SIZE_LIMIT = 4;
const offers = new WeakMap<DirectoryFacts, Map<string, boolean>>();

/** A server may have it for some of its databases only. */
async function hasContentSync({ directory, facts, bases }: FeedScope, signal?: AbortSignal): Promise<boolean> {
  const known = offers.get(facts) ?? new Map<string, boolean>();
  offers.set(facts, known);
  for (const base of bases) if (!known.has(base)) known.set(base, await isOfferedAt(directory, base, signal));
  return bases.every((base) => known.get(base));
}

async function isOfferedAt(directory: Directory, base: string, signal?: AbortSignal): Promise<boolean> {
  const controls = [syncRequestControl({ mode: 'refreshOnly', cookie: null })];
  try {
    await directory.read(async (connection) => {
      const search = connection.search({ base, attributes: ['1.1'], sizeLimit: 1 }, { controls, signal });
      for await (const _ of search);
    }, signal);
    return true;
  } catch (error) {
    if (!(error instanceof LdapFailure) || error.result === null) throw error;
    if (error.result.code === SIZE_LIMIT) return true;
    if (error.result.code !== UNAVAILABLE) throw error;
    directory.log.write(
      'info',
      `${directory.system}: no content synchronization under "${base}"; changes are told by timestamps, without deletes`,
    );
    return false;
  }
}
