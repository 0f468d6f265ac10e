import { formatPointer } from '../../base/json-pointer.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { ManagedObjectConfig } from '../../managed/managed-config.ts';
import { nearestName } from '../config/nearest-name.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import { WRITING_SCRIPTS } from './attribute-write.ts';
import { managedType, systemType } from './collections.ts';
import type { Finding } from './finding.ts';
import { mayDo } from './mapping-actions.ts';

/** Attributes that the target does not have, and attributes that it needs and a new object does not get. */
export function targetSchema(project: AnalyzedProject): readonly Finding[] {
  return project.config.mappings.flatMap((mapping) => [
    ...unknownAttributes(project, mapping),
    ...missingRequired(project, mapping),
  ]);
}

/**
 * Managed types take any attribute, so that an unknown one may be meant: a warning if it looks like another one that is misspelt.
 * What external systems do not have, the reader of the configuration has told.
 */
function unknownAttributes({ config, writesOf }: AnalyzedProject, mapping: MappingConfig): readonly Finding[] {
  const type = managedType(config, mapping.target);
  const names = new Set(type?.properties.map(({ name }) => name));
  const isWhole = type !== null && isSchema(type);
  const told = new Set<string>();
  return writesOf(mapping).flatMap(({ target, pointer, by }): readonly Finding[] => {
    const name = target[0]!;
    if (names.size === 0 || names.has(name) || name.startsWith('_') || told.has(name)) return [];
    told.add(name);
    const near = nearestName(name, names);
    const isMissed =
      near !== null && name.length >= SHORT && !writesOf(mapping).some((other) => other.target[0] === near);
    if (!isWhole && !isMissed) return [];
    return [
      {
        code: 'unknown-attribute',
        severity: isMissed ? 'warning' : 'note',
        file: mapping.file,
        pointer: by === 'property' ? `${pointer}/target` : pointer,
        message: `conf/managed.json declares no "${name}" for ${mapping.target}; it is stored all the same`,
        hint: isMissed ? `Did you mean "${near}"?` : `Declare it in conf/managed.json if it is meant.`,
      },
    ];
  });
}

/** Shorter names are near to many: `sn`, `cn`. */
const SHORT = 4;

/** The newer style lists all attributes; the older one may list only those with something special. */
function isSchema({ raw }: ManagedObjectConfig): boolean {
  return 'schema' in raw;
}

function missingRequired(project: AnalyzedProject, mapping: MappingConfig): readonly Finding[] {
  if (!mayDo(mapping, 'ABSENT', ['CREATE']) && !mayDo(mapping, 'MISSING', ['CREATE'])) return [];
  if (mapping.properties.length === 0 || isOpaque(project, mapping)) return [];
  const given = new Set(project.writesOf(mapping).map(({ target }) => target[0]!));
  return requiredOf(project, mapping)
    .filter((name) => !given.has(name))
    .map((name) => ({
      code: 'missing-required',
      severity: 'warning',
      file: mapping.file,
      pointer: `${mapping.pointer}/properties`,
      message: `${mapping.target} requires "${name}", which "${mapping.name}" does not set: every create will be refused`,
      hint: `Add a property with "target": "${formatPointer([name]).slice(1)}", or set it in "onCreate".`,
    }));
}

/** A script may set anything. */
function isOpaque({ effectsOf }: AnalyzedProject, { scripts }: MappingConfig): boolean {
  return WRITING_SCRIPTS.some((name) => {
    const script = scripts[name];
    if (script === undefined) return false;
    const effects = effectsOf(script);
    return effects === null ? script.file?.startsWith('roles/') !== true : effects.escaping.has('target');
  });
}

function requiredOf({ config }: AnalyzedProject, { target }: MappingConfig): readonly string[] {
  const type = systemType(config, target);
  if (type === null) return requiredOfManaged(managedType(config, target), config.bootProperties);
  return Object.entries(type.properties)
    .filter(([, { isRequired, flags, nativeName }]) => {
      const isNeeded = (isRequired || flags.includes('REQUIRED')) && !flags.includes('NOT_CREATABLE');
      return isNeeded && nativeName !== '__UID__';
    })
    .map(([name]) => name);
}

/** A hook of the type may set what is missing, and nothing is required when policies are off. */
function requiredOfManaged(
  type: ManagedObjectConfig | null,
  bootProperties: Readonly<Record<string, string>>,
): readonly string[] {
  if (type === null || bootProperties['openidm.policy.enforcement.enabled'] === 'false') return [];
  return type.properties.filter(({ isRequired, isVirtual }) => isRequired && !isVirtual).map(({ name }) => name);
}
