import { UnreadableObjects } from '../model/unreadable-objects.ts';
import type { Json } from '../base/json.ts';
import { assert } from '../base/assert.ts';
import { isStorableId, unstorableId } from '../model/object-set.ts';
import type {
  ObjectSet,
  ObjectWrite,
  Query,
  QueryAnswer,
  ScanPage,
  ScanRequest,
  StoredObject,
  WriteOutcome,
} from '../model/object-set.ts';
import { queryObjects } from '../model/query-objects.ts';
import type { CommitUnit, ObjectRow, Page, Repository } from '../model/repository.ts';
import { compileFilter, type Filter } from '../base/query-filter.ts';
import { Failure } from '../base/failure.ts';

const TYPE = 'staged';
const PAGE = 1000;
/** The cursor after the last page. */
const END = 'end';

/**
 * A collection that can only be read as a whole (a file), read once and kept in a scratch repository for the length of a
 * run: from then on look-ups cost what they return, and a run makes one scan of its target instead of one per batch.
 *
 * `isDryRun`: writes change the scratch copy only. That is what a plan works on.
 */
export class StagedSet implements ObjectSet {
  readonly path: string;
  readonly traits: ObjectSet['traits'];
  readonly #inner: ObjectSet;
  readonly #staging: Repository;
  readonly #isDryRun: boolean;
  readonly #newId: () => string;
  readonly #searchable = new Set<string>();
  readonly #faults: string[] = [];
  /** Why, by the ids of rows that are there and cannot be read. */
  readonly #unreadable = new Map<string, string>();

  readonly #namingAttribute: string | null;

  private constructor(
    inner: ObjectSet,
    staging: Repository,
    isDryRun: boolean,
    newId: () => string,
    namingAttribute: string | null,
  ) {
    this.#inner = inner;
    this.#staging = staging;
    this.#isDryRun = isDryRun;
    this.#newId = newId;
    this.#namingAttribute = namingAttribute;
    this.path = inner.path;
    this.traits = { ...inner.traits, lookup: 'direct' };
  }

  /**
   * Reads the whole of `inner`. Rejects if it cannot be read completely. `namingAttribute`: no two objects have the same
   * value in it; a plan refuses a create that the set itself would refuse.
   */
  static async open(
    inner: ObjectSet,
    staging: Repository,
    isDryRun: boolean,
    newId: () => string,
    namingAttribute: string | null = null,
    signal?: AbortSignal,
  ): Promise<StagedSet> {
    const set = new StagedSet(inner, staging, isDryRun, newId, namingAttribute);
    await staging.objects.declareTypes([{ name: TYPE, searchable: [] }]);
    for await (const page of inner.scan({ pageSize: PAGE, ...(signal === undefined ? {} : { signal }) })) {
      const storable = page.objects.filter((stored) => isStorableId(stored.id));
      for (const stored of page.objects) if (!isStorableId(stored.id)) set.#faults.push(unstorableId(stored.id));
      const units = storable.map((stored): CommitUnit => ({
        object: { kind: 'create', type: TYPE, id: stored.id, doc: toDoc(stored) },
      }));
      if (units.length > 0) await set.#commit(units);
      for (const { id, place, message } of page.faults) {
        set.#faults.push(`${place}: ${message}`);
        if (id !== null) set.#unreadable.set(id, message);
      }
    }
    return set;
  }

