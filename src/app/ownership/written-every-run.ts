import { formatPointer } from '../../base/json-pointer.ts';
import type { PropertyConfig } from '../../connector/contract.ts';
import type { ProjectConfig } from '../config/project-config.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import type { AttributeWrite } from './attribute-write.ts';
import { managedType, systemAttribute } from './collections.ts';
import type { Finding } from './finding.ts';

/** Attributes that every run writes again although nothing has changed, as far as the configuration and scripts tell. */
export function writtenEveryRun(project: AnalyzedProject): readonly Finding[] {
  return project.config.mappings.flatMap((mapping) =>
    project
      .lastingOf(mapping)
      .filter(({ condition }) => condition !== 'ofTarget')
      .flatMap((write) => {
        const why = write.volatility ?? unseenReason(project, write) ?? kindReason(project, write);
        return why === null ? [] : [finding(write, why)];
      }),
  );
}

interface Why {
  readonly reason: string;
  readonly hint: string;
  readonly severity?: Finding['severity'];
}

function finding(write: AttributeWrite, why: string | Why): Finding {
  const { mapping, target, pointer, by } = write;
  const { reason, hint, severity = 'warning' } = typeof why === 'string' ? { reason: why, hint: once(target) } : why;
  const place = by === 'property' && write.volatility !== null ? `${pointer}/transform` : pointer;
  return {
    code: 'written-every-run',
    severity,
    file: mapping.file,
    pointer: place,
    message: `${formatPointer(target)} of ${mapping.target} is written again by every run of "${mapping.name}": ${reason}`,
    hint,
  };
}

function once(target: readonly string[]): string {
  const condition = `!(/target${formatPointer(target)} pr)`;
  return `Make it once: move it to "onCreate", or give the property a condition on the target: "${condition}". "lockstep check --deep" shows what is written again.`;
}

/** The target never shows the attribute, so that no run can see that it is there already. */
function unseenReason(project: AnalyzedProject, { mapping, target, condition }: AttributeWrite): Why | null {
  if (target.length !== 1) return null;
  const property = systemAttribute(project.config, mapping.target, target[0]!);
  if (property === null) return virtualReason(project, mapping.target, target[0]!);
  const flag = ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'].find((name) => property.flags.includes(name));
  if (flag !== undefined && !property.flags.includes('NOT_UPDATEABLE'))
    return {
      reason: `${mapping.target} does not show it (${flag}), so that it always looks different`,
      hint: 'Give the property a condition that passes only when the value has changed (it may look at "oldSource"), or set it in "onCreate".',
      severity: condition === 'none' ? 'warning' : 'note',
    };
  if (property.flags.includes('NOT_UPDATEABLE') && property.nativeName !== '__UID__')
    return {
      reason: `${mapping.target} does not let it be changed (NOT_UPDATEABLE), so that a difference stays`,
      hint: 'Set it in "onCreate" instead of in "properties".',
    };
  return null;
}

function virtualReason({ config }: AnalyzedProject, collection: string, attribute: string): Why | null {
  const type = config.managed.find(({ name }) => collection === `managed/${name}`);
  const property = type?.properties.find(({ name }) => name === attribute);
  if (property === undefined || !property.isVirtual || property.hooks.onRetrieve === undefined) return null;
  return {
    reason: `it is virtual, and what is read is what its onRetrieve gives, not what was written`,
    hint: 'Take it out of "properties", or out of the virtual properties of conf/managed.json.',
  };
}

/** The target reads back another kind of value than the source gives. */
function kindReason({ config }: AnalyzedProject, { mapping, target, value }: AttributeWrite): Why | null {
  if (value.kind !== 'copy' || value.source.length !== 1 || target.length !== 1) return null;
  const to = systemAttribute(config, mapping.target, target[0]!);
  const given = givenKind(config, mapping.source, value.source[0]!);
  const kept = to === null ? null : kindOf(to);
  if (given === null || kept === null || given === kept) return null;
  const areBoth = (kind: RegExp): boolean => kind.test(given) && kind.test(kept);
  if (areBoth(/^(integer|number)$/) || areBoth(/^list/)) return null;
  return {
    reason: `the source gives ${article(given)}, the target reads it back as ${article(kept)}, and the two are never equal`,
    hint: 'Declare the same type in both provisioner files, or convert the value with a "transform".',
  };
}

function givenKind(config: ProjectConfig, collection: string, attribute: string): string | null {
  const property = systemAttribute(config, collection, attribute);
  if (property !== null) return kindOf(property);
  const types = managedType(config, collection)?.properties.find(({ name }) => name === attribute)?.types ?? [];
  const type = types.length === 1 ? types[0] : undefined;
  if (type === 'array') return 'list';
  return type !== undefined && /^(string|boolean|integer|number)$/.test(type) ? type : null;
}

function kindOf({ type, itemType, flags }: PropertyConfig): string | null {
  if (type === 'array' || flags.includes('MULTIVALUED'))
    return `list of ${itemType ?? 'any'}`.replace(/^list of any$/, 'list');
  return type === 'any' || type === 'object' ? null : type;
}

function article(kind: string): string {
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}
