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
 * holds it: a warning if the guard of one of the mappings lets any number pass, or if it comes back to where it came from.
 */
function cascades({ config }: AnalyzedProject): readonly Finding[] {
  const { mappings } = config;
  return mappings.flatMap((first) =>
    mappings.flatMap((next) => {
      if (next === first || next.source !== first.target || !deletes(next).includes('SOURCE_MISSING')) return [];
      const situations = passedOn(first, next, mappings);
      return situations.length === 0 ? [] : [cascade(first, next, situations)];
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

function cascade(first: MappingConfig, next: MappingConfig, situations: readonly Situation[]): Finding {
  const open = [first, next].filter(isUnguarded).map(({ name }) => `"${name}"`);
  const isBack = next.target === first.source;
  const held =
    open.length === 0
      ? 'the guards of both hold unusual numbers'
      : `the guard of ${open.join(' and ')} lets any number pass`;
  const where = isBack ? `${next.target}, where it came from` : `${next.target}, too`;
  return {
    code: 'cascading-delete',
    severity: open.length === 0 && !isBack ? 'note' : 'warning',
    file: next.file,
    pointer: deletePointer(next, 'SOURCE_MISSING'),
    message: `what "${first.name}" deletes in ${first.target} (${situations.join(', ')}), "${next.name}" deletes in ${where}; ${held}`,
    hint:
      open.length === 0
        ? 'If that is not meant, answer SOURCE_MISSING with UNLINK, or with an action script that disables the account.'
        : 'Set limits: "guard": {"maxDeletes": …, "maxDeletePercent": …} in the mapping or in conf/lockstep.json.',
  };
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
