import { parsePointer } from '../base/json-pointer.ts';
import { Failure } from '../base/failure.ts';
import { formatFilter } from '../base/query-filter.ts';
import type { Json } from '../base/json.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { AttributeTrace } from '../mapping/stages.ts';
import type { Query, StoredObject } from '../model/object-set.ts';
import { gatherIds } from '../recon/recon-by-id.ts';
import { decide } from '../sync/decide.ts';
import type { Evidence, SourceEvidence, TargetEvidence } from '../sync/evidence.ts';
import { gatherTargets } from '../sync/gather-target.ts';
import { linksOfTargets, linkView } from '../sync/link-view.ts';
import type { PlannedChange } from '../sync/planned-change.ts';
import type { World } from '../sync/world.ts';
import { secretsOf, shown, type IsSecret } from './secrets.ts';
import type { Lockstep } from './lockstep.ts';
import { openWorld } from './run-mapping.ts';

export interface Explanation {
  readonly linkQualifier: string;
  readonly change: PlannedChange;
  /** The decision path in sentences, in the order in which it was taken. */
  readonly sentences: readonly string[];
}

export type Subject = { readonly kind: 'source' | 'target'; readonly id: string };

/** Tells how one object is decided, from the query that finds it to each attribute. Writes nothing. */
export async function explain(
  lockstep: Lockstep,
  mapping: MappingConfig,
  subject: Subject,
): Promise<readonly Explanation[]> {
  const opened = await openWorld(lockstep, mapping, 'plan', lockstep.newId());
  const world: World = { ...opened, skipsCorrelation: false, isTracing: true };
  try {
    const gathered = subject.kind === 'source' ? await bySource(world, subject.id) : await byTarget(world, subject.id);
    const changes = await decide(world, gathered);
    const isSecret = secretsOf(lockstep.config);
    return changes.map((change, i) => ({
      linkQualifier: change.evidence.linkQualifier,
      change,
      sentences: sentences(world, change, gathered[i]!.fault?.message ?? null, isSecret),
    }));
  } finally {
    await opened.close();
  }
}

type GatheredEvidence = readonly {
  readonly evidence: Evidence;
  readonly fault: { readonly message: string; readonly detail: Json } | null;
}[];

function bySource(world: World, id: string): Promise<GatheredEvidence> {
  return gatherIds(world, [id]);
}

/** A linked target is decided in the source phase, with its source; only one that is left over is decided by itself. */
async function byTarget(world: World, id: string): Promise<GatheredEvidence> {
  const found = (await world.target.readMany([id])).get(id);
  const view = linkView(world.mapping.compiled.links);
  const linked = await linksOfTargets(world.repository.links, view, [id]);
  const sourceIds = linked.map((link) => view.sourceIdOf(link));
  const present = sourceIds.length === 0 ? new Map<string, StoredObject>() : await world.readSources(sourceIds);
  if (present.size > 0)
    return gatherIds(
      world,
      [...present.values()].map((stored) => stored.id),
    );
  if (found === undefined) throw new Failure('not-found', `Object ${id} not found on ${world.target.path}`);
  const qualifiers = world.mapping.compiled.qualifiers ?? ['default'];
  return gatherTargets(world, [found], qualifiers, world.readSources);
}

function sentences(world: World, change: PlannedChange, fault: string | null, isSecret: IsSecret): readonly string[] {
  const { evidence } = change;
  // A source object that cannot be read is not one that is gone.
  const isUnknown = fault !== null && evidence.kind === 'source' && evidence.source === null;
  const facts = evidence.kind === 'source' ? sourceSentences(world, evidence) : targetSentences(world, evidence);
  const told = isUnknown ? [] : facts;
  if (fault !== null)
    return [...told, `Its evaluation failed: ${fault}`, 'Nothing is done about it; the entry is marked FAILURE.'];
  return [
    ...told,
    ...decisionSentences(change),
    ...(change.trace ?? []).map((trace) => attributeSentence(trace, isSecret)),
    outcomeSentence(change),
  ];
}

function sourceSentences(world: World, evidence: SourceEvidence): readonly string[] {
  const { compiled } = world.mapping;
  const { sourceId, link, target } = evidence;
  if (evidence.source === null)
    return [`${compiled.source}/${sourceId} does not exist (any more).`, linkSentence(world, evidence)];
  const query = compiled.sourceQuery?.query ?? null;
  const told = [
    `${compiled.source}/${sourceId} was found ${query === null ? 'by reading every source object (query-all-ids)' : `by the source query ${describeQuery(query)}`}.`,
    validitySentence(
      compiled.payload.validSource !== null,
      compiled.payload.sourceCondition !== null,
      evidence.isValid,
    ),
    linkSentence(world, evidence),
  ];
  if (link !== null)
    return [
      ...told,
      target === null
        ? 'The linked target object does not exist.'
        : `The linked target object ${compiled.target}/${target.id} exists.`,
    ];
  return [...told, correlationSentence(world, evidence)];
}

function validitySentence(hasScript: boolean, hasCondition: boolean, isValid: boolean): string {
  if (!hasScript && !hasCondition) return 'It is valid: the mapping has neither validSource nor sourceCondition.';
  const rules = [...(hasScript ? ['validSource'] : []), ...(hasCondition ? ['sourceCondition'] : [])].join(' and ');
  return isValid ? `It is valid: ${rules} accepted it.` : `It is not valid: ${rules} turned it down.`;
}

