import { messageOf } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Link } from '../model/link.ts';
import { isManagedSet } from '../model/managed-set.ts';
import type { Query, StoredObject } from '../model/object-set.ts';
import { readable, type PartialRead } from '../model/unreadable-objects.ts';
import type { StageResult } from '../mapping/open-mapping.ts';
import type { SourceItem } from '../mapping/stages.ts';
import { NO_CORRELATION, type Correlation, type SourceEvidence } from './evidence.ts';
import { linksOfSources, linksOfTargets, linkView, type LinkView } from './link-view.ts';
import { oldSourceOf, type World } from './world.ts';

/** One source object under one qualifier, as far as it can be known without looking at the target. */
export interface Prepared {
  readonly sourceId: string;
  readonly source: JsonObject;
  readonly linkQualifier: string;
  readonly link: Link | null;
  /** Set when the link query brought the target along. */
  readonly linkedTarget: StoredObject | null | undefined;
  readonly isValid: boolean;
  readonly query: Query | null;
  readonly ids: readonly string[] | null;
  readonly fault: Fault | null;
}

export interface Fault {
  readonly message: string;
  readonly detail: Json;
}

/** Evidence, or why there is none. The evidence is then as complete as it could be made. */
export interface Gathered {
  readonly evidence: SourceEvidence;
  readonly fault: Fault | null;
}

/** What the links say of one source object under one qualifier. */
interface Linked {
  readonly link: Link | null;
  readonly linkedTarget: StoredObject | null | undefined;
}

const NO_LINK: Linked = { link: null, linkedTarget: undefined };

/**
 * First half of gathering: qualifiers, links, validity, correlation queries. It looks at nothing that the run itself
 * changes, so the next batch can be prepared while this one is applied.
 */
export async function prepareSources(world: World, objects: readonly StoredObject[]): Promise<readonly Prepared[]> {
  const { compiled } = world.mapping;
  const [{ pairs, faults }, links] = await Promise.all([qualifiersOf(world, objects), readLinks(world, objects)]);
  const mayCorrelate = compiled.hasCorrelation && !world.skipsCorrelation;
  const linked = pairs.map(({ stored, linkQualifier }) => links(stored.id, linkQualifier));
  const items = pairs.map(({ stored, linkQualifier }, i): SourceItem => {
    return { source: stored.object, linkQualifier, wantsCorrelation: mayCorrelate && linked[i]!.link === null };
  });
  const results = await world.mapping.run('source', items, world.mode);
  const prepared = pairs.map((pair, i) => withResult(world, pair, linked[i]!, results[i]!));
  return faults.length === 0 ? prepared : [...prepared, ...faults];
}

function withResult(world: World, pair: Pair, linked: Linked, result: StageResult<'source'>): Prepared {
  if (!result.ok) return toPrepared(pair, linked, false, { message: result.message, detail: result.detail });
  const { isValid, query, ids } = result.value;
  if (query === undefined) return toPrepared(pair, linked, isValid, null, null, ids ?? null);
  try {
    return toPrepared(pair, linked, isValid, null, world.toQuery(query), ids ?? null);
  } catch (error) {
    return toPrepared(pair, linked, isValid, { message: `correlationQuery: ${messageOf(error)}`, detail: null });
  }
}

/** One literal, so that all of them have one shape. */
function toPrepared(
  { stored, linkQualifier }: Pair,
  { link, linkedTarget }: Linked,
  isValid: boolean,
  fault: Fault | null,
  query: Query | null = null,
  ids: readonly string[] | null = null,
): Prepared {
  const { id: sourceId, object: source } = stored;
  return { sourceId, source, linkQualifier, link, linkedTarget, isValid, query, ids, fault };
}

interface Pair {
  readonly stored: StoredObject;
  readonly linkQualifier: string;
}

interface Qualified {
  readonly pairs: readonly Pair[];
  readonly faults: readonly Prepared[];
}

async function qualifiersOf(world: World, objects: readonly StoredObject[]): Promise<Qualified> {
  const fixed = world.mapping.compiled.qualifiers;
  if (fixed !== null) {
    return {
      pairs: objects.flatMap((stored) => fixed.map((linkQualifier) => ({ stored, linkQualifier }))),
      faults: [],
    };
  }
  const items = objects.map((stored) => ({
    object: stored.object,
    oldValue: oldSourceOf(world, stored.id),
    returnAll: false,
  }));
  const results = await world.mapping.run('qualifiers', items, world.mode);
  const pairs: Pair[] = [];
  const faults: Prepared[] = [];
  for (const [i, result] of results.entries()) {
    const stored = objects[i]!;
    if (result.ok) for (const linkQualifier of result.value) pairs.push({ stored, linkQualifier });
    else faults.push(toPrepared({ stored, linkQualifier: '' }, { link: null, linkedTarget: null }, false, result));
  }
  return { pairs, faults };
}

type LinkLookup = (sourceId: string, linkQualifier: string) => Linked;

