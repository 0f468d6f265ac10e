import type { StoredObject } from '../model/object-set.ts';
import type { Link } from '../model/link.ts';
import type { SourceItem, ValidTargetItem } from '../mapping/stages.ts';
import type { TargetEvidence } from './evidence.ts';
import { readable } from '../model/unreadable-objects.ts';
import { keyOf, unreadableFault, type Fault } from './gather-source.ts';
import { linksOfTargets, linkView, type LinkView } from './link-view.ts';
import type { World } from './world.ts';

export interface GatheredTarget {
  readonly evidence: TargetEvidence;
  readonly fault: Fault | null;
}

/** Answers whether source objects that the source phase did not see exist after all. */
export type ReadSources = (ids: readonly string[]) => Promise<ReadonlyMap<string, StoredObject>>;

interface Draft {
  readonly target: StoredObject;
  readonly linkQualifier: string;
  readonly link: Link | null;
}

/**
 * Evidence for target objects that the source phase did not account for: one per target and link qualifier. A target
 * that is linked under one qualifier is not judged as unlinked under another (specification §4.7).
 */
export async function gatherTargets(
  world: World,
  targets: readonly StoredObject[],
  qualifiers: readonly string[],
  readSources: ReadSources,
): Promise<readonly GatheredTarget[]> {
  const view = linkView(world.mapping.compiled.links);
  const drafts = await draft(world, view, targets, qualifiers);
  const validity = await world.mapping.run('validTarget', drafts.map(validTargetItem), world.mode);
  const sourceIds = [...new Set(drafts.flatMap(({ link }) => (link === null ? [] : [view.sourceIdOf(link)])))];
  const read = await readable(sourceIds.length === 0 ? Promise.resolve(new Map()) : readSources(sourceIds));
  const sourceOf = (one: Draft): StoredObject | null =>
    one.link === null ? null : (read.found.get(view.sourceIdOf(one.link)) ?? null);
  const sourceValidity = await readSourceValidity(world, drafts, sourceOf);
  return drafts.map((one, i): GatheredTarget => {
    const isValid = validity[i]!;
    const isSourceValid = sourceValidity.get(one) ?? { ok: true, value: false };
    const unread = one.link === null ? null : unreadableFault(read, view.sourceIdOf(one.link));
    const fault = !isValid.ok ? isValid : !isSourceValid.ok ? isSourceValid : unread;
    const evidence: TargetEvidence = {
      kind: 'target',
      target: one.target,
      linkQualifier: one.linkQualifier,
      isValid: isValid.ok && isValid.value,
      link: one.link,
      linkedSourceId: one.link === null ? null : view.sourceIdOf(one.link),
      source: sourceOf(one),
      isSourceValid: isSourceValid.ok && isSourceValid.value,
    };
    return { evidence, fault };
  });
}

function validTargetItem({ target, linkQualifier }: Draft): ValidTargetItem {
  return { target: target.object, linkQualifier };
}

async function draft(
  world: World,
  view: LinkView,
  targets: readonly StoredObject[],
  qualifiers: readonly string[],
): Promise<readonly Draft[]> {
  const links = await readLinks(world, view, targets);
  return targets.flatMap((target) => {
    const key = view.targetKey(target.id);
    const own = qualifiers.map((linkQualifier): Draft => ({
      target,
      linkQualifier,
      link: links.get(keyOf(key, linkQualifier)) ?? null,
    }));
    const linked = own.filter((one) => one.link !== null);
    return linked.length > 0 ? linked : own;
  });
}

async function readLinks(
  world: World,
  view: LinkView,
  targets: readonly StoredObject[],
): Promise<ReadonlyMap<string, Link>> {
  const rows = await linksOfTargets(
    world.repository.links,
    view,
    targets.map((target) => target.id),
  );
  return new Map(rows.map((link) => [keyOf(view.targetIdOf(link), link.linkQualifier), link]));
}

type Truth = { readonly ok: true; readonly value: boolean } | ({ readonly ok: false } & Fault);

async function readSourceValidity(
  world: World,
  drafts: readonly Draft[],
  sourceOf: (one: Draft) => StoredObject | null,
): Promise<ReadonlyMap<Draft, Truth>> {
  const withSource = drafts.filter((one) => sourceOf(one) !== null);
  const items = withSource.map((one): SourceItem => {
    return {
      source: sourceOf(one)!.object,
      linkQualifier: one.linkQualifier,
      wantsCorrelation: false,
      skipsCondition: true,
    };
  });
  const results = await world.mapping.run('source', items, world.mode);
  return new Map(
    withSource.map((one, i): [Draft, Truth] => {
      const result = results[i]!;
      return [one, result.ok ? { ok: true, value: result.value.isValid } : result];
    }),
  );
}
