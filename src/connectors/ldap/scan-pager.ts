import { Failure } from '../../base/failure.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import type { RowFault, ScanPage, StoredObject } from '../../model/object-set.ts';
import { answered, type LdapQuestion } from './ldap-question.ts';
import { readRows, type ReadyScope } from './ldap-scope.ts';
import { entryId, isFault } from './read-entry.ts';
import { Trail, type Place } from './trail.ts';

export interface PagerOptions {
  readonly pageSize: number;
  readonly signal: AbortSignal;
  /** Null: from the beginning. */
  readonly after: Place | null;
  /** What had been read there; null: nobody knows. */
  readonly known: Trail | null;
}

/** Makes pages of what a search gives, without what was read before. */
export class ScanPager {
  readonly trail: Trail;
  readonly #scope: ReadyScope;
  readonly #question: LdapQuestion;
  readonly #options: PagerOptions;
  readonly #isKnown: ((id: string) => boolean) | null;
  #objects: StoredObject[] = [];
  #faults: RowFault[] = [];

  constructor(scope: ReadyScope, question: LdapQuestion, options: PagerOptions) {
    this.#scope = scope;
    this.#question = question;
    this.#options = options;
    this.trail = options.known === null ? new Trail() : Trail.asOf(options.known, options.known.place);
    this.#isKnown = options.known?.known() ?? null;
  }

  async *take(entries: readonly LdapEntry[]): AsyncGenerator<ScanPage, void, undefined> {
    const { pageSize, signal } = this.#options;
    const fresh = this.#withoutKnown(entries);
    for (let from = 0; from < fresh.length; from += pageSize) {
      const part = fresh.slice(from, from + pageSize);
      const rows = await readRows(this.#scope, part, signal);
      for (const [i, row] of rows.entries()) {
        signal.throwIfAborted();
        if (this.#objects.length + this.#faults.length >= pageSize) yield this.#page(false);
        this.trail.add(this.#keyOf(part[i]!));
        this.#put(row);
      }
    }
  }

  last(): ScanPage {
    const { after } = this.#options;
    if (after !== null && this.trail.count < after.count) throw changed(this.#scope.path);
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

  #withoutKnown(entries: readonly LdapEntry[]): readonly LdapEntry[] {
    const isKnown = this.#isKnown;
    if (isKnown !== null) return entries.filter((entry) => !isKnown(this.#keyOf(entry)));
    return this.#behind(entries);
  }

  /** What comes behind the same entries in front. */
  #behind(entries: readonly LdapEntry[]): readonly LdapEntry[] {
    const { count, sum } = this.#options.after ?? { count: 0, sum: '' };
    let from = 0;
    for (; from < entries.length && this.trail.count < count; from++) {
      this.trail.add(this.#keyOf(entries[from]!));
      const { place } = this.trail;
      if (place.count === count && place.sum !== sum) throw changed(this.#scope.path);
    }
    return from === 0 ? entries : entries.slice(from);
  }

  /** Its id, so that one that was renamed meanwhile is still known; its name where it has none. */
  #keyOf(entry: LdapEntry): string {
    try {
      return entryId(entry, this.#scope.uidAttribute) ?? entry.dn;
    } catch (error) {
      if (error instanceof Failure) return entry.dn;
      throw error;
    }
  }

  #page(isLast: boolean): ScanPage {
    const { count, sum } = this.trail.place;
    const page = { objects: this.#objects, faults: this.#faults, cursor: { count, sum }, isLast };
    this.#objects = [];
    this.#faults = [];
    return page;
  }
}

function changed(path: string): Failure {
  return new Failure(
    'conflict',
    `${path}: the scan cannot be continued: the directory no longer gives the same entries in front; scan it anew`,
  );
}
