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

/** A configured location: its absolute path, or why no audit files may lie there. */
export type AuditPlace =
  | { readonly directory: string; readonly fault: null }
  | { readonly directory: null; readonly fault: string };

export function auditPlace(location: string, roots: AuditRoots): AuditPlace {
  const fault = placeFault(location, roots);
  if (fault !== null) return { directory: null, fault };
  return { directory: path.resolve(roots.projectDirectory, location), fault: null };
}

function placeFault(location: string, roots: AuditRoots): string | null {
  if (location.includes('\0')) return OUTSIDE;
  const { projectDirectory, dataDirectory } = roots;
  const directory = path.resolve(projectDirectory, location);
  const allowed = [projectDirectory, ...(dataDirectory === null ? [] : [dataDirectory])];
  if (!allowed.some((root) => isInside(path.resolve(root), directory))) return OUTSIDE;
  const real = auditDirectoryOutside(directory, roots);
  if (real !== null) return `${OUTSIDE}: a symbolic link leads to ${real}`;
  return isOwnDirectory(directory, roots) ? OWN : null;
}

const OUTSIDE = 'is outside of the project and data directories';
const OWN =
  'is a directory of Lockstep itself: conf, script, or the data directory, of which only the folder audit may be named';

/**
 * Whether a directory is one of Lockstep's own, where audit files would be taken for configuration or scripts, or lie among keys:
 * `conf`, `script` and the data directory, but for its folder `audit`. Links of the part that exists are followed.
 */
function isOwnDirectory(directory: string, { projectDirectory, dataDirectory }: AuditRoots): boolean {
  const project = existingPath(path.resolve(projectDirectory));
  const real = existingPath(directory);
  if (['conf', 'script'].some((name) => isInside(existingPath(path.join(project, name)), real))) return true;
  const places = [path.join(project, '.lockstep'), ...(dataDirectory === null ? [] : [path.resolve(dataDirectory)])];
  return places.map(existingPath).some((data) => {
    // A data directory around the project is not in the way of what lies in the project.
    if (isInside(data, project)) return false;
    return isInside(data, real) && !isInside(path.join(data, 'audit'), real);
  });
}

/** Where symbolic links lead a directory to (as far as it exists), if that is outside of the roots; else null. */
function auditDirectoryOutside(directory: string, { projectDirectory, dataDirectory }: AuditRoots): string | null {
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

/** Makes the directory. Refuses one that symbolic links lead out of the project and data directories, or to Lockstep's own files. */
export async function openAuditDirectory(directory: string, roots: AuditRoots): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o750 });
  const real = await realpath(directory);
  if (isOwnDirectory(real, roots))
    throw new Failure(
      'bad-configuration',
      `the audit directory ${directory} leads to ${real}, a directory of Lockstep itself`,
    );
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
