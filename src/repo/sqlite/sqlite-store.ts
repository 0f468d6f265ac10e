import type { Filter } from '../../base/query-filter.ts';
import type { CommitResult, ObjectTypeSpec, RunRemoval, SortKey } from '../../model/repository.ts';
import type { RankBounds } from '../first-rows.ts';
import type { SortPosition } from '../sort-order.ts';
import { auditCalls, type AuditCalls } from './audit-calls.ts';
import { AuditTable } from './audit-table.ts';
import type { CommitTape } from './commit-tape.ts';
import { CommitWriter } from './commit-writer.ts';
import { LeaseTable } from './lease-table.ts';
import { LinkTable } from './link-table.ts';
import { migrate } from './migration.ts';
import { ObjectTable } from './object-table.ts';
import { countMatching, firstMatching, matchingRows, type RawPage, type RowScan } from './row-scan.ts';
import { RunTable, type RunPlace } from './run-table.ts';
import { SqliteDatabase, type Cell, type DatabaseOptions } from './sqlite-database.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { TypeLayouts } from './type-layout.ts';

/** Everything that can be asked of the database; the arguments and answers are cheap to send between threads. */
export interface StoreCalls extends AuditCalls {
  readonly declareTypes: (types: readonly ObjectTypeSpec[]) => readonly ObjectTypeSpec[];
  readonly countObjects: (type: string) => number;
  readonly readMany: (type: string, ids: readonly string[]) => readonly Cell[];
  readonly findByValue: (type: string, attribute: string, values: readonly string[]) => readonly Cell[] | null;
  readonly page: (type: string, filter: Filter | null, after: number, limit: number, idsOnly: boolean) => RawPage;
  readonly countMatching: (collection: Collection, filter: Filter, after: number) => CountPart;
  readonly firstMatching: (
    collection: Collection,
    filter: Filter | null,
    sort: readonly SortKey[],
    bounds: RankBounds,
    from: number,
  ) => RawPage;
  /** The columns of `page` and `queryLinks`. */
  readonly rowsAt: (collection: Collection, numbers: readonly number[]) => readonly Cell[];
  readonly sortedByIndex: (
    type: string,
    sort: SortKey,
    after: SortPosition | null,
    limit: number,
  ) => readonly Cell[] | null;
  readonly pageIds: (type: string, after: number, limit: number) => RawPage;
  readonly countLinks: (linkType: string) => number;
  readonly findLinks: (linkType: string, by: 'first' | 'second', ids: readonly string[]) => readonly Cell[];
  readonly findWithObjects: (
    linkType: string,
    by: 'first' | 'second',
    ids: readonly string[],
    objectType: string,
  ) => readonly Cell[];
  readonly pageLinks: (linkType: string, after: number, limit: number) => RawPage;
  readonly queryLinks: (filter: Filter | null, after: number, limit: number) => RawPage;
  readonly readRun: (runId: string) => string | null;
  readonly listRuns: (
    mapping: string | null,
    state: string | null,
    after: RunPlace | null,
    limit: number,
  ) => readonly Cell[];
  readonly removeRuns: (runIds: readonly string[]) => RunRemoval;
  readonly sweepEntries: () => boolean;
  readonly entries: (runId: string, status: string | null, afterSeq: number, limit: number) => readonly Cell[];
  readonly countEntries: (runId: string, status: string) => number;
  readonly withEntries: (status: string) => readonly Cell[];
  readonly acquire: (
    name: string,
    owner: string,
    nowMs: number,
    ttlMs: number,
    displacing: string | null,
  ) => number | null;
  readonly holder: (name: string, nowMs: number) => string | null;
  readonly renew: (name: string, token: number, nowMs: number, ttlMs: number) => boolean;
  readonly release: (name: string, token: number) => void;
  /**
   * A part of a commit that `commit` completes. What goes wrong with it is told by `commit`. Between the two no other call may
   * come.
   */
  readonly commitPart: (tape: CommitTape) => void;
  /** The last part of a commit, or all of it. */
  readonly commit: (tape: CommitTape) => CommitResult;
  /** There will be no last part. */
  readonly dropCommit: () => void;
}

/** Calls a function of the store, wherever it lives. */
export type Ask = <M extends keyof StoreCalls>(
  method: M,
  ...args: Parameters<StoreCalls[M]>
) => Promise<ReturnType<StoreCalls[M]>>;

/** What can be walked over: the objects of a type, or (null) all links. */
export type Collection = string | null;

interface CountPart {
  readonly count: number;
  readonly next: number | null;
}

