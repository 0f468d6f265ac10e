import { Failure } from '../../base/failure.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import { readAllValues } from '../../ldap/client/read-all-values.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import type { RowFault, StoredObject } from '../../model/object-set.ts';
import { compileObjectType, type ObjectType } from '../../connector/object-type.ts';
import type { ObjectTypeConfig } from '../../connector/contract.ts';
import { attributePlan, type AttributePlan } from './attribute-plan.ts';
import type { Directory, DirectoryFacts } from './directory.ts';
import { enableRule, isDomain } from './enable.ts';
import { entryClass, type EntryClass } from './entry-class.ts';
import { cutAttributes, readEntry, type WholeValues } from './read-entry.ts';
import { relatedValues } from './related-values.ts';

/** The entries of one object type, with all that is needed to read them. */
export interface LdapScope {
  readonly directory: Directory;
  readonly path: string;
  readonly type: ObjectType;
  readonly entryClass: EntryClass;
  readonly uidAttribute: string;
}

/** A scope over a server that was looked at. */
export interface ReadyScope extends LdapScope {
  readonly facts: DirectoryFacts;
  readonly plan: AttributePlan;
  readonly references: 'fail' | 'skip';
  readonly followsReferrals: boolean;
  /** Attributes and parents of new names that the server spells as they were sent. */
  readonly spelledPlaces: Set<string>;
}

export interface ScopeReader {
  readonly scope: LdapScope;
  ready(signal?: AbortSignal): Promise<ReadyScope>;
}

export function scopeReader(directory: Directory, path: string, config: ObjectTypeConfig): ScopeReader {
  const { settings } = directory;
  const type = compileObjectType(config);
  const uidAttribute = isDn(settings.uidAttribute) ? 'dn' : settings.uidAttribute;
  const scope: LdapScope = { directory, path, type, entryClass: entryClass(config.nativeType, settings), uidAttribute };
  let last: ReadyScope | null = null;
  return {
    scope,
    ready: async (signal) => {
      const facts = await directory.facts(signal);
      if (last?.facts === facts) return last;
      const enable = enableRule(facts.schema, isDomain(facts.schema, facts.isActiveDirectory));
      const memberAttribute = settings.readsMemberIds ? settings.groupMemberAttribute : null;
      const plan = attributePlan(type, config, facts.schema, uidAttribute, { enable, memberAttribute });
      // Active Directory names its other naming contexts whenever a domain is searched.
      const references = facts.isActiveDirectory ? 'skip' : settings.references;
      const { followsReferrals } = settings;
      return (last = { ...scope, facts, plan, references, followsReferrals, spelledPlaces: new Set() });
    },
  };
}

function isDn(uidAttribute: string): boolean {
  return /^(dn|entrydn|distinguishedname|__name__)$/i.test(uidAttribute);
}

/** Rows of entries, in their order. What has to be asked for besides (long lists, groups) is read over the shared connection. */
export async function readRows(
  scope: ReadyScope,
  entries: readonly LdapEntry[],
  signal?: AbortSignal,
): Promise<readonly (StoredObject | RowFault)[]> {
  const { plan } = scope;
  const slow = plan.related.size > 0 || entries.some((entry) => cutAttributes(entry).length > 0);
  if (!slow) return entries.map((entry) => readEntry(scope, entry, null, null));
  return Promise.all(entries.map((entry) => readWhole(scope, entry, signal)));
}

async function readWhole(
  scope: ReadyScope,
  entry: LdapEntry,
  signal: AbortSignal | undefined,
): Promise<StoredObject | RowFault> {
  const { directory, plan } = scope;
  try {
    const whole = await wholeValues(directory, entry, signal);
    if (plan.related.size === 0) return readEntry(scope, entry, whole, null);
    const { groupMemberAttribute: name } = directory.settings;
    const members = whole?.get(name.toLowerCase())?.map((bytes) => bytes.toString('utf8')) ?? entry.texts(name);
    return readEntry(scope, entry, whole, await relatedValues(scope, entry, members, signal));
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
    const row = readEntry(scope, entry, null, null);
    return { id: row.id, place: `entry "${entry.dn}"`, message: error.message };
  }
}

/** A list that the server gives in parts, and that changed while it was read, each time. */
class CutOff extends Failure {}

const LIST_ATTEMPTS = 3;

/** The lists that came in parts, whole, by their names in lower case. Null where there are none. */
export async function wholeValues(
  directory: Directory,
  entry: LdapEntry,
  signal?: AbortSignal,
): Promise<WholeValues | null> {
  const names = cutAttributes(entry);
  if (names.length === 0) return null;
  const whole = new Map<string, readonly Buffer[]>();
  for (const name of names) whole.set(name.toLowerCase(), await wholeList(directory, entry, name, signal));
  return whole;
}

async function wholeList(
  directory: Directory,
  entry: LdapEntry,
  name: string,
  signal: AbortSignal | undefined,
): Promise<readonly Buffer[]> {
  let present: LdapEntry | null = entry;
  for (let attempt = 1; ; attempt++) {
    try {
      const from: LdapEntry = present;
      return await directory.read((connection) => readAllValues(connection, from, name, { signal }), signal);
    } catch (error) {
      if (!(error instanceof LdapFailure) || error.reason === 'lost' || error.reason === 'timeout') throw error;
      present = attempt >= LIST_ATTEMPTS ? null : await directory.read((one) => one.read(entry.dn, [name], { signal }));
      if (present === null) throw new CutOff('incomplete-read', error.message, { retryable: true, cause: error });
    }
  }
}
