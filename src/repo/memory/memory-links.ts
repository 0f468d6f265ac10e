import type { Json } from '../../base/json.ts';
import { compileFilter, type Filter } from '../../base/query-filter.ts';
import { linkObject, type Link } from '../../model/link.ts';
import type { LinkReads, LinkWithObject, LinkWrite, Page, PageRequest } from '../../model/repository.ts';
import { linkChanged, linkExists, linkMissing, type UnitConflict } from '../conflict.ts';
import { cursorNumber } from '../page-cursor.ts';
import type { MemoryObjects } from './memory-objects.ts';
import { OrderedRows, pageOf, type Slot } from './ordered-rows.ts';
import { sortedPage, type FilledSlot } from './sorted-page.ts';
import type { UndoLog } from './undo-log.ts';

const EVERYTHING: Filter = { kind: 'always', value: true };

type LinkSlot = Slot<Link>;

interface Ends {
  readonly first: Map<string, LinkSlot>;
  readonly second: Map<string, LinkSlot>;
}

interface TypeLinks {
  readonly rows: OrderedRows<Link>;
  readonly byQualifier: Map<string, Ends>;
}

export class MemoryLinks implements LinkReads {
  readonly #objects: MemoryObjects;
  readonly #counter = { last: 0 };
  readonly #types = new Map<string, TypeLinks>();
  readonly #byId = new Map<string, LinkSlot>();

  constructor(objects: MemoryObjects) {
    this.#objects = objects;
  }

  count = async (linkType: string): Promise<number> => {
    let count = 0;
    for (const ends of this.#types.get(linkType)?.byQualifier.values() ?? []) count += ends.first.size;
    return count;
  };

  async findByFirst(linkType: string, ids: readonly string[]): Promise<readonly Link[]> {
    return this.#find(linkType, 'first', ids);
  }

  async findBySecond(linkType: string, ids: readonly string[]): Promise<readonly Link[]> {
    return this.#find(linkType, 'second', ids);
  }

  async findWithObjects(
    linkType: string,
    by: 'first' | 'second',
    ids: readonly string[],
    objectType: string,
  ): Promise<readonly LinkWithObject[]> {
    return this.#find(linkType, by, ids).map((link) => {
      const otherId = by === 'first' ? link.secondId : link.firstId;
      return { link, object: this.#objects.find(objectType, otherId) };
    });
  }

  async page(linkType: string, after: Json, limit: number): Promise<Page<Link>> {
    return this.#type(linkType).rows.page(after, limit, () => true);
  }

  async query({ filter, sort = [], after = null, limit }: PageRequest): Promise<Page<Link>> {
    const found = this.#matching(filter ?? EVERYTHING);
    if (sort.length > 0) return sortedPage(found, linkObject, { sort, after, limit });
    const first = cursorNumber(after);
    const slots = found.filter(({ number }) => number > first).sort((a, b) => a.number - b.number);
    return pageOf(slots, 0, limit, () => true);
  }

  async countMatching(filter: Filter): Promise<number> {
    return this.#matching(filter).length;
  }

  write(write: LinkWrite, undo: UndoLog): UnitConflict | null {
    if (write.kind === 'create') return this.#create(write.link, undo);
    const slot = this.#byId.get(write.id);
    const link = slot?.row;
    if (!slot || !link) return write.kind === 'delete' ? null : linkMissing(write.id);
    if (link.rev !== write.rev) return linkChanged(write.id, write.rev);
    if (write.kind === 'delete') {
      this.#remove(slot, link);
      undo.push(() => this.#restore(slot, link));
      return null;
    }
    const { firstId, secondId } = write;
    return this.#update(slot, link, { ...link, firstId, secondId, rev: link.rev + 1 }, undo);
  }

  compact(): void {
    for (const { rows } of this.#types.values()) rows.compact();
  }

  #matching(filter: Filter): readonly FilledSlot<Link>[] {
    const test = compileFilter(filter, { caseSensitive: true });
    const found: FilledSlot<Link>[] = [];
    for (const { number, row } of this.#byId.values())
      if (row !== null && test(linkObject(row))) found.push({ number, row });
    return found;
  }

  #find(linkType: string, by: 'first' | 'second', ids: readonly string[]): Link[] {
    const links: Link[] = [];
    const wanted = new Set(ids);
    for (const ends of this.#types.get(linkType)?.byQualifier.values() ?? []) {
      for (const id of wanted) {
        const link = ends[by].get(id)?.row;
        if (link) links.push(link);
      }
    }
    return links;
  }

  #create(link: Link, undo: UndoLog): UnitConflict | null {
    const ends = this.#ends(link);
    if (this.#byId.has(link.id) || ends.first.has(link.firstId) || ends.second.has(link.secondId))
      return linkExists(link);
    const slot = this.#type(link.linkType).rows.add(link);
    this.#enter(slot, link);
    undo.push(() => this.#remove(slot, link));
    return null;
  }

  #update(slot: LinkSlot, before: Link, after: Link, undo: UndoLog): UnitConflict | null {
    const ends = this.#ends(after);
    const isTaken = (other: LinkSlot | undefined) => other !== undefined && other !== slot;
    if (isTaken(ends.first.get(after.firstId)) || isTaken(ends.second.get(after.secondId))) return linkExists(after);
    this.#exchange(slot, before, after);
    undo.push(() => this.#exchange(slot, after, before));
    return null;
  }

  #exchange(slot: LinkSlot, old: Link, next: Link): void {
    this.#leave(old);
    slot.row = next;
    this.#enter(slot, next);
  }

  #remove(slot: LinkSlot, link: Link): void {
    this.#leave(link);
    this.#type(link.linkType).rows.remove(slot);
  }

  #restore(slot: LinkSlot, link: Link): void {
    this.#type(link.linkType).rows.restore(slot, link);
    this.#enter(slot, link);
  }

  #enter(slot: LinkSlot, link: Link): void {
    const ends = this.#ends(link);
    this.#byId.set(link.id, slot);
    ends.first.set(link.firstId, slot);
    ends.second.set(link.secondId, slot);
  }

  #leave(link: Link): void {
    const ends = this.#ends(link);
    this.#byId.delete(link.id);
    ends.first.delete(link.firstId);
    ends.second.delete(link.secondId);
  }

  #type(linkType: string): TypeLinks {
    let type = this.#types.get(linkType);
    if (!type) {
      type = { rows: new OrderedRows(this.#counter), byQualifier: new Map() };
      this.#types.set(linkType, type);
    }
    return type;
  }

  #ends(link: Link): Ends {
    const { byQualifier } = this.#type(link.linkType);
    let ends = byQualifier.get(link.linkQualifier);
    if (!ends) {
      ends = { first: new Map(), second: new Map() };
      byQualifier.set(link.linkQualifier, ends);
    }
    return ends;
  }
}
