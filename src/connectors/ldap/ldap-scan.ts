import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json } from '../../base/json.ts';
import { compileQuery, type CompiledQuery } from '../../connector/compile-query.ts';
import { entriesOf } from '../../ldap/client/entries-of.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { allOf, EVERY_ENTRY, type Filter } from '../../ldap/filter/filter.ts';
import type { RowFault, ScanPage, ScanRequest, StoredObject } from '../../model/object-set.ts';
import { readRows, type ReadyScope } from './ldap-scope.ts';
import { isFault } from './read-entry.ts';
import { toLdapFilter } from './to-ldap-filter.ts';

/** How a query is put to the server, and what is left to check. */
export interface LdapQuestion {
  /** Null: nothing can match. */
  readonly filter: Filter | null;
  readonly attributes: readonly string[];
  readonly compiled: CompiledQuery | null;
  readonly isChecked: boolean;
}

/** Throws `Failure('bad-request' | 'unsupported')` for a query that cannot be put. */
export function questionOf(scope: ReadyScope, query: ScanRequest['query'], isTrusting: boolean): LdapQuestion {
  const { entryClass, plan, type, uidAttribute, facts } = scope;
  const all = { filter: entryClass.filter, attributes: plan.wanted, compiled: null, isChecked: false };
  if (query === undefined) return all;
  const compiled = compileQuery(query, type);
  if (query.kind === 'id') return { ...all, attributes: [uidAttribute === 'dn' ? '1.1' : uidAttribute], compiled };
  const narrow = toLdapFilter(query.filter, { type, plan, schema: facts.schema, uidAttribute });
  if (query.filter.kind === 'always' && !query.filter.value) return { ...all, filter: null };
  const filter = narrow.filter === EVERY_ENTRY ? entryClass.filter : allOf(narrow.filter, entryClass.filter);
  return { ...all, filter, compiled, isChecked: !(isTrusting && narrow.isExact) };
}

/** The row as the query sees it; null where it does not match. */
export function answered({ compiled, isChecked }: LdapQuestion, row: StoredObject): StoredObject | null {
  if (compiled === null) return row;
  return !isChecked || compiled.matches(row.object) ? compiled.view(row) : null;
}

/** A sum over what was read, in which order does not matter; enough to tell that the same was read again. */
class Trail {
  count = 0;
  #high = 0;
  #low = 0;

  add(dn: string): void {
    let a = 0x9e3779b1;
    let b = 0x85ebca6b;
    for (let i = 0; i < dn.length; i++) {
      const code = dn.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ (code + i), 0xc2b2ae35);
      b ^= b >>> 15;
    }
    this.count++;
    this.#high = (this.#high + Math.imul(a ^ (a >>> 16), 0x27d4eb2f)) >>> 0;
    this.#low = (this.#low + (b >>> 0)) >>> 0;
  }

  get cursor(): Json {
    return { count: this.count, sum: `${this.#high.toString(36)}.${this.#low.toString(36)}` };
  }
}

/**
 * Every entry of the scope, in pages, over a connection of its own. A cursor says how many entries were read, and which: going on reads
 * them again, and is refused with `conflict` where they are not the same.
 */
export async function* scanEntries(
  scope: ReadyScope,
  request: ScanRequest,
  isTrusting: boolean,
): AsyncGenerator<ScanPage, void, undefined> {
  const question = questionOf(scope, request.query, isTrusting);
  const pager = new Pager(scope, question, request);
  if (question.filter !== null) {
    const connection = await scope.directory.connections.own(request.signal);
    try {
      for await (const entries of entriesIn(scope, connection, question, request)) yield* pager.take(entries);
    } catch (error) {
      throw scanFailure(scope, error);
    } finally {
      connection.close();
    }
  }
  request.signal?.throwIfAborted();
  yield pager.last();
}

