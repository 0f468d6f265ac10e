import { compileQuery, type CompiledQuery } from '../../connector/compile-query.ts';
import { allOf, EVERY_ENTRY, type Filter } from '../../ldap/filter/filter.ts';
import type { ScanRequest, StoredObject } from '../../model/object-set.ts';
import type { ReadyScope } from './ldap-scope.ts';
import { toLdapFilter } from './to-ldap-filter.ts';

/** How a query is put to the server, and what is left to check. */
export interface LdapQuestion {
  /** Null: nothing can match. */
  readonly filter: Filter | null;
  readonly attributes: readonly string[];
  readonly compiled: CompiledQuery | null;
  readonly isChecked: boolean;
  /** What the server finds is what is asked for. */
  readonly isExact?: boolean;
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
  return { ...all, filter, compiled, isChecked: !(isTrusting && narrow.isExact), isExact: narrow.isExact };
}

/** The row as the query sees it; null where it does not match. */
export function answered({ compiled, isChecked }: LdapQuestion, row: StoredObject): StoredObject | null {
  if (compiled === null) return row;
  return !isChecked || compiled.matches(row.object) ? compiled.view(row) : null;
}
