import type { Json } from '../../base/json.ts';
import type { ProjectConfig } from '../config/project-config.ts';
import type { Finding } from '../ownership/finding.ts';
import { secretsOf, shown } from '../secrets.ts';
import type { TriedMapping } from './deep-check.ts';
import type { Rewrite } from './rewrite.ts';

const MAX_SHOWN = 80;

/** The mapping undoes or repeats its own work. */
export function againFinding(config: ProjectConfig, rewrite: Rewrite): Finding {
  const { mapping, attribute, objects } = rewrite;
  if (attribute === null)
    return {
      ...placeOf(rewrite),
      code: 'duplicates',
      severity: 'warning',
      message: `a second run of "${mapping.name}" would create ${objectsOf(objects)} in ${mapping.target} once more, e.g. for ${mapping.source}/${rewrite.example.sourceId}`,
      hint: 'Let it find what it made: with links ("enableLinking": true), or with a "correlationQuery" that finds it.',
    };
  return {
    ...placeOf(rewrite),
    code: 'written-every-run',
    severity: 'warning',
    message: `a second run of "${mapping.name}" would write "${attribute}" of ${objectsOf(objects)} in ${mapping.target} again${exampleOf(config, rewrite)}`,
    hint: 'The value differs each time, or the target does not keep it as it is written. Make it depend on the source alone, or write it under a condition.',
  };
}

/** What kept a mapping from being tried, in whole or in part. */
export function triedFindings({ mapping, objects, failed, firstFault, error }: TriedMapping): readonly Finding[] {
  const place = { file: mapping.file, pointer: mapping.pointer, code: 'not-tried', severity: 'warning' } as const;
  if (error !== null) {
    const hint = 'Mend what it says and check again.';
    return [{ ...place, message: `"${mapping.name}" could not be tried: ${error}`, hint }];
  }
  if (failed === 0) return [];
  const hint = `"lockstep plan ${mapping.name}" shows all of them.`;
  return [{ ...place, message: `${failed} of ${objects} objects of "${mapping.name}" fail, e.g. ${firstFault}`, hint }];
}

/** Mappings that never come to rest together. What only follows from something that is told already is left out. */
export function restlessFindings(
  config: ProjectConfig,
  restless: readonly Rewrite[],
  again: readonly Rewrite[],
): readonly Finding[] {
  return restless
    .filter((one) => !again.some((told) => told.mapping === one.mapping && told.attribute === one.attribute))
    .filter((one) => !again.some((told) => follows(one, told)))
    .map((one) => restlessFinding(config, one, restless));
}

/** The attribute is made of one that changes each time. */
function follows({ mapping, attribute }: Rewrite, told: Rewrite): boolean {
  return (
    told.mapping.target === mapping.source &&
    mapping.properties.some(
      ({ source, target }) =>
        (attribute === null || target[0] === attribute) &&
        source !== null &&
        (source.length === 0 || told.attribute === null || source[0] === told.attribute),
    )
  );
}

function restlessFinding(config: ProjectConfig, rewrite: Rewrite, restless: readonly Rewrite[]): Finding {
  const { mapping, attribute, objects } = rewrite;
  const others = restless.filter((one) => one.mapping !== mapping && isOfTheSame(one, rewrite));
  const names = [...new Set(others.map((one) => `"${one.mapping.name}"`))];
  const by = names.length === 0 ? '' : `, and so does ${names.join(', ')}`;
  const verb = attribute === null ? 'creates' : `writes "${attribute}" of`;
  const example = attribute === null ? '' : exampleOf(config, rewrite);
  return {
    ...placeOf(rewrite),
    code: 'never-at-rest',
    severity: 'warning',
    message: `however often the mappings run, "${mapping.name}" ${verb} ${objectsOf(objects)} in ${mapping.target} again${by}${example}`,
    hint:
      attribute === null
        ? 'Share the links of mappings that go both ways ("links"), or let each find what is there with a "correlationQuery".'
        : `Say who owns it: "ownership": {"${mapping.target}": {"${attribute}": …}} in conf/lockstep.json.`,
  };
}

function isOfTheSame(one: Rewrite, other: Rewrite): boolean {
  return one.mapping.target === other.mapping.target && one.attribute === other.attribute;
}

function placeOf({ mapping, attribute }: Rewrite): Pick<Finding, 'file' | 'pointer'> {
  const property = mapping.properties.findLast(({ target }) => target[0] === attribute);
  const { onUpdate, defaultMapping } = mapping.scripts;
  const script = attribute === null ? undefined : (onUpdate ?? defaultMapping);
  return { file: mapping.file, pointer: property?.pointer ?? script?.pointer ?? mapping.pointer };
}

function objectsOf(count: number): string {
  return count === 1 ? '1 object' : `${count} objects`;
}

function exampleOf(config: ProjectConfig, { mapping, attribute, example }: Rewrite): string {
  const isSecret = secretsOf(config);
  const [before, after] = [example.before, example.after].map((value) =>
    textOf(shown(attribute ?? '', value, isSecret)),
  );
  const from = example.sourceId === null ? '' : ` (from ${mapping.source}/${example.sourceId})`;
  return `, e.g. ${mapping.target}/${example.targetId}${from}: ${before} → ${after}`;
}

function textOf(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