async function readLinks(world: World, objects: readonly StoredObject[]): Promise<LinkLookup> {
  const view = linkView(world.mapping.compiled.links);
  if (!view.rules.isEnabled) return () => NO_LINK;
  const ids = objects.map((stored) => view.sourceKey(stored.id));
  const byQualifier = new Map<string, Map<string, Linked>>();
  const put = (link: Link, linkedTarget: Linked['linkedTarget']): void => {
    let found = byQualifier.get(link.linkQualifier);
    if (found === undefined) byQualifier.set(link.linkQualifier, (found = new Map()));
    found.set(view.sourceIdOf(link), { link, linkedTarget });
  };
  const { links } = world.repository;
  const { linkType } = view.rules;
  if (isManagedSet(world.target) && view.rules.areTargetIdsCaseSensitive) {
    const { type } = world.target;
    for (const row of await links.findWithObjects(linkType, view.sourceEnd, ids, type)) {
      put(row.link, row.object === null ? null : world.target.toStored(row.object));
    }
  } else {
    const rows = await linksOfSources(
      links,
      view,
      objects.map((stored) => stored.id),
    );
    for (const link of rows) put(link, undefined);
  }
  return (sourceId, linkQualifier) => byQualifier.get(linkQualifier)?.get(view.sourceKey(sourceId)) ?? NO_LINK;
}

export function keyOf(id: string, linkQualifier: string): string {
  return `${linkQualifier}\u0000${id}`;
}

/** Second half: linked targets and correlation, on the present state of the target. */
export async function completeSources(world: World, prepared: readonly Prepared[]): Promise<readonly Gathered[]> {
  const view = linkView(world.mapping.compiled.links);
  const targets = await readLinkedTargets(world, view, prepared);
  const correlations = prepared.some(asks) ? await correlate(world, view, prepared) : null;
  return prepared.map((one, i): Gathered => {
    const { correlation, fault } = correlations === null ? NOT_CORRELATED : correlations[i]!;
    const { sourceId, source, linkQualifier, isValid, link, linkedTarget } = one;
    const linkedTargetId = link === null ? null : view.targetIdOf(link);
    let target: StoredObject | null = null;
    if (link === null) target = correlation.targets.length === 1 ? correlation.targets[0]! : null;
    else if (linkedTarget !== undefined) target = linkedTarget;
    else target = targets.found.get(linkedTargetId!) ?? null;
    const evidence: SourceEvidence = {
      kind: 'source',
      sourceId,
      source,
      linkQualifier,
      isValid,
      link,
      linkedTargetId,
      target,
      correlation,
    };
    const isKnown = link === null || linkedTarget !== undefined;
    return { evidence, fault: one.fault ?? fault ?? (isKnown ? null : unreadableFault(targets, linkedTargetId!)) };
  });
}

/** Keys are the ids as the links hold them. */
async function readLinkedTargets(world: World, view: LinkView, prepared: readonly Prepared[]): Promise<PartialRead> {
  const wanted = prepared.filter((one) => one.link !== null && one.linkedTarget === undefined);
  if (wanted.length === 0) return { found: new Map(), unreadable: new Map() };
  return readable(world.readTargets([...new Set(wanted.map((one) => view.targetIdOf(one.link!)))]));
}

/** An object that exists and cannot be read is not missing: nothing can be decided about it. */
export function unreadableFault({ unreadable }: PartialRead, id: string): Fault | null {
  const message = unreadable.get(id);
  return message === undefined ? null : { message: `${id} cannot be read: ${message}`, detail: null };
}

interface Correlated {
  readonly correlation: Correlation;
  readonly fault: Fault | null;
}

const NOT_CORRELATED: Correlated = { correlation: NO_CORRELATION, fault: null };

function asks({ query, ids }: Prepared): boolean {
  return query !== null || ids !== null;
}

async function correlate(world: World, view: LinkView, prepared: readonly Prepared[]): Promise<readonly Correlated[]> {
  const asked = prepared.filter((one) => one.query !== null);
  const answers = asked.length === 0 ? [] : await world.target.query(asked.map((one) => one.query!));
  const byAsker = new Map(asked.map((one, i) => [one, answers[i]!]));
  const named = [...new Set(prepared.flatMap((one) => one.ids ?? []))];
  const objects = await readable(named.length === 0 ? Promise.resolve(new Map()) : world.target.readMany(named));
  const found = prepared.map((one): { targets: readonly StoredObject[]; fault: Fault | null } => {
    const answer = byAsker.get(one);
    if (answer !== undefined && !answer.ok)
      return { targets: [], fault: { message: `correlation query failed: ${answer.message}`, detail: null } };
    if (answer?.ok === true) return { targets: answer.objects, fault: null };
    const ids = one.ids ?? [];
    const broken = ids.find((id) => objects.unreadable.has(id));
    const fault = broken === undefined ? null : unreadableFault(objects, broken);
    return { targets: ids.flatMap((id) => objects.found.get(id) ?? []), fault };
  });
  const taken = await readTaken(world, view, prepared, found);
  return prepared.map((one, i): Correlated => {
    const { targets, fault } = found[i]!;
    if (!asks(one)) return { correlation: NO_CORRELATION, fault };
    const holder =
      targets.length === 1 ? (taken.get(keyOf(view.targetKey(targets[0]!.id), one.linkQualifier)) ?? null) : null;
    return {
      correlation: { kind: 'queried', query: one.query, targets, isAlreadyLinked: holder !== null, holder },
      fault,
    };
  });
}

/** Which of the single candidates are linked already, under which qualifier. */
async function readTaken(
  world: World,
  view: LinkView,
  prepared: readonly Prepared[],
  found: readonly { readonly targets: readonly StoredObject[] }[],
): Promise<ReadonlyMap<string, Link>> {
  const singles = prepared.flatMap((_, i) => (found[i]!.targets.length === 1 ? [found[i]!.targets[0]!.id] : []));
  const rows = await linksOfTargets(world.repository.links, view, singles);
  return new Map(rows.map((link) => [keyOf(view.targetIdOf(link), link.linkQualifier), link]));
}
