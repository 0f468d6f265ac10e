import { formatPointer } from '../../base/json-pointer.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import { overlap, placeOf, sourcesOf, type AttributeWrite } from './attribute-write.ts';
import { components } from './components.ts';
import type { Finding } from './finding.ts';

/**
 * Values that come back to where they came from: A.mail → B.mail → A.mail. Copies come to rest; what is computed on the way may
 * be computed again from its own result, for ever.
 */
export function flowCycles(project: AnalyzedProject): readonly Finding[] {
  const writes = project.config.mappings.flatMap((mapping) => project.lastingOf(mapping));
  const readers = readersByPlace(writes);
  const next = (write: AttributeWrite): readonly AttributeWrite[] =>
    (readers.get(placeKey(write.mapping.target, write.target)) ?? []).filter((other) =>
      sourcesOf(other).some((source) => overlap(write.target, source)),
    );
  const cycles = components(writes, next);
  const unstable = cycles.filter((cycle) => reasonOf(cycle) !== null);
  const calm = Map.groupBy(
    cycles.filter((cycle) => reasonOf(cycle) === null),
    (cycle) => mappingNames(cycle).join('\0'),
  );
  return [...unstable.map((cycle) => unstableFinding(cycle, next, writes)), ...[...calm.values()].map(calmFinding)];
}

/** Writes by the collection and top-level attribute that they read. */
function readersByPlace(writes: readonly AttributeWrite[]): ReadonlyMap<string, readonly AttributeWrite[]> {
  const readers = new Map<string, AttributeWrite[]>();
  for (const write of writes)
    for (const key of new Set(sourcesOf(write).map((source) => placeKey(write.mapping.source, source)))) {
      const known = readers.get(key);
      if (known === undefined) readers.set(key, [write]);
      else known.push(write);
    }
  return readers;
}

function placeKey(collection: string, tokens: readonly string[]): string {
  return `${collection}\0${tokens[0]}`;
}

/** Why the values may never come to rest; null: they do. */
function reasonOf(cycle: readonly AttributeWrite[]): string | null {
  const computed = cycle.find(({ value }) => value.kind === 'computed');
  if (computed !== undefined)
    return `${placeOf(computed.mapping.target, computed.target)} is computed from what comes back to it`;
  const methods = new Set(cycle.flatMap(({ value }) => (value.kind === 'normalized' ? [value.method] : [])));
  if (methods.size > 1) return `${[...methods].join(' and ')} change it back and forth`;
  const places = Map.groupBy(cycle, ({ mapping }) => mapping.target);
  const exchanged = [...places.values()].find((group) =>
    group.some(({ target }) => !overlap(target, group[0]!.target)),
  );
  if (exchanged === undefined) return null;
  const names = [...new Set(exchanged.map(({ target }) => formatPointer(target)))].join(' and ');
  return `${names} of ${exchanged[0]!.mapping.target} are exchanged each time`;
}

function unstableFinding(
  cycle: readonly AttributeWrite[],
  next: (write: AttributeWrite) => readonly AttributeWrite[],
  writes: readonly AttributeWrite[],
): Finding {
  const first = cycle.find(({ value }) => value.kind === 'computed') ?? cycle[0]!;
  const { mapping, pointer, target } = first;
  return {
    code: 'unstable-cycle',
    severity: 'warning',
    file: mapping.file,
    pointer,
    message: `values go round and may never come to rest: ${wayBack(first, cycle, next)}; ${reasonOf(cycle)}`,
    hint: `Declare where the value is made, so that it flows one way: "ownership": {"${mapping.target}": {"${target.join('/')}": "${ownerFor(first, cycle, writes)}"}} in conf/lockstep.json. "lockstep check --deep" tries out whether it comes to rest.`,
  };
}

/** A mapping that brings the value from outside of the cycle; else the collection itself. */
function ownerFor(
  { mapping, target }: AttributeWrite,
  cycle: readonly AttributeWrite[],
  writes: readonly AttributeWrite[],
): string {
  const names = new Set(cycle.map((write) => write.mapping.name));
  const other = writes.find(
    (write) =>
      write.mapping.target === mapping.target && overlap(write.target, target) && !names.has(write.mapping.name),
  );
  return other?.mapping.name ?? mapping.target;
}

/** The shortest way from a write back to itself, in words. */
function wayBack(
  first: AttributeWrite,
  cycle: readonly AttributeWrite[],
  next: (write: AttributeWrite) => readonly AttributeWrite[],
): string {
  const before = new Map<AttributeWrite, AttributeWrite>();
  const waiting = [first];
  for (let write = waiting.shift(); write !== undefined && !before.has(first); write = waiting.shift())
    for (const following of next(write))
      if (cycle.includes(following) && !before.has(following)) {
        before.set(following, write);
        waiting.push(following);
      }
  const way: AttributeWrite[] = [first];
  for (let write = before.get(first); write !== undefined && write !== first; write = before.get(write))
    way.unshift(write);
  const start = placeOf(way.at(-1)!.mapping.target, way.at(-1)!.target);
  return [start, ...way.map(({ mapping, target }) => `(${mapping.name}) ${placeOf(mapping.target, target)}`)].join(
    ' → ',
  );
}

function calmFinding(cycles: readonly (readonly AttributeWrite[])[]): Finding {
  const first = cycles[0]![0]!;
  const { mapping } = first;
  const names = mappingNames(cycles[0]!);
  const attributes = cycles.map((cycle) => formatPointer(cycle.find((write) => write.mapping === mapping)!.target));
  return {
    code: 'cycle-at-rest',
    severity: 'note',
    file: mapping.file,
    pointer: first.pointer,
    message: `${attributes.join(', ')} of ${mapping.target} go both ways (${names.join(', ')}): copies, so that they come to rest; which side wins depends on what runs first`,
    hint: `If one side is always right, say so: "ownership": {"${mapping.target}": {"${first.target.join('/')}": "${mapping.target}"}} in conf/lockstep.json lets mappings set it in new objects only.`,
  };
}

function mappingNames(cycle: readonly AttributeWrite[]): readonly string[] {
  return [...new Set(cycle.map(({ mapping }) => mapping.name))].toSorted();
}
