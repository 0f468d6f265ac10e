import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import { reach } from './components.ts';
import type { Finding } from './finding.ts';
import { hasValidity, linkTypeOf, mayDo } from './mapping-actions.ts';

/**
 * Mappings that do not recognise what came from their own target by another way, and create it a second time: they neither
 * correlate nor share their links with the mapping back. And mappings whose targets are sources of their own.
 */
export function duplicates({ config }: AnalyzedProject): readonly Finding[] {
  const creating = config.mappings.filter((mapping) => mayDo(mapping, 'ABSENT', ['CREATE']));
  return creating.flatMap((mapping): readonly Finding[] => {
    if (mapping.source === mapping.target) return hasValidity(mapping) || isQueried(mapping) ? [] : [ofItself(mapping)];
    if (mapping.correlation.length > 0) return [];
    const others = creating.filter((other) => other !== mapping && !isWayBackOf(other, mapping, config.mappings));
    const back = wayBack(mapping, others);
    return back === null ? [] : [finding(mapping, back)];
  });
}

function isQueried({ sourceQuery }: MappingConfig): boolean {
  return sourceQuery.query.kind !== 'all';
}

function isWayBackOf(other: MappingConfig, mapping: MappingConfig, mappings: readonly MappingConfig[]): boolean {
  const [one, two] = [linkTypeOf(other, mappings), linkTypeOf(mapping, mappings)];
  return mapping.enableLinking && one.name === two.name && one.isReversed !== two.isReversed;
}

/** The mappings through which a target of the mapping may become a source of it; null if there is no way. */
function wayBack(mapping: MappingConfig, others: readonly MappingConfig[]): readonly MappingConfig[] | null {
  const from = others.filter(({ source }) => source === mapping.target);
  const next = (one: MappingConfig): readonly MappingConfig[] => others.filter(({ source }) => source === one.target);
  const reached = from.flatMap((one) => reach(one, next));
  const last = reached.find(({ target }) => target === mapping.source);
  return last === undefined ? null : [...new Set(reached)].filter((one) => reach(one, next).includes(last));
}

function finding(mapping: MappingConfig, back: readonly MappingConfig[]): Finding {
  const names = back.map(({ name }) => `"${name}"`).join(', ');
  return {
    code: 'duplicates',
    severity: 'warning',
    file: mapping.file,
    pointer: mapping.pointer,
    message: `"${mapping.name}" does not recognise objects that ${names} brought from ${mapping.target} to ${mapping.source}: it creates each a second time`,
    hint: `Share the links ("links": "${mapping.name}" in the mapping back), or add a "correlationQuery".`,
  };
}

function ofItself(mapping: MappingConfig): Finding {
  return {
    code: 'duplicates',
    severity: 'warning',
    file: mapping.file,
    pointer: mapping.pointer,
    message: `"${mapping.name}" reads ${mapping.source} and creates there: what it creates is a source of the next run, without end`,
    hint: 'Say with "sourceCondition" or "validSource" which objects are sources.',
  };
}