function linkSentence(world: World, { link, linkQualifier, linkedTargetId }: SourceEvidence): string {
  const { links, target } = world.mapping.compiled;
  if (!links.isEnabled) return 'Links are not used (enableLinking is false).';
  if (link === null) return `It has no link of type ${links.linkType} under the qualifier "${linkQualifier}".`;
  return `It is linked to ${target}/${linkedTargetId} (type ${links.linkType}, qualifier "${linkQualifier}", link ${link.id}).`;
}

function correlationSentence(world: World, { correlation }: SourceEvidence): string {
  const { compiled } = world.mapping;
  if (correlation.kind === 'none')
    return compiled.hasCorrelation ? 'Correlation was not asked for this qualifier.' : 'No correlation is configured.';
  const asked =
    correlation.query === null ? 'The correlation script' : `The correlation query ${describeQuery(correlation.query)}`;
  const ids = correlation.targets.map((target) => target.id).join(', ');
  if (correlation.targets.length === 0) return `${asked} found no target object.`;
  if (correlation.targets.length > 1) return `${asked} found ${correlation.targets.length} candidates: ${ids}.`;
  return `${asked} found one candidate: ${ids}${correlation.isAlreadyLinked ? ', which is linked to another source object' : ', which is not linked'}.`;
}

function targetSentences(world: World, evidence: TargetEvidence): readonly string[] {
  const { compiled } = world.mapping;
  const { target, link, source, isValid, isSourceValid } = evidence;
  const valid =
    compiled.payload.validTarget === null
      ? 'It is valid: the mapping has no validTarget.'
      : isValid
        ? 'It is valid: validTarget accepted it.'
        : 'It is not valid: validTarget turned it down.';
  const told = [`${compiled.target}/${target.id} is not accounted for by any source object.`, valid];
  if (link === null) return [...told, `It has no link of type ${compiled.links.linkType}.`];
  const named = `It is linked to ${compiled.source}/${evidence.linkedSourceId}`;
  if (source === null) return [...told, `${named}, which does not exist.`];
  return [...told, `${named}, which exists and is ${isSourceValid ? 'valid' : 'not valid'}.`];
}

export function describeQuery(query: Query): string {
  return query.kind === 'filter'
    ? `(${formatFilter(query.filter)})`
    : `${query.queryId} ${JSON.stringify(query.parameters)}`;
}

function decisionSentences({ situation, action, rule }: PlannedChange): readonly string[] {
  if (situation === null) return [];
  if (rule === 'none') return [`The situation is ${situation}.`];
  const because =
    rule === 'default' ? `no policy names it, so the default action ${action} applies` : `${rule} decides: ${action}`;
  return [`The situation is ${situation}.`, `For ${situation}, ${because}.`];
}

function attributeSentence({ target, source, step, note, ...values }: AttributeTrace, isSecret: IsSecret): string {
  const { input, output } = harmlessTrace({ target, source, ...values }, isSecret);
  const from =
    source === null
      ? 'no source attribute'
      : source === ''
        ? 'the whole source object'
        : `source ${source} = ${JSON.stringify(input)}`;
  if (step === 'skipped') return `  ${target}: left as it is (${note}).`;
  if (step === 'kept') return `  ${target}: left as it is; ${from} (${note}).`;
  if (step === 'script') return `  ${target}: ${JSON.stringify(input)} → ${JSON.stringify(output)} (${note}).`;
  return `  ${target} = ${JSON.stringify(output)} from ${from}${note === '' ? '' : ` (${note})`}.`;
}

function outcomeSentence({ outcome, changeClass, write, message, targetId }: PlannedChange): string {
  if (outcome === 'failed') return `It fails: ${message}`;
  if (outcome === 'created')
    return `Result: a target object would be created${targetId === null ? '' : ` with the id ${targetId}`}.`;
  if (write?.kind === 'update') return `Result: ${write.changed.join(', ')} of ${targetId} would change.`;
  if (changeClass === 'delete')
    return `Result: ${targetId} would be deleted, at the end of the run, if the guard lets it pass.`;
  if (changeClass === 'ambiguousDelete') return `Result: ${message}; held unless "allowAmbiguousDelete" is set.`;
  if (changeClass === 'unlink') return 'Result: only the link would be removed.';
  if (changeClass === 'link')
    return `Result: a link to ${targetId} would be made; the object itself is already as it should be.`;
  if (outcome === 'unchanged') return 'Result: nothing to do, the target object is as it should be.';
  return `Result: nothing is changed${message === null ? '' : ` (${message})`}.`;
}

/** Input and output as they may be shown; what is made of a secret is one. */
export function harmlessTrace(
  { target, source, input, output }: Pick<AttributeTrace, 'target' | 'source' | 'input' | 'output'>,
  isSecret: IsSecret,
): { readonly input: Json; readonly output: Json } {
  const nameOf = (pointer: string): string => parsePointer(pointer)[0] ?? '';
  const isHidden = source !== null && isSecret(nameOf(source));
  return {
    input: shown(nameOf(source ?? target), input, isSecret),
    output: shown(nameOf(target), output, isHidden ? () => true : isSecret),
  };
}
