import type { JsonObject } from '../base/json.ts';
import { linkObject, type Link } from '../model/link.ts';
import { countPages, overlaidPage } from './overlaid-page.ts';
import type {
  CommitBatch,
  CommitConflict,
  CommitResult,
  CommitUnit,
  LinkReads,
  ObjectReads,
  ObjectRow,
  Repository,
} from '../model/repository.ts';

export interface PlanningOptions {
  /** Keep every entry, not only those that wait for the guard: a plan with correlation may have to go back on one. */
  readonly keepsEntries: boolean;
}

/**
 * The repository as it would be: reads see `real` with what the plan has written so far laid over it, commits go to
 * `scratch` only. That makes a plan the same code as a run, and lets it see what it would have created.
 */
export function planningRepository(real: Repository, scratch: Repository, options: PlanningOptions): Repository {
  return {
    objects: objectReads(real.objects, scratch.objects),
    links: linkReads(real, scratch),
    runs: scratch.runs,
    leases: scratch.leases,
    audit: scratch.audit,
    commit: (batch) => commit(real, scratch, batch, options),
    close: () => scratch.close(),
  };
}

/** Only what the plan itself made is ever deleted here, so nothing of `real` has to be hidden. */
function objectReads(real: ObjectReads, scratch: ObjectReads): ObjectReads {
  const overlaid = async <T extends { readonly id: string }>(
    type: string,
    rows: readonly T[],
  ): Promise<readonly T[]> => {
    if (rows.length === 0) return rows;
    const changed = new Set(
      (
        await scratch.readMany(
          type,
          rows.map((row) => row.id),
        )
      ).map((row) => row.id),
    );
    return changed.size === 0 ? rows : rows.filter((row) => !changed.has(row.id));
  };
  const page: ObjectReads['page'] = (type, request) =>
    overlaidPage(
      {
        real: (one) => real.page(type, one),
        planned: (one) => scratch.page(type, one),
        unchanged: (rows) => overlaid(type, rows),
        visible: visibleObject,
      },
      request,
    );
  return {
    declareTypes: async (types) => scratch.declareTypes(types),
    count: async (type, filter) => (filter ? countPages((request) => page(type, request), filter) : real.count(type)),
    readMany: async (type, ids) => {
      const planned = await scratch.readMany(type, ids);
      const known = new Set(planned.map((row) => row.id));
      return [
        ...planned,
        ...(await real.readMany(
          type,
          ids.filter((id) => !known.has(id)),
        )),
      ];
    },
    findByValue: async (type, attribute, values) => {
      const planned = await scratch.findByValue(type, attribute, values);
      return [...(await overlaid(type, await real.findByValue(type, attribute, values))), ...planned];
    },
    page,
    pageIds: (type, after, limit) => real.pageIds(type, after, limit),
  };
}

function linkReads(real: Repository, scratch: Repository): LinkReads {
  const merge = (planned: readonly Link[], stored: readonly Link[]): readonly Link[] => {
    const known = new Set(planned.map((link) => link.id));
    return [...planned, ...stored.filter((link) => !known.has(link.id))];
  };
  const query: LinkReads['query'] = (request) =>
    overlaidPage(
      {
        real: (one) => real.links.query(one),
        planned: (one) => scratch.links.query(one),
        unchanged: async (rows) => rows,
        visible: linkObject,
      },
      request,
    );
  return {
    count: (linkType) => real.links.count(linkType),
    findByFirst: async (linkType, ids) =>
      merge(await scratch.links.findByFirst(linkType, ids), await real.links.findByFirst(linkType, ids)),
    findBySecond: async (linkType, ids) =>
      merge(await scratch.links.findBySecond(linkType, ids), await real.links.findBySecond(linkType, ids)),
    findWithObjects: async (linkType, by, ids, objectType) => {
      const planned =
        by === 'first'
          ? await scratch.links.findByFirst(linkType, ids)
          : await scratch.links.findBySecond(linkType, ids);
      const stored = await real.links.findWithObjects(linkType, by, ids, objectType);
      if (planned.length === 0) return stored;
      const known = new Set(planned.map((link) => link.id));
      const otherEnd = (link: Link): string => (by === 'first' ? link.secondId : link.firstId);
      const rows = await objectReads(real.objects, scratch.objects).readMany(objectType, planned.map(otherEnd));
      const byId = new Map(rows.map((row) => [row.id, row]));
      return [
        ...planned.map((link) => ({ link, object: byId.get(otherEnd(link)) ?? null })),
        ...stored.filter(({ link }) => !known.has(link.id)),
      ];
    },
    page: (linkType, after, limit) => real.links.page(linkType, after, limit),
    query,
    countMatching: (filter) => countPages(query, filter),
  };
}

