import { compileFilter, type Filter } from '../base/query-filter.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { isDestructive } from '../sync/apply.ts';
import type { SourceEvidence } from '../sync/evidence.ts';
import { keyOf } from '../sync/gather-source.ts';
import type { LinkView } from '../sync/link-view.ts';
import type { PlannedChange } from '../sync/planned-change.ts';

/**
 * Changes that are planned but not applied yet. What they will create or link is invisible to look-ups, so an object
 * whose correlation would meet one of them has to wait until they are applied: that keeps a batch equal to one object
 * after the other.
 */
export class Pending {
  readonly #view: LinkView;
  readonly #claimed = new Set<string>();
  readonly #written = new Set<string>();
  readonly #created: JsonObject[] = [];
  readonly #byValue = new Map<string, Map<Json, JsonObject[]>>();
  #changes: PlannedChange[] = [];
  #writes = 0;
  #closed = 0;

  constructor(view: LinkView) {
    this.#view = view;
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
      this.#claimed.add(keyOf(this.#view.targetKey(change.targetId), change.evidence.linkQualifier));
    if (change.write?.kind === 'update') this.#written.add(this.#view.targetKey(change.write.id));
    if (change.write?.kind === 'create') this.#remember(change.write.object, change.write.id);
  }

  /** From here on belongs to a batch that is not complete yet. */
  closeBatch(): void {
    this.#closed = this.#changes.length;
  }

  /**
   * What can be applied now, in order. In the middle of a batch the entries that leave no trace of their own stay until
   * the checkpoint moves past the batch: after a crash they could not be told from objects that were not looked at yet.
   */
  take(): readonly PlannedChange[] {
    const isKept = (change: PlannedChange, i: number): boolean => i >= this.#closed && !change.isReported && change.outcome !== 'failed';
    const taken = this.#changes.filter((change, i) => !isKept(change, i));
    this.#changes = this.#changes.filter(isKept);
    this.#closed = 0;
    this.#writes = 0;
    this.#claimed.clear();
    this.#written.clear();
    this.#created.length = 0;
    this.#byValue.clear();
    return taken;
  }

  /** True if applying what is pending could change what was found out about this object. */
  isContested(evidence: SourceEvidence): boolean {
    if (evidence.target !== null && this.#written.has(this.#view.targetKey(evidence.target.id))) return true;
    if (evidence.link !== null || evidence.correlation.kind === 'none') return false;
    const { targets, query } = evidence.correlation;
    if (targets.some((target) => this.#claimed.has(keyOf(this.#view.targetKey(target.id), evidence.linkQualifier)))) return true;
    return query?.kind === 'filter' && this.#created.length > 0 && this.#wouldFind(query.filter);
  }

  #remember(object: JsonObject, id: string | null): void {
    const created = id === null ? object : { _id: id, ...object };
    this.#created.push(created);
    for (const [attribute, index] of this.#byValue) addTo(index, created, attribute);
  }

  #wouldFind(filter: Filter): boolean {
    const test = compileFilter(filter, { caseSensitive: true });
    const probe = topEquality(filter);
    if (probe === null) return this.#created.some(test);
    let index = this.#byValue.get(probe.attribute);
    if (index === undefined) {
      index = new Map();
      for (const created of this.#created) addTo(index, created, probe.attribute);
      this.#byValue.set(probe.attribute, index);
    }
    return (index.get(probe.value) ?? []).some(test);
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
