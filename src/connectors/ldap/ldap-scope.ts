import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import { readAllValues } from '../../ldap/client/read-all-values.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { copyEntry } from '../../ldap/codec/copy-entry.ts';
import { allOf, equalTo, type Filter } from '../../ldap/filter/filter.ts';
import { entriesOf } from '../../ldap/client/entries-of.ts';
import type { RowFault, StoredObject } from '../../model/object-set.ts';
import { compileObjectType, type ObjectType } from '../../connector/object-type.ts';
import type { ObjectTypeConfig } from '../../connector/contract.ts';
import { attributePlan, type AttributePlan } from './attribute-plan.ts';
import type { Directory, DirectoryFacts } from './directory.ts';
import { entryClass, type EntryClass } from './entry-class.ts';
import { cutAttributes, readEntry, type WholeValues } from './read-entry.ts';

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
      const plan = attributePlan(type, config, facts.schema, uidAttribute);
      // Active Directory names its other naming contexts whenever a domain is searched.
      const references = facts.isActiveDirectory ? 'skip' : settings.references;
      return (last = { ...scope, facts, plan, references, spelledPlaces: new Set() });
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
  const slow = plan.wantsGroups || entries.some((entry) => cutAttributes(entry).length > 0);
  if (!slow) return entries.map((entry) => readEntry(scope, entry, null, null));
  return Promise.all(
    entries.map(async (entry) => {
      const whole = await wholeValues(scope.directory, entry, signal);
      const groups = plan.wantsGroups ? await groupsOf(scope.directory, entry.dn, signal) : null;
      return readEntry(scope, entry, whole, groups);
    }),
  );
}

async function wholeValues(directory: Directory, entry: LdapEntry, signal?: AbortSignal): Promise<WholeValues | null> {
  const names = cutAttributes(entry);
  if (names.length === 0) return null;
  const whole = new Map<string, readonly Buffer[]>();
  for (const name of names) {
    const values = await directory.read((connection) => readAllValues(connection, entry, name, { signal }), signal);
    whole.set(name.toLowerCase(), values);
  }
  return whole;
}

/** DNs of the groups that an entry is a member of, by `groupMemberAttribute`. */
export async function groupsOf(directory: Directory, dn: string, signal?: AbortSignal): Promise<readonly string[]> {
  const { groupMemberAttribute } = directory.settings;
  const { filter } = entryClass('__GROUP__', directory.settings);
  const found = await findEntries(directory, allOf(equalTo(groupMemberAttribute, dn), filter), ['1.1'], signal);
  return found.map((group) => group.dn);
}

/** Entries under the base contexts, in memory of their own. For searches that find few. */
export async function findEntries(
  directory: Directory,
  filter: Filter,
  attributes: readonly string[],
  signal?: AbortSignal,
): Promise<readonly LdapEntry[]> {
  const { isActiveDirectory } = await directory.facts(signal);
  const references = isActiveDirectory ? 'skip' : directory.settings.references;
  const found: LdapEntry[] = [];
  for (const base of directory.settings.baseContexts) {
    await directory.read(async (connection: LdapConnection) => {
      const search = connection.search({ base, filter, attributes }, { signal });
      for await (const entries of entriesOf(search, { references }))
        for (const entry of entries) found.push(copyEntry(entry));
    }, signal);
  }
  return found;
}
