import { Failure } from '../../base/failure.ts';
import { compileQueries, failedAnswer } from '../../connector/compile-query.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import type { SearchQuery } from '../../ldap/client/search-query.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import { isWithin } from '../../ldap/dn/compare-dn.ts';
import { allOf, anyOf, type Filter } from '../../ldap/filter/filter.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import type { Query, QueryAnswer, RowFault, StoredObject } from '../../model/object-set.ts';
import { UnreadableObjects } from '../../model/unreadable-objects.ts';
import { answered, questionOf, type LdapQuestion } from './ldap-question.ts';
import { scanEntries } from './ldap-scan.ts';
import { readRows, type ReadyScope } from './ldap-scope.ts';
import { isFault } from './read-entry.ts';
import { isSizeLimit, searchEntries, withRemedy } from './search-entries.ts';
import { idIs } from './to-ldap-filter.ts';

/** Ids in one filter. */
const IDS_A_SEARCH = 50;
const NO_SUCH_OBJECT = 32;
const INVALID_NAME = 34;

/** The objects with these ids. Rejects with `UnreadableObjects` where some of them cannot be read. */
export async function readObjects(
  scope: ReadyScope,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, StoredObject>> {
  const wanted = [...new Set(ids)];
  const rows =
    scope.uidAttribute === 'dn' ? await readByName(scope, wanted, signal) : await readByUid(scope, wanted, signal);
  const found = new Map<string, StoredObject>();
  const unreadable = new Map<string, string>();
  for (const [id, row] of rows)
    if (isFault(row)) unreadable.set(id, row.message);
    else found.set(id, row);
  if (unreadable.size > 0) throw new UnreadableObjects(scope.path, found, unreadable);
  return found;
}

type Found = readonly (readonly [asked: string, row: StoredObject | RowFault])[];

/** A name is found in any of its spellings; the object says how the server spells it. */
async function readByName(scope: ReadyScope, ids: readonly string[], signal?: AbortSignal): Promise<Found> {
  const found = await Promise.all(
    ids.map(async (id) => {
      const entry = await readNamed(scope, id, scope.plan.wanted, signal);
      return entry === null ? [] : [[id, (await readRows(scope, [entry], signal))[0]!] as const];
    }),
  );
  return found.flat();
}

/** The entry of the scope with this name; null where there is none, or it is not of the scope. */
export async function readNamed(
  scope: ReadyScope,
  dn: string,
  attributes: readonly string[],
  signal?: AbortSignal,
): Promise<LdapEntry | null> {
  const { directory, entryClass } = scope;
  if (!isInside(dn, directory.settings.baseContexts)) return null;
  const query = { base: dn, scope: 'base', filter: entryClass.filter, attributes } as const;
  return directory.read(async (connection) => {
    try {
      const entries = await collect(scope, connection, query, directory.settings.timeouts.getMs, signal);
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
  const rows = await readRows(scope, entries, signal);
  return rows.flatMap((row) => (row.id !== null && wanted.has(row.id) ? [[row.id, row] as const] : []));
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
    searches.push(search(scope, filter, attributes, scope.directory.settings.timeouts.getMs, signal));
  }
  return (await Promise.all(searches)).flat();
}

async function search(
  scope: ReadyScope,
  filter: Filter,
  attributes: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<readonly LdapEntry[]> {
  const { directory } = scope;
  const found: LdapEntry[] = [];
  for (const base of directory.settings.baseContexts) {
    const query = { base, filter, attributes };
    const more = await directory.read((connection) => collect(scope, connection, query, timeoutMs, signal), signal);
    for (const entry of more) found.push(entry);
  }
  return found;
}

async function collect(
  scope: ReadyScope,
  connection: LdapConnection,
  query: SearchQuery,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<LdapEntry[]> {
  const found: LdapEntry[] = [];
  for await (const entries of searchEntries(scope, connection, query, { signal, timeoutMs }))
    for (const entry of entries) found.push(entry);
  return found;
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
      return answer(scope, query, isTrusting, signal);
    }),
  );
}

/**
 * An entry that cannot be read and that the query finds fails the query: who asks whether there is one must not be told that there is none.
 * Where the server is asked for more than the query wants, such entries are left out, and told.
 */
async function answer(
  scope: ReadyScope,
  query: Query,
  isTrusting: boolean,
  signal?: AbortSignal,
): Promise<QueryAnswer> {
  const question = questionOf(scope, query, isTrusting);
  if (question.filter === null) return { ok: true, objects: [] };
  const { searchMs } = scope.directory.settings.timeouts;
  try {
    const entries = await search(scope, question.filter, question.attributes, searchMs, signal);
    const rows = await readRows(scope, entries, signal);
    const objects = rows.flatMap((row) => (isFault(row) ? [] : (answered(question, row) ?? [])));
    return judged(scope, question, objects, rows.filter(isFault));
  } catch (error) {
    if (!isSizeLimit(error) || !scope.facts.hasPages) throw withRemedy(scope.path, error);
    return scanAnswer(scope, question, query, isTrusting, signal);
  }
}

async function scanAnswer(
  scope: ReadyScope,
  question: LdapQuestion,
  query: Query,
  isTrusting: boolean,
  signal?: AbortSignal,
): Promise<QueryAnswer> {
  const objects: StoredObject[] = [];
  const faults: RowFault[] = [];
  const request = { query, pageSize: 1000, ...(signal === undefined ? {} : { signal }) };
  for await (const page of scanEntries(scope, request, isTrusting)) {
    for (const object of page.objects) objects.push(object);
    for (const fault of page.faults) faults.push(fault);
  }
  return judged(scope, question, objects, faults);
}

function judged(
  { path, directory }: ReadyScope,
  { isExact = false }: LdapQuestion,
  objects: readonly StoredObject[],
  faults: readonly RowFault[],
): QueryAnswer {
  const [first] = faults;
  if (first === undefined) return { ok: true, objects };
  const told = `${first.place} cannot be read: ${first.message}`;
  if (isExact) return { ok: false, code: 'incomplete-read', message: `${path}: ${told}` };
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  directory.log.write('warn', `${path}: a query left out what cannot be read: ${told}${more}`);
  return { ok: true, objects };
}
