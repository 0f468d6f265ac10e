import { formatPointer } from '../../base/json-pointer.ts';
import type { CorrelationConfig, MappingConfig } from '../../mapping/mapping-config.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import { overlap, type AttributeWrite } from './attribute-write.ts';
import { isMadeOf, keysOf, type Key } from './correlation-keys.ts';
import type { Finding } from './finding.ts';
import { attaches } from './mapping-actions.ts';
import { stableAttributes, type IsStable } from './stable-attributes.ts';

/**
 * Correlation by attributes that change after objects were linked. An object whose key has changed is not found again when its
 * link is lost, or is found by somebody who was given the old value (a mail address that is used again).
 */
export function mutableKeys(project: AnalyzedProject): readonly Finding[] {
  const isStable = stableAttributes(project);
  return project.config.mappings.filter(attaches).flatMap((mapping) =>
    mapping.correlation.flatMap((correlation) => {
      const keys = keysOf(project, correlation).filter(({ target }) => !isStable(mapping.target, target));
      return findingsOf(
        mapping,
        correlation,
        keys.map((key) => writersOf(project, mapping, key, isStable)),
      );
    }),
  );
}

interface WrittenKey {
  readonly key: Key;
  /** Mappings that write it, but not from what the query compares it with. */
  readonly strange: readonly string[];
  readonly isOwn: boolean;
}

function writersOf(project: AnalyzedProject, mapping: MappingConfig, key: Key, isStable: IsStable): WrittenKey {
  const writers = project.config.mappings
    .filter(({ target }) => target === mapping.target)
    .flatMap((one) => project.lastingOf(one))
    .filter(({ target }) => overlap(target, key.target));
  const strange = writers.filter((write) => !isConsistent(write, mapping, key, isStable));
  const isOwn = writers.some((write) => write.mapping === mapping && !strange.includes(write));
  return { key, strange: strange.map((write) => write.mapping.name), isOwn };
}

function findingsOf(
  mapping: MappingConfig,
  correlation: CorrelationConfig,
  keys: readonly WrittenKey[],
): readonly Finding[] {
  const place = { file: mapping.file, pointer: pointerOf(correlation), code: 'mutable-key' as const, hint: HINT };
  const strange = keys.filter((one) => one.strange.length > 0);
  const own = keys.filter((one) => one.strange.length === 0 && one.isOwn);
  const found: Finding[] = [];
  if (strange.length > 0) {
    const names = [...new Set(strange.flatMap((one) => one.strange))].map((name) => `"${name}"`).join(', ');
    const message = `"${mapping.name}" correlates by ${nameOf(mapping, strange)}, which ${names} changes: an object that lost its link is not found again, and a value that is given out twice finds the wrong one`;
    found.push({ ...place, severity: 'warning', message });
  }
  if (own.length > 0) found.push({ ...place, ...ofOwn(mapping, own) });
  return found;
}

function nameOf({ target }: MappingConfig, keys: readonly WrittenKey[]): string {
  return `${[...new Set(keys.map(({ key }) => formatPointer(key.target)))].join(', ')} of ${target}`;
}

/** What people change with their name, desk or job. A mail address is given to the next one, too. */
const CHANGES =
  /^(e?_?mail|sn|cn|dn|mobile|title|department|name|.*(mail|phone)(address|number)?|(given|first|last|full|sur|display|common|distinguished)_?name)$/i;

/** The mapping keeps the key and the source in step, so that only a lost link or a value that is given out again does harm. */
function ofOwn(mapping: MappingConfig, keys: readonly WrittenKey[]): Pick<Finding, 'severity' | 'message'> {
  const { enableLinking } = mapping;
  const isRisky = !enableLinking || keys.every(({ key }) => CHANGES.test(key.target.at(-1)!));
  const risk = enableLinking
    ? 'links take care of that, unless they are lost or the value is given to somebody else'
    : 'without links ("enableLinking": false) a source object whose value changes gets a second target';
  const message = `"${mapping.name}" correlates by ${nameOf(mapping, keys)}, which follows an attribute of the source that may change: ${risk}`;
  return { severity: isRisky ? 'warning' : 'note', message };
}

const HINT =
  'Correlate by an identifier that is never changed nor given out twice: an employee number, entryUUID, objectGUID.';

/** It never changes, or the mapping itself copies to the key what the query compares it with. */
function isConsistent(write: AttributeWrite, mapping: MappingConfig, key: Key, isStable: IsStable): boolean {
  const { value } = write;
  const isCopy = value.kind === 'copy' || value.kind === 'normalized';
  if (isCopy && isStable(write.mapping.source, value.source)) return true;
  return write.mapping === mapping && isMadeOf(write, key);
}

function pointerOf(correlation: CorrelationConfig): string {
  return correlation.kind === 'tree' ? correlation.pointer : correlation.script.pointer;
}