  /** Rows of the target that could not be read: reported as warnings of the run; they are never written or deleted. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  async *scan(request: ScanRequest): AsyncIterable<ScanPage> {
    const filter = this.#filterOf(request.query);
    const test = filter === null ? null : compileFilter(filter, { caseSensitive: true });
    let after: Json = request.after ?? null;
    if (after === END) yield { objects: [], faults: [], cursor: END, isLast: true };
    while (after !== END) {
      const page = await this.#staging.objects.page(TYPE, { after, limit: request.pageSize });
      const objects = page.rows.map(toStored).filter((stored) => test === null || test(stored.object));
      after = page.next ?? END;
      yield { objects, faults: [], cursor: after, isLast: page.next === null };
    }
  }

  pageIds(after: Json, limit: number): Promise<Page<string>> {
    return this.#staging.objects.pageIds(TYPE, after, limit);
  }

  count(): Promise<number> {
    return this.#staging.objects.count(TYPE);
  }

  async readMany(ids: readonly string[]): Promise<ReadonlyMap<string, StoredObject>> {
    const rows = await this.#staging.objects.readMany(TYPE, ids);
    const found = new Map(rows.map((row) => [row.id, toStored(row)]));
    const broken = ids.filter((id) => this.#unreadable.has(id) && !found.has(id));
    if (broken.length === 0) return found;
    const why = new Map(broken.map((id) => [id, this.#unreadable.get(id)!]));
    throw new UnreadableObjects(this.path, found, why);
  }

  async query(queries: readonly Query[]): Promise<readonly QueryAnswer[]> {
    await this.#index(queries);
    const resolve = (queryId: string): Filter => this.#filterOf({ kind: 'id', queryId, parameters: {} })!;
    const answers = await queryObjects(
      { reads: this.#staging.objects, type: TYPE, searchable: this.#searchable, resolve, toStored },
      queries,
    );
    return this.#unreadable.size === 0 ? answers : this.#withRefusals(queries, answers);
  }

  /** Where nothing was found, the collection itself may know that it is because an object cannot be read. */
  async #withRefusals(queries: readonly Query[], answers: readonly QueryAnswer[]): Promise<readonly QueryAnswer[]> {
    const open = [...answers.keys()].filter((i) => isEmpty(answers[i]!));
    const asked = open.length === 0 ? [] : await this.#inner.query(open.map((i) => queries[i]!));
    const refused = new Map(open.map((i, k) => [i, asked[k]!]));
    return answers.map((answer, i) => (refused.get(i)?.ok === false ? refused.get(i)! : answer));
  }

  async write(writes: readonly ObjectWrite[], signal?: AbortSignal): Promise<readonly WriteOutcome[]> {
    const outcomes = this.#isDryRun ? await this.#pretend(writes) : await this.#inner.write(writes, signal);
    const changed = writes.flatMap((write, i) =>
      outcomes[i]!.ok && isStorableId(outcomes[i]!.id) ? [{ write, id: outcomes[i]!.id, rev: outcomes[i]!.rev }] : [],
    );
    await this.#follow(changed);
    return outcomes;
  }

  preferredWriteCount(): number {
    return this.#inner.preferredWriteCount();
  }

  /** Drops the scratch copy; the collection itself stays open. */
  release(): Promise<void> {
    return this.#staging.close();
  }

  async close(): Promise<void> {
    await this.release();
    await this.#inner.close();
  }

  /** Every attribute that is compared for equality gets an index, once. */
  async #index(queries: readonly Query[]): Promise<void> {
    const before = this.#searchable.size;
    for (const query of queries) if (query.kind === 'filter') collectAttributes(query.filter, this.#searchable);
    if (this.#searchable.size > before)
      await this.#staging.objects.declareTypes([{ name: TYPE, searchable: [...this.#searchable] }]);
  }

  #filterOf(query: Query | undefined): Filter | null {
    if (query === undefined) return null;
    if (query.kind === 'filter') return query.filter;
    if (query.queryId === 'query-all-ids' || query.queryId === 'query-all') return { kind: 'always', value: true };
    throw new Failure(
      'bad-request',
      `${this.path} knows no query "${query.queryId}"; use query-all-ids or a _queryFilter`,
    );
  }

  async #pretend(writes: readonly ObjectWrite[]): Promise<readonly WriteOutcome[]> {
    const present = new Set(
      (await this.readMany(writes.flatMap((write) => (write.id === null ? [] : [write.id])))).keys(),
    );
    const named = await this.#takenNames(writes);
    return writes.map((write): WriteOutcome => {
      if (write.kind !== 'create')
        return present.has(write.id)
          ? { ok: true, id: write.id, rev: null }
          : { ok: false, code: 'not-found', message: `${this.path}/${write.id} does not exist` };
      const name = this.#nameOf(write);
      const id = write.id ?? name ?? this.#newId();
      if (present.has(id) || (name !== null && named.has(name)))
        return { ok: false, code: 'exists', message: `${this.path}/${name ?? id} exists already` };
      present.add(id);
      if (name !== null) named.add(name);
      return { ok: true, id, rev: null };
    });
  }

  #nameOf(write: ObjectWrite): string | null {
    const name = write.kind === 'create' && this.#namingAttribute !== null ? write.object[this.#namingAttribute] : null;
    return typeof name === 'string' ? name : null;
  }

  async #takenNames(writes: readonly ObjectWrite[]): Promise<Set<string>> {
    const names = [...new Set(writes.flatMap((write) => this.#nameOf(write) ?? []))];
    const answers = await this.query(
      names.map((value) => ({
        kind: 'filter',
        filter: { kind: 'compare', operator: 'eq', pointer: [this.#namingAttribute!], value },
      })),
    );
    return new Set(names.filter((_, i) => answers[i]!.ok && answers[i]!.objects.length > 0));
  }

  async #follow(
    changed: readonly { readonly write: ObjectWrite; readonly id: string; readonly rev: string | null }[],
  ): Promise<void> {
    const rows = new Map(
      (
        await this.#staging.objects.readMany(
          TYPE,
          changed.flatMap(({ write, id }) => [write.id ?? id, id]),
        )
      ).map((row) => [row.id, row]),
    );
    const units = changed.flatMap(({ write, id, rev }): CommitUnit[] => {
      const old = rows.get(write.id ?? id);
      const doc = write.kind === 'delete' ? {} : toDoc({ id, rev, object: write.object });
      if (write.kind === 'delete')
        return old === undefined ? [] : [{ object: { kind: 'delete', type: TYPE, id: old.id, rev: old.rev } }];
      if (old !== undefined && old.id === id)
        return [{ object: { kind: 'update', type: TYPE, id, rev: old.rev, doc } }];
      const removed: CommitUnit[] =
        old === undefined ? [] : [{ object: { kind: 'delete', type: TYPE, id: old.id, rev: old.rev } }];
      return [...removed, { object: { kind: 'create', type: TYPE, id, doc } }];
    });
    if (units.length > 0) await this.#commit(units);
  }

  async #commit(units: readonly CommitUnit[]): Promise<void> {
    const result = await this.#staging.commit({ units });
    assert(result.ok, `staging ${this.path} was refused: ${result.ok ? '' : result.conflicts[0]?.message}`);
  }
}

/** The revision of the original travels inside the document; that of the scratch row is its own business. */
function toDoc({ rev, object }: StoredObject): ObjectRow['doc'] {
  const { _id, _rev, ...rest } = object;
  return rev === null ? rest : { ...rest, _rev: rev };
}

function toStored(row: ObjectRow): StoredObject {
  const { _rev: rev } = row.doc;
  return { id: row.id, rev: typeof rev === 'string' ? rev : null, object: { _id: row.id, ...row.doc } };
}

function collectAttributes(filter: Filter, into: Set<string>): void {
  if (filter.kind === 'and') for (const part of filter.parts) collectAttributes(part, into);
  else if (
    filter.kind === 'compare' &&
    filter.operator === 'eq' &&
    filter.pointer.length === 1 &&
    filter.pointer[0] !== '_id'
  )
    into.add(filter.pointer[0]!);
}

function isEmpty(answer: QueryAnswer): boolean {
  return answer.ok && answer.objects.length === 0;
}
