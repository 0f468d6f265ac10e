import { isJsonObject } from '../../base/json.ts';
import type { ManagedObjectConfig } from '../../managed/managed-config.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import { checkManaged } from './check-managed.ts';
import { checkSchema } from './check-schema.ts';
import { comparedAttributes } from './compared-attributes.ts';
import { items, member, type Findings } from './json-node.ts';
import type { LoadedLockstep } from './load-lockstep.ts';
import type { LoadedFile } from './loaded-file.ts';
import { readManagedObject } from './read-managed.ts';
import { managedSchema } from './schema-managed.ts';
import type { ScriptFiles } from './script-files.ts';

/** Null if there is an error. Without the file there are no managed types. */
export function loadManaged(
  file: LoadedFile | null,
  scripts: ScriptFiles,
  lockstep: LoadedLockstep | null,
  mappings: readonly MappingConfig[] | null,
  findings: Findings,
): readonly ManagedObjectConfig[] | null {
  if (file === null) return [];
  if (file.root === null) return null;
  checkManaged(file.root, scripts, findings);
  const json = checkSchema(managedSchema, file.root, file, findings);
  if (json === null || lockstep === null || mappings === null) return null;
  const raw = items(member(file.root, 'objects'));
  return json.objects.map((object, i) =>
    readManagedObject(object, {
      raw: isJsonObject(raw[i]?.value) ? raw[i].value : {},
      file: file.file,
      pointer: `/objects/${i}`,
      searchable: [...lockstep.searchableOf(object.name), ...comparedAttributes(mappings, `managed/${object.name}`)],
    }),
  );
}
