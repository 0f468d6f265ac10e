import type { GuardConfig } from '../../mapping/mapping-config.ts';
import { checkSchema } from './check-schema.ts';
import { entries, items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import type { LoadedFile } from './loaded-file.ts';
import { didYouMean } from './nearest-name.ts';
import type { LockstepConfig } from './project-config.ts';
import type { ProjectFacts } from './project-facts.ts';
import { readGuard } from './read-guard.ts';
import { readLockstep } from './read-lockstep.ts';
import { lockstepSchema, type LockstepJson } from './schema-lockstep.ts';
import { insideProject } from './script-files.ts';

export interface LoadedLockstep {
  readonly config: LockstepConfig;
  /** Limits for a mapping that says nothing itself. */
  readonly guardOf: (mapping: string) => GuardConfig;
  readonly searchableOf: (managedType: string) => readonly string[];
}

export function loadLockstep(
  file: LoadedFile | null,
  facts: ProjectFacts,
  sync: JsonNode | null,
  findings: Findings,
): LoadedLockstep | null {
  if (file === null) return finish(lockstepSchema.parse({}));
  if (file.root === null) return null;
  checkNames(file.root, facts, sync, findings);
  const json = checkSchema(lockstepSchema, file.root, file, findings);
  return json === null ? null : finish(json);
}

function finish(json: LockstepJson): LoadedLockstep {
  const config = readLockstep(json);
  const own = <T>(record: Readonly<Record<string, T>>, key: string) =>
    Object.hasOwn(record, key) ? record[key] : undefined;
  return {
    config,
    guardOf: (mapping) => readGuard(config.guard, own(json.mappings, mapping)?.guard),
    searchableOf: (type) => own(json.managed, type)?.searchable ?? [],
  };
}

function checkNames(root: JsonNode, facts: ProjectFacts, sync: JsonNode | null, findings: Findings): void {
  const mappings = sync === null ? [] : items(member(sync, 'mappings')).map((one) => textOf(member(one, 'name')) ?? '');
  for (const [name, node] of entries(member(root, 'mappings')))
    if (sync !== null && !mappings.includes(name))
      report(findings, 'warning', node, `there is no mapping "${name}"`, didYouMean(name, mappings));
  for (const node of items(member(root, 'startup'))) {
    const name = textOf(node);
    if (name !== null && name !== '' && sync !== null && !mappings.includes(name))
      report(findings, 'error', node, `there is no mapping "${name}"`, didYouMean(name, mappings));
  }
  for (const [type, node] of entries(member(root, 'managed')))
    if (facts.managed?.has(type) === false)
      report(findings, 'warning', node, `there is no managed type "${type}"`, didYouMean(type, facts.managed));
  checkLoginCollection(root, facts, findings);
  const file = member(member(root, 'repository'), 'file');
  const text = textOf(file);
  if (text !== null && text !== '' && insideProject('/project', text) === null && !text.startsWith('/'))
    report(
      findings,
      'warning',
      file,
      'the repository is outside of the project directory',
      'Back it up with the project.',
    );
}

function checkLoginCollection(root: JsonNode, facts: ProjectFacts, findings: Findings): void {
  const node = member(member(member(root, 'security'), 'managedUsers'), 'collection');
  const type = /^managed\/(.+)$/.exec(textOf(node) ?? '')?.[1];
  if (type !== undefined && facts.managed?.has(type) === false)
    report(findings, 'error', node, `there is no managed type "${type}"`, didYouMean(type, facts.managed));
}
