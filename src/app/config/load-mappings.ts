import { isJsonObject } from '../../base/json.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import { checkMappings } from './check-mappings.ts';
import { checkSchema } from './check-schema.ts';
import { items, member, type Findings } from './json-node.ts';
import type { LoadedLockstep } from './load-lockstep.ts';
import type { LoadedFile } from './loaded-file.ts';
import type { ProjectFacts } from './project-facts.ts';
import { readMapping } from './read-mapping.ts';
import { syncSchema } from './schema-sync.ts';

/** Null if there is an error. Without the file there are no mappings. */
export function loadMappings(
  file: LoadedFile | null,
  facts: ProjectFacts,
  lockstep: LoadedLockstep | null,
  findings: Findings,
): readonly MappingConfig[] | null {
  if (file === null) {
    const message = 'there is no conf/sync.json, so there are no mappings';
    findings.push({ severity: 'warning', file: 'conf', pointer: '', message });
    return [];
  }
  if (file.root === null) return null;
  const errorsBefore = countErrors(findings);
  checkMappings(file.root, facts, findings);
  const json = checkSchema(syncSchema, file.root, file, findings);
  if (json === null || lockstep === null || countErrors(findings) > errorsBefore) return null;
  const raw = items(member(file.root, 'mappings'));
  return json.mappings.map((mapping, i) =>
    readMapping(mapping, {
      raw: isJsonObject(raw[i]?.value) ? raw[i].value : {},
      file: file.file,
      pointer: `/mappings/${i}`,
      guard: lockstep.guardOf(mapping.name),
      hasScript: (name) => facts.scripts.find(name).kind === 'file',
    }),
  );
}

function countErrors(findings: Findings): number {
  return findings.filter((finding) => finding.severity === 'error').length;
}