/** The repository in one SQLite file, synchronous. Throws `Failure`s for what is wrong with the file. */
export class SqliteStore {
  readonly calls: StoreCalls;
  readonly #db: SqliteDatabase;
  readonly #layouts: TypeLayouts;
  readonly #objects: ObjectTable;
  readonly #links: LinkTable;
  readonly #runs: RunTable;
  readonly #leases: LeaseTable;
  readonly #audit: AuditTable;

  constructor(options: DatabaseOptions, nowMs: number) {
    this.#db = guarded(options.file, () => openDatabase(options, nowMs));
    this.#layouts = new TypeLayouts(this.#db);
    this.#objects = new ObjectTable(this.#db, this.#layouts);
    this.#links = new LinkTable(this.#db, this.#layouts);
    this.#runs = new RunTable(this.#db);
    this.#leases = new LeaseTable(this.#db);
    this.#audit = new AuditTable(this.#db);
    this.calls = this.#buildCalls(options.file);
  }

  close(): void {
    this.#db.close();
  }

  #buildCalls(file: string): StoreCalls {
    const safe =
      <A extends readonly unknown[], R>(work: (...args: A) => R): ((...args: A) => R) =>
      (...args) =>
        guarded(file, () => work(...args));
    const [layouts, objects, links, runs, leases, audit] = [
      this.#layouts,
      this.#objects,
      this.#links,
      this.#runs,
      this.#leases,
      this.#audit,
    ];
    const commits = new CommitWriter(this.#db, { layouts, objects, links, runs, leases, audit });
    return {
      declareTypes: safe((types) => layouts.declare(types)),
      countObjects: safe((type) => objects.count(type)),
      readMany: safe((type, ids) => objects.readMany(type, ids)),
      findByValue: safe((type, attribute, values) => objects.findByValue(type, attribute, values)),
      page: safe((type, filter, after, limit, idsOnly) =>
        filter ? matchingRows(objects.scan(type, filter), after, limit) : objects.page(type, after, limit, idsOnly),
      ),
      countMatching: safe((type, filter, after) => countMatching(this.#scan(type, filter), after)),
      firstMatching: safe((type, filter, sort, bounds, from) =>
        firstMatching(this.#scan(type, filter), sort, bounds, from),
      ),
      rowsAt: safe((type, numbers) => (type === null ? links.rowsAt(numbers) : objects.rowsAt(type, numbers))),
      sortedByIndex: safe((type, sort, after, limit) => objects.sortedByIndex(type, sort, after, limit)),
      pageIds: safe((type, after, limit) => objects.pageIds(type, after, limit)),
      countLinks: safe((linkType) => links.count(linkType)),
      findLinks: safe((linkType, by, ids) => links.find(linkType, by, ids)),
      findWithObjects: safe((linkType, by, ids, type) => links.findWithObjects(linkType, by, ids, type)),
      pageLinks: safe((linkType, after, limit) => links.page(linkType, after, limit)),
      queryLinks: safe((filter, after, limit) => matchingRows(links.scan(filter), after, limit)),
      readRun: safe((runId) => runs.read(runId)),
      listRuns: safe((mapping, state, after, limit) => runs.list(mapping, state, after, limit)),
      removeRuns: safe((runIds) => runs.remove(runIds)),
      sweepEntries: safe(() => runs.sweepEntries()),
      entries: safe((runId, status, afterSeq, limit) => runs.entries(runId, status, afterSeq, limit)),
      countEntries: safe((runId, status) => runs.countEntries(runId, status)),
      withEntries: safe((status) => runs.withEntries(status)),
      acquire: safe((name, owner, nowMs, ttlMs, displacing) => leases.acquire(name, owner, nowMs, ttlMs, displacing)),
      holder: safe((name, nowMs) => leases.holder(name, nowMs)),
      renew: safe((name, token, nowMs, ttlMs) => leases.renew(name, token, nowMs, ttlMs)),
      release: safe((name, token) => leases.release(name, token)),
      commitPart: safe((tape) => commits.addPart(tape)),
      commit: safe((tape) => commits.complete(tape)),
      dropCommit: safe(() => commits.drop()),
      ...auditCalls(audit, safe),
    };
  }

  #scan(collection: Collection, filter: Filter | null): RowScan {
    return collection === null ? this.#links.scan(filter) : this.#objects.scan(collection, filter);
  }
}

function openDatabase(options: DatabaseOptions, nowMs: number): SqliteDatabase {
  const db = new SqliteDatabase(options);
  try {
    migrate(db, nowMs);
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw sqliteFailure(file, thrown);
  }
}
