import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { Situation } from '../../model/situation.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import type { Finding } from './finding.ts';
import { linkTypeOf, mayDo } from './mapping-actions.ts';
import { whyImpossible } from './possible-situations.ts';

/** Deletions that go further than the mapping that makes them. */
export function deletions(project: AnalyzedProject): readonly Finding[] {
  return [...cascades(project), ...deletesOfOthers(project)];
}

/** Situations in which something has ended: policies may answer with DELETE. */
const ENDED: readonly Situation[] = ['SOURCE_MISSING', 'UNQUALIFIED', 'UNASSIGNED', 'TARGET_IGNORED', 'AMBIGUOUS'];

function deletes(mapping: MappingConfig): readonly Situation[] {
  return ENDED.filter(
    (situation) => whyImpossible(mapping, situation) === null && mayDo(mapping, situation, ['DELETE']),
  );
}

/**
 * A deletes in B, and what is gone from B is deleted in C. Usual for what leaves its source of truth, and dangerous where nothing
 * holds it: a warning if the guard of one of the mappings lets any number pass, or if it comes back to where it came from. Guards count
 * the deletes of runs, also those that a run causes in the next mapping; what comes one by one is counted by none.
 */
function cascades({ config }: AnalyzedProject): readonly Finding[] {
  const { mappings } = config;
  return mappings.flatMap((first) =>
    mappings.flatMap((next) => {
      if (next === first || next.source !== first.target || !deletes(next).includes('SOURCE_MISSING')) return [];
      const situations = passedOn(first, next, mappings);
      return situations.length === 0 ? [] : [cascade(config, first, next, situations)];
    }),
  );
}

/** On the way back, an object whose source is gone has nothing left to lose; and one without a link is not known. */
function passedOn(first: MappingConfig, next: MappingConfig, mappings: readonly MappingConfig[]): readonly Situation[] {
  const all = deletes(first);
  if (next.target !== first.source) return all;
  const sharesLinks = linkTypeOf(first, mappings).name === linkTypeOf(next, mappings).name;
  return all.filter((situation) => situation !== 'SOURCE_MISSING' && !(sharesLinks && situation === 'UNASSIGNED'));
}

function cascade(
  { lockstep }: AnalyzedProject['config'],
  first: MappingConfig,
  next: MappingConfig,
  situations: readonly Situation[],
): Finding {
  const open = [first, next].filter(isUnguarded).map(({ name }) => `"${name}"`);
  const isBack = next.target === first.source;
  const passes = (mapping: MappingConfig): boolean => isPushed(mapping, lockstep.implicitSync.enabled);
  const held =
    open.length === 0 ? heldBy(next, passes(next)) : `the guard of ${open.join(' and ')} lets any number pass`;
  const where = isBack ? `${next.target}, where it came from` : `${next.target}, too`;
  return {
    code: 'cascading-delete',
    severity: open.length === 0 && !isBack ? 'note' : 'warning',
    file: next.file,
    pointer: deletePointer(next, 'SOURCE_MISSING'),
    message: `what "${first.name}" deletes in ${first.target} (${situations.join(', ')}), "${next.name}" deletes in ${where}; ${held}${passes(next) ? singly(first, passes(first)) : ''}`,
    hint:
      open.length === 0
        ? 'If that is not meant, answer SOURCE_MISSING with UNLINK, or with an action script that disables the account.'
        : 'Set limits: "guard": {"maxDeletes": …, "maxDeletePercent": …} in the mapping or in conf/lockstep.json.',
  };
}

/** Whether changes of its source go through it by themselves (docs/spec/implicit-sync.md). */
function isPushed({ source, enableSync }: MappingConfig, isEnabled: boolean): boolean {
  return isEnabled && enableSync && source.startsWith('managed/');
}

function heldBy(next: MappingConfig, isPassedOn: boolean): string {
  if (!isPassedOn) return 'the guards of both hold unusual numbers';
  return `the guards of both hold unusual numbers that a run makes, that of "${next.name}" when they are pushed on: they wait in sync/queue`;
}

/** What comes through implicit synchronization or LiveSync comes alone. */
function singly(first: MappingConfig, isPassedOn: boolean): string {
  const isLive = first.enableSync && first.source.startsWith('system/');
  if (!isPassedOn && !isLive) return '';
  const way = isLive ? 'LiveSync' : 'implicit synchronization';
  return `; what ${way} deletes through "${first.name}" is passed on one by one, and no guard counts it`;
}

function isUnguarded({ guard }: MappingConfig): boolean {
  return !guard.isEnabled || (guard.delete.max === null && guard.delete.maxPercent === null);
}

function deletePointer({ policies, pointer }: MappingConfig, situation: Situation): string {
  return policies.find((policy) => policy.situation === situation)?.pointer ?? pointer;
}

/** Objects that another mapping made have no link of this one: to it, they are unassigned. */
function deletesOfOthers({ config }: AnalyzedProject): readonly Finding[] {
  const { mappings } = config;
  return mappings.flatMap((mapping) => {
    if (mapping.runTargetPhase === false || !mayDo(mapping, 'UNASSIGNED', ['DELETE'])) return [];
    const others = mappings.filter((other) => other !== mapping && makesObjectsOf(other, mapping, mappings));
    if (others.length === 0 || mapping.scripts.validTarget !== undefined || mapping.targetQuery.query.kind !== 'all')
      return [];
    const names = others.map(({ name }) => `"${name}"`).join(', ');
    return [
      {
        code: 'deletes-of-others' as const,
        severity: 'warning' as const,
        file: mapping.file,
        pointer: deletePointer(mapping, 'UNASSIGNED'),
        message: `"${mapping.name}" deletes every object of ${mapping.target} that it has not linked itself, also those that ${names} created`,
        hint: 'Answer UNASSIGNED with IGNORE or REPORT, or say with "validTarget" or "targetQuery" which objects are this mapping\'s.',
      },
    ];
  });
}

function makesObjectsOf(other: MappingConfig, mapping: MappingConfig, mappings: readonly MappingConfig[]): boolean {
  const sharesLinks = linkTypeOf(other, mappings).name === linkTypeOf(mapping, mappings).name;
  return other.target === mapping.target && !sharesLinks && mayDo(other, 'ABSENT', ['CREATE']);
}
