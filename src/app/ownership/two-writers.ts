import { deepEqual } from '../../base/json.ts';
import { formatPointer } from '../../base/json-pointer.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import { overlap, type AttributeWrite } from './attribute-write.ts';
import { isKeyWrite } from './correlation-keys.ts';
import type { Finding } from './finding.ts';
import { attaches } from './mapping-actions.ts';
import { meetingOf, type Meeting } from './same-objects.ts';
import { stableAttributes } from './stable-attributes.ts';

/**
 * Attributes that two mappings write on update while nobody is declared to own them: in objects that both may have, each run of one
 * undoes what the other did. One finding per attribute; a note per pair of mappings that write only what they made themselves.
 */
export function twoWriters(project: AnalyzedProject): readonly Finding[] {
  const { mappings } = project.config;
  const isAgreed = agreedKeys(project);
  return mappings.flatMap((mapping, i) => {
    const before = mappings.slice(0, i);
    const meeting = (wanted: Meeting): readonly MappingConfig[] =>
      before.filter((other) => meetingOf(mapping, other, mappings) === wanted);
    return [
      ...contests(project, mapping, meeting('same'), isAgreed).map(({ write, others }) => contested(write, others)),
      ...meeting('own').flatMap((other) => besideEachOther(other, contests(project, mapping, [other], isAgreed))),
    ];
  });
}

interface Contest {
  readonly write: AttributeWrite;
  readonly others: readonly AttributeWrite[];
}

/** By attribute, what a mapping and its rivals both write. */
function contests(
  project: AnalyzedProject,
  mapping: MappingConfig,
  rivals: readonly MappingConfig[],
  isAgreed: (write: AttributeWrite) => boolean,
): readonly Contest[] {
  const theirs = Map.groupBy(
    rivals.flatMap((rival) => project.lastingOf(rival)),
    ({ target }) => target[0]!,
  );
  const found = new Map<string, Contest>();
  for (const write of theirs.size === 0 ? [] : project.lastingOf(mapping)) {
    const others = (theirs.get(write.target[0]!) ?? []).filter(
      (other) => isContested(write, other) && !(isAgreed(write) && isAgreed(other) && oneFinds(write, other)),
    );
    const key = formatPointer(write.target);
    if (others.length > 0 && !found.has(key)) found.set(key, { write, others });
  }
  return [...found.values()];
}

/** Whether a write gives the key by which its mapping finds objects, and which never changes: two such writes cannot differ. */
function agreedKeys(project: AnalyzedProject): (write: AttributeWrite) => boolean {
  const isStable = stableAttributes(project);
  const agreed = project.writes.filter((write) => {
    const { mapping, value } = write;
    if (value.kind !== 'copy' || (attaches(mapping) && !isKeyWrite(project, write))) return false;
    return isStable(mapping.source, value.source);
  });
  const known = new Set(agreed);
  return (write) => known.has(write);
}

/** Objects that neither finds, both make: the key says nothing about them. */
function oneFinds(one: AttributeWrite, other: AttributeWrite): boolean {
  return attaches(one.mapping) || attaches(other.mapping);
}

function isContested(one: AttributeWrite, other: AttributeWrite): boolean {
  if (!overlap(one.target, other.target)) return false;
  const isSame = one.target.length === other.target.length;
  if (isSame && one.value.kind === 'constant' && other.value.kind === 'constant')
    return !deepEqual(one.value.value, other.value.value);
  return !isDividedWithin(one, other);
}

/** An entry for the object around it leaves alone what is declared to belong to the other. */
function isDividedWithin(one: AttributeWrite, other: AttributeWrite): boolean {
  const leaves = (write: AttributeWrite, place: readonly string[]): boolean =>
    (write.mapping.notOwned ?? []).some(({ target }) => target.every((token, i) => place[i] === token));
  return leaves(one, other.target) || leaves(other, one.target);
}

function contested(write: AttributeWrite, others: readonly AttributeWrite[]): Finding {
  const { mapping, target, pointer } = write;
  const attribute = formatPointer(target.slice(0, 1)).slice(1);
  const names = [...new Set([...others.map((other) => other.mapping.name), mapping.name])];
  const quoted = names.map((name) => `"${name}"`).join(' and ');
  const places = others.map((other) => `${other.mapping.file} ${other.pointer}`).join(', ');
  const some = [write, ...others].some(({ condition }) => condition !== 'none')
    ? ' (some of them under a condition)'
    : '';
  return {
    code: 'two-writers',
    severity: 'warning',
    file: mapping.file,
    pointer,
    message: `${formatPointer(target)} of ${mapping.target} is written by ${quoted}${some}, and none is declared to own it: the last one to run wins`,
    hint: `Also written at ${places}. Say who owns it in conf/lockstep.json: "ownership": {"${mapping.target}": {"${attribute}": "${names[0]}"}}, or with "authoritative" in the mapping.`,
  };
}

function besideEachOther(other: MappingConfig, contests: readonly Contest[]): readonly Finding[] {
  const [first] = contests;
  if (first === undefined) return [];
  const { mapping, pointer } = first.write;
  const attributes = contests.map(({ write }) => formatPointer(write.target)).join(', ');
  return [
    {
      code: 'two-writers',
      severity: 'note',
      file: mapping.file,
      pointer,
      message: `"${other.name}" and "${mapping.name}" both write ${attributes} of ${mapping.target}: neither correlates, so that each writes only objects that it made itself, and what both know is there twice`,
      hint: 'If they are about the same objects, add a "correlationQuery" and declare who owns these attributes.',
    },
  ];
}