function visibleObject({ id, rev, doc }: ObjectRow): JsonObject {
  return { _id: id, _rev: String(rev), ...doc };
}

async function commit(
  real: Repository,
  scratch: Repository,
  batch: CommitBatch,
  options: PlanningOptions,
): Promise<CommitResult> {
  const conflicts = [...(await takenIds(real, batch.units)), ...(await takenLinks(real, batch.units))];
  if (conflicts.length > 0) return { ok: false, conflicts };
  const revisions = await scratchRevisions(scratch, batch.units);
  const units = batch.units.map((unit) => toScratch(unit, revisions, options));
  const { run } = batch;
  return scratch.commit({ units, ...(run === undefined ? {} : { run }) });
}

async function takenIds(real: Repository, units: readonly CommitUnit[]): Promise<readonly CommitConflict[]> {
  const creates = units.flatMap(({ object }, unit) => (object?.kind === 'create' ? [{ unit, object }] : []));
  const conflicts: CommitConflict[] = [];
  for (const [type, group] of Map.groupBy(creates, ({ object }) => object.type)) {
    const taken = new Set(
      (
        await real.objects.readMany(
          type,
          group.map(({ object }) => object.id),
        )
      ).map((row) => row.id),
    );
    for (const { unit, object } of group)
      if (taken.has(object.id))
        conflicts.push({ unit, code: 'exists', message: `managed/${type}/${object.id} exists already` });
  }
  return conflicts;
}

async function takenLinks(real: Repository, units: readonly CommitUnit[]): Promise<readonly CommitConflict[]> {
  const creates = units.flatMap(({ links }, unit) =>
    (links ?? []).flatMap((write) => (write.kind === 'create' ? [{ unit, link: write.link }] : [])),
  );
  const conflicts: CommitConflict[] = [];
  for (const [linkType, group] of Map.groupBy(creates, ({ link }) => link.linkType)) {
    const stored = [
      ...(await real.links.findByFirst(
        linkType,
        group.map(({ link }) => link.firstId),
      )),
      ...(await real.links.findBySecond(
        linkType,
        group.map(({ link }) => link.secondId),
      )),
    ];
    const taken = new Set(
      stored.flatMap((link) => [
        `1${link.linkQualifier}\u0000${link.firstId}`,
        `2${link.linkQualifier}\u0000${link.secondId}`,
      ]),
    );
    for (const { unit, link } of group)
      if (
        taken.has(`1${link.linkQualifier}\u0000${link.firstId}`) ||
        taken.has(`2${link.linkQualifier}\u0000${link.secondId}`)
      )
        conflicts.push({
          unit,
          code: 'exists',
          message: `${link.firstId} or ${link.secondId} is linked already (${linkType}, ${link.linkQualifier})`,
        });
  }
  return conflicts;
}

/** Revisions of the updated and deleted objects that the scratch copy has already, by type and id. */
async function scratchRevisions(
  scratch: Repository,
  units: readonly CommitUnit[],
): Promise<ReadonlyMap<string, number>> {
  const updates = units.flatMap(({ object }) => (object === undefined || object.kind === 'create' ? [] : [object]));
  const revisions = new Map<string, number>();
  for (const [type, group] of Map.groupBy(updates, (object) => object.type))
    for (const row of await scratch.objects.readMany(
      type,
      group.map(({ id }) => id),
    ))
      revisions.set(`${type}/${row.id}`, row.rev);
  return revisions;
}

/**
 * What the scratch copy has to remember: an update of a stored object becomes an object of its own, a planned change is
 * kept until the guard has judged it; everything else about an entry has been told by then.
 */
function toScratch(
  unit: CommitUnit,
  revisions: ReadonlyMap<string, number>,
  { keepsEntries }: PlanningOptions,
): CommitUnit {
  const links = unit.links?.filter((write) => write.kind !== 'update') ?? [];
  const isKept = keepsEntries || unit.entry?.kind === 'settle' || unit.entry?.entry.status === 'planned';
  const keepsEntry = unit.entry !== undefined && isKept;
  const entry = keepsEntry ? { entry: unit.entry! } : {};
  const { object } = unit;
  if (object === undefined) return { links, ...entry };
  if (object.kind === 'create') return { object, links, ...entry };
  const { type, id } = object;
  const rev = revisions.get(`${type}/${id}`);
  if (object.kind === 'delete')
    return rev === undefined ? { links, ...entry } : { object: { kind: 'delete', type, id, rev }, links, ...entry };
  const { doc } = object;
  return {
    object: rev === undefined ? { kind: 'create', type, id, doc } : { kind: 'update', type, id, doc, rev },
    links,
    ...entry,
  };
}
