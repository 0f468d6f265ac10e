import { Failure } from '../../base/failure.ts';
import { compileQueries, failedAnswer } from '../../connector/compile-query.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import { entriesOf } from '../../ldap/client/entries-of.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import { isWithin } from '../../ldap/dn/compare-dn.ts';
import { allOf, anyOf, type Filter } from '../../ldap/filter/filter.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import type { Query, QueryAnswer, StoredObject } from '../../model/object-set.ts';
import { answered, questionOf, scanEntries, type LdapQuestion } from './ldap-scan.ts';
import { readRows, type ReadyScope } from './ldap-scope.ts';
import { isFault } from './read-entry.ts';
import { idIs } from './to-ldap-filter.ts';

/** Ids in one filter. */
const IDS_A_SEARCH = 50;
const SIZE_LIMIT = 4;
const ADMINISTRATIVE_LIMIT = 11;
const NO_SUCH_OBJECT = 32;
const INVALID_NAME = 34;

/** The objects with these ids. One that exists and cannot be read fails the call. */
export async function readObjects(
  scope: ReadyScope,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, StoredObject>> {
  const wanted = [...new Set(ids)];
  const found =
    scope.uidAttribute === 'dn' ? await readByName(scope, wanted, signal) : await readByUid(scope, wanted, signal);
  return new Map(found);
}

type Found = readonly (readonly [asked: string, object: StoredObject])[];

/** A name is found in any of its spellings; the object says how the server spells it. */
async function readByName(scope: ReadyScope, ids: readonly string[], signal?: AbortSignal): Promise<Found> {
  const found = await Promise.all(
    ids.map(async (id) => {
      const entry = await readNamed(scope, id, scope.plan.wanted, signal);
      return entry === null ? [] : [[id, await objectOf(scope, entry, signal)] as const];
    }),
  );
  return found.flat();
}

/** The entry of the scope with this name; null where there is none, or it is not of the scope. */
export async function readNamed(
  { directory, entryClass, references }: ReadyScope,
  dn: string,
  attributes: readonly string[],
  signal?: AbortSignal,
): Promise<LdapEntry | null> {
  if (!isInside(dn, directory.settings.baseContexts)) return null;
  const query = { base: dn, scope: 'base', filter: entryClass.filter, attributes } as const;
  return directory.read(async (connection) => {
    try {
      const entries = await collect(connection, query, references, signal);
      return entries[0] ?? null;
    } catch (error) {
      if (error instanceof LdapFailure && [NO_SUCH_OBJECT, INVALID_NAME].includes(error.result?.code ?? 0)) return null;
      throw error;
    }
  }, signal);
}

function isInside(dn: string, bases: readonly string[]): boolean {
  try {
    return dn !== '' && bases.some((base) => isWithin(dn, base));
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

async function readByUid(scope: ReadyScope, ids: readonly string[], signal?: AbortSignal): Promise<Found> {
  const wanted = new Set(ids);
  const entries = await entriesByUid(scope, ids, scope.plan.wanted, signal);
  const objects = await Promise.all(entries.map((entry) => objectOf(scope, entry, signal)));
  return objects.filter(({ id }) => wanted.has(id)).map((object) => [object.id, object] as const);
}

/** Entries of the scope whose id is one of these, or equal to one by the rules of the attribute. */
export async function entriesByUid(
  scope: ReadyScope,
  ids: readonly string[],
  attributes: readonly string[],
  signal?: AbortSignal,
): Promise<readonly LdapEntry[]> {
  const { entryClass, uidAttribute } = scope;
  const searches: Promise<readonly LdapEntry[]>[] = [];
  for (let from = 0; from < ids.length; from += IDS_A_SEARCH) {
    const some = ids.slice(from, from + IDS_A_SEARCH).filter((id) => id !== '');
    if (some.length === 0) continue;
    const filter = allOf(anyOf(...some.map((id) => idIs(uidAttribute, id).filter)), entryClass.filter);
    searches.push(search(scope, filter, attributes, signal));
  }
  return (await Promise.all(searches)).flat();
}

async function search(
  { directory, references }: ReadyScope,
  filter: Filter,
  attributes: readonly string[],
  signal?: AbortSignal,
): Promise<readonly LdapEntry[]> {
  const found: LdapEntry[] = [];
  for (const base of directory.settings.baseContexts) {
    const query = { base, filter, attributes };
    const more = await directory.read((connection) => collect(connection, query, references, signal), signal);
    for (const entry of more) found.push(entry);
  }
  return found;
}

async function collect(
  connection: LdapConnection,
  query: Parameters<LdapConnection['search']>[0],
  references: 'fail' | 'skip',
  signal?: AbortSignal,
): Promise<LdapEntry[]> {
  const found: LdapEntry[] = [];
  for await (const entries of entriesOf(connection.search(query, { signal }), { references }))
    for (const entry of entries) found.push(entry);
  return found;
}

async function objectOf(scope: ReadyScope, entry: LdapEntry, signal?: AbortSignal): Promise<StoredObject> {
  const [row] = await readRows(scope, [entry], signal);
  if (!isFault(row!)) return row!;
  throw new Failure('invalid-data', `${scope.path}: ${row.place} cannot be read: ${row.message}`);
}

/** One answer per query, over the shared connection; what the server does not give in one piece is read in pages. */
export async function answerQueries(
  scope: ReadyScope,
  queries: readonly Query[],
  isTrusting: boolean,
  signal?: AbortSignal,
): Promise<readonly QueryAnswer[]> {
  const compiled = compileQueries(queries, scope.type);
  return Promise.all(
    queries.map(async (query, i): Promise<QueryAnswer> => {
      const fault = compiled[i]!;
      if (fault instanceof Failure) return failedAnswer(fault);
      return { ok: true, objects: await answer(scope, query, isTrusting, signal) };
    }),
  );
}

async function answer(
  scope: ReadyScope,
  query: Query,
  isTrusting: boolean,
  signal?: AbortSignal,
): Promise<readonly StoredObject[]> {
  const question = questionOf(scope, query, isTrusting);
  if (question.filter === null) return [];
  try {
    const entries = await search(scope, question.filter, question.attributes, signal);
    return rowsOf(scope, question, await readRows(scope, entries, signal));
  } catch (error) {
    if (!isLimit(error) || !scope.facts.hasPages) throw error;
    return scanAnswer(scope, query, isTrusting, signal);
  }
}

function isLimit(error: unknown): boolean {
  return error instanceof LdapFailure && [SIZE_LIMIT, ADMINISTRATIVE_LIMIT].includes(error.result?.code ?? 0);
}

async function scanAnswer(
  scope: ReadyScope,
  query: Query,
  isTrusting: boolean,
  signal?: AbortSignal,
): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  const request = { query, pageSize: 1000, ...(signal === undefined ? {} : { signal }) };
  for await (const page of scanEntries(scope, request, isTrusting)) {
    for (const object of page.objects) objects.push(object);
    tellFaults(scope, page.faults.length);
  }
  return objects;
}

function rowsOf(
  scope: ReadyScope,
  question: LdapQuestion,
  rows: Awaited<ReturnType<typeof readRows>>,
): readonly StoredObject[] {
  const objects = rows.flatMap((row) => (isFault(row) ? [] : (answered(question, row) ?? [])));
  tellFaults(scope, rows.filter(isFault).length);
  return objects;
}

function tellFaults({ path, directory }: ReadyScope, count: number): void {
  if (count > 0) directory.log.write('warn', `${path}: query left out ${count} entries that cannot be read`);
}
