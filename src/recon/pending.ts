import { compileFilter, type Filter } from '../base/query-filter.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { isDestructive } from '../sync/apply.ts';
import type { SourceEvidence } from '../sync/evidence.ts';
import { keyOf } from '../sync/gather-source.ts';
import type { LinkView } from '../sync/link-view.ts';
import type { PlannedChange } from '../sync/planned-change.ts';

/**
 * Changes that are planned but not applied yet, or that are being applied at this moment. What they create or link cannot be
 * relied on to be seen by look-ups, so an object whose correlation would meet one of them has to wait until they are applied:
 * that keeps a batch equal to one object after the other.
 */
export class Pending {
  readonly #view: LinkView;
  #planned = new Traces();
  #applying = new Traces();
  /** What the batches before this one wrote, the latest first: as many as are looked up ahead of their turn, and the one being applied. */
  readonly #written: ReadonlySet<string>[] = [];
  readonly #ahead: number;
  #writtenInBatch = new Set<string>();
  #changes: PlannedChange[] = [];
  #writes = 0;
  #closed = 0;

  /** @param ahead batches that are looked up before their turn */
  constructor(view: LinkView, ahead = 0) {
    this.#view = view;
    this.#ahead = ahead;
  }

  get writes(): number {
    return this.#writes;
  }

  get size(): number {
    return this.#changes.length;
  }

  add(change: PlannedChange): void {
    this.#changes.push(change);
    if (change.write !== null && !isDestructive(change)) this.#writes++;
    if (change.link?.kind === 'create' && change.targetId !== null)
      this.#planned.claimed.add(keyOf(this.#view.targetKey(change.targetId), change.evidence.linkQualifier));
    if (change.write?.kind === 'update') this.#noteUpdate(this.#view.targetKey(change.write.id));
    if (change.write?.kind === 'create') this.#planned.remember(change.write.object, change.write.id);
  }

  /** From here on belongs to a batch that is not complete yet. */
  closeBatch(): void {
    this.#closed = this.#changes.length;
    this.#written.unshift(this.#writtenInBatch);
    this.#written.splice(this.#ahead + 2);
    this.#writtenInBatch = new Set();
  }

  /** What was looked up ahead may be what this target was before the run wrote it. */
  mayBeOutdated(targetId: string): boolean {
    const key = this.#view.targetKey(targetId);
    return this.#written.some((written) => written.has(key));
  }

  /**
   * What can be applied now, in order. In the middle of a batch the entries that leave no trace of their own stay until
   * the checkpoint moves past the batch: after a crash they could not be told from objects that were not looked at yet.
   * They count as applied at once: the caller looks at nothing until they are.
   */
  take(): readonly PlannedChange[] {
    const taken = this.takeAhead();
    this.applied();
    return taken;
  }

  /** The same for a caller that goes on meanwhile: it calls `applied` when they are applied, and takes nothing in between. */
  takeAhead(): readonly PlannedChange[] {
    const taken = this.#changes.slice(0, this.#closed);
    const kept: PlannedChange[] = [];
    for (const change of this.#changes.slice(this.#closed)) {
      if (change.isReported || change.outcome === 'failed') taken.push(change);
      else kept.push(change);
    }
    this.#changes = kept;
    this.#closed = 0;
    this.#writes = 0;
    this.#applying = this.#planned;
    this.#planned = new Traces();
    return taken;
  }

  /** What was taken ahead is applied: look-ups see it. */
  applied(): void {
    this.#applying = new Traces();
  }

  #noteUpdate(targetKey: string): void {
    this.#planned.written.add(targetKey);
    if (this.#ahead > 0) this.#writtenInBatch.add(targetKey);
  }

  /** True if applying what is pending could change what was found out about this object. */
  isContested(evidence: SourceEvidence): boolean {
    return this.#planned.meets(evidence, this.#view) || this.#applying.meets(evidence, this.#view);
  }
}

/** What changes leave behind that a look-up could find. */
class Traces {
  readonly claimed = new Set<string>();
  readonly written = new Set<string>();
  readonly #created: JsonObject[] = [];
  readonly #byValue = new Map<string, Map<Json, JsonObject[]>>();

  remember(object: JsonObject, id: string | null): void {
    const created = id === null ? object : { _id: id, ...object };
    this.#created.push(created);
    for (const [attribute, index] of this.#byValue) addTo(index, created, attribute);
  }

  meets(evidence: SourceEvidence, view: LinkView): boolean {
    if (evidence.target !== null && this.written.has(view.targetKey(evidence.target.id))) return true;
    if (evidence.link !== null || evidence.correlation.kind === 'none') return false;
    const { targets, query } = evidence.correlation;
    for (const { id } of targets) if (this.claimed.has(keyOf(view.targetKey(id), evidence.linkQualifier))) return true;
    return query?.kind === 'filter' && this.wouldFind(query.filter);
  }

  wouldFind(filter: Filter): boolean {
    if (this.#created.length === 0) return false;
    const probe = topEquality(filter);
    if (probe === null) return this.#created.some(compileFilter(filter, { caseSensitive: true }));
    let index = this.#byValue.get(probe.attribute);
    if (index === undefined) {
      index = new Map();
      for (const created of this.#created) addTo(index, created, probe.attribute);
      this.#byValue.set(probe.attribute, index);
    }
    const found = index.get(probe.value);
    return found !== undefined && found.some(compileFilter(filter, { caseSensitive: true }));
  }
}

function addTo(index: Map<Json, JsonObject[]>, object: JsonObject, attribute: string): void {
  const held = object[attribute] ?? null;
  for (const value of Array.isArray(held) ? held : [held]) {
    const bucket = index.get(value);
    if (bucket === undefined) index.set(value, [object]);
    else bucket.push(object);
  }
}

function topEquality(filter: Filter): { readonly attribute: string; readonly value: Json } | null {
  if (filter.kind === 'and') return filter.parts.map(topEquality).find((probe) => probe !== null) ?? null;
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.pointer.length !== 1) return null;
  return { attribute: filter.pointer[0]!, value: filter.value };
}
