import { realpathSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../base/failure.ts';

/** Where audit files may lie. */
export interface AuditRoots {
  /** Locations are relative to it. */
  readonly projectDirectory: string;
  /** Null: everything is in memory. */
  readonly dataDirectory: string | null;
}

/** The absolute path of a configured location, or null if it lies outside of the project and data directories. */
export function auditDirectory(location: string, { projectDirectory, dataDirectory }: AuditRoots): string | null {
  if (location.includes('\0')) return null;
  const directory = path.resolve(projectDirectory, location);
  const roots = [projectDirectory, ...(dataDirectory === null ? [] : [dataDirectory])];
  return roots.some((root) => isInside(path.resolve(root), directory)) ? directory : null;
}

/** Where symbolic links lead a directory to (as far as it exists), if that is outside of the roots; else null. */
export function auditDirectoryOutside(
  directory: string,
  { projectDirectory, dataDirectory }: AuditRoots,
): string | null {
  const real = existingPath(directory);
  const roots = [projectDirectory, ...(dataDirectory === null ? [] : [dataDirectory])];
  return roots.some((root) => isInside(existingPath(path.resolve(root)), real)) ? null : real;
}

/** With the links of the part that exists followed. */
function existingPath(place: string): string {
  const parent = path.dirname(place);
  try {
    return realpathSync(place);
  } catch {
    return parent === place ? place : path.join(existingPath(parent), path.basename(place));
  }
}

/** Makes the directory. Refuses one that symbolic links lead out of the project and data directories. */
export async function openAuditDirectory(directory: string, roots: AuditRoots): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o750 });
  const real = await realpath(directory);
  for (const root of [roots.projectDirectory, roots.dataDirectory])
    if (root !== null && isInside(await realpath(root).catch(() => path.resolve(root)), real)) return real;
  throw new Failure(
    'bad-configuration',
    `the audit directory ${directory} leads to ${real}, outside of the project and data directories: name one inside`,
  );
}

function isInside(root: string, directory: string): boolean {
  const relative = path.relative(root, directory);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}