/** Every entry that is asked for, under the base contexts or these. */
export async function* entriesIn(
  { directory, facts, references }: ReadyScope,
  connection: LdapConnection,
  { filter, attributes }: LdapQuestion,
  { signal }: Pick<ScanRequest, 'signal'>,
  bases: readonly string[] = directory.settings.baseContexts,
): AsyncGenerator<readonly LdapEntry[], void, undefined> {
  const { pageSize } = directory.settings;
  for (const base of bases) {
    const query = { base, filter: filter!, attributes };
    const search = facts.hasPages
      ? connection.pagedSearch(query, { pageSize, signal })
      : connection.search(query, { signal });
    yield* entriesOf(search, { references });
  }
}

/** A base that is not there is no empty set. */
function scanFailure({ path, directory }: ReadyScope, error: unknown): unknown {
  if (!(error instanceof LdapFailure) || error.code !== 'not-found') return error;
  const bases = directory.settings.baseContexts.join(', ');
  return new Failure('incomplete-read', `${path}: ${error.message}; check "baseContexts" (${bases})`, { cause: error });
}

class Pager {
  readonly #scope: ReadyScope;
  readonly #question: LdapQuestion;
  readonly #request: ScanRequest;
  readonly #trail = new Trail();
  readonly #after: { readonly count: number; readonly sum: string } | null;
  #objects: StoredObject[] = [];
  #faults: RowFault[] = [];

  constructor(scope: ReadyScope, question: LdapQuestion, request: ScanRequest) {
    this.#scope = scope;
    this.#question = question;
    this.#request = request;
    this.#after = request.after === undefined || request.after === null ? null : cursorOf(scope.path, request.after);
  }

  async *take(entries: readonly LdapEntry[]): AsyncGenerator<ScanPage, void, undefined> {
    const fresh = this.#passOver(entries);
    const size = Math.max(1, this.#request.pageSize);
    for (let from = 0; from < fresh.length; from += size) {
      const part = fresh.slice(from, from + size);
      const rows = await readRows(this.#scope, part, this.#request.signal);
      for (const [i, row] of rows.entries()) {
        this.#request.signal?.throwIfAborted();
        if (this.#objects.length + this.#faults.length >= size) yield this.#page(false);
        this.#trail.add(part[i]!.dn);
        this.#put(row);
      }
    }
  }

  last(): ScanPage {
    if (this.#after !== null && this.#trail.count < this.#after.count) throw changed(this.#scope.path);
    return this.#page(true);
  }

  #put(row: StoredObject | RowFault): void {
    if (isFault(row)) {
      this.#faults.push(row);
      return;
    }
    const seen = answered(this.#question, row);
    if (seen !== null) this.#objects.push(seen);
  }

  /** What comes behind the cursor. */
  #passOver(entries: readonly LdapEntry[]): readonly LdapEntry[] {
    const { count = 0, sum = '' } = this.#after ?? {};
    let from = 0;
    for (; from < entries.length && this.#trail.count < count; from++) {
      this.#trail.add(entries[from]!.dn);
      if (this.#trail.count === count && (this.#trail.cursor as { sum: string }).sum !== sum)
        throw changed(this.#scope.path);
    }
    return from === 0 ? entries : entries.slice(from);
  }

  #page(isLast: boolean): ScanPage {
    const page = { objects: this.#objects, faults: this.#faults, cursor: this.#trail.cursor, isLast };
    this.#objects = [];
    this.#faults = [];
    return page;
  }
}

function cursorOf(path: string, after: Json): { readonly count: number; readonly sum: string } {
  if (isJsonObject(after) && typeof after['count'] === 'number' && typeof after['sum'] === 'string')
    return { count: after['count'], sum: after['sum'] };
  throw new Failure('conflict', `${path}: the scan cannot be continued: this cursor is not of this set`);
}

function changed(path: string): Failure {
  return new Failure(
    'conflict',
    `${path}: the scan cannot be continued: the directory no longer gives the same entries in front; scan it anew`,
  );
}
