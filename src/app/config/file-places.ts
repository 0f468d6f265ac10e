import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../../base/json.ts';

/** Where files of connectors may lie. */
export interface FilePlaces {
  /** Absolute; paths are relative to it. */
  readonly projectDirectory: string;
  /** Null: everything is in memory. */
  readonly dataDirectory: string | null;
  /** Directories outside of the project that callers may name, too (`files.allowed` of `lockstep.json`). */
  readonly allowed: readonly string[];
}

/** `operator`: it stands in a file that whoever runs the server wrote. `caller`: it came over the resource tree. */
export type FileTrust = 'operator' | 'caller';

/** What is wrong with one setting that names a file. */
export interface FileFault {
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}

/** Settings that name a file or directory. */
const PATH_SETTING = /(?:file|path|directory|location)$/i;
const OWN = ['conf', 'script', '.lockstep'] as const;

/**
 * Looks at every setting of a connector that names a file, after substitution. Nobody may name our own files; callers may name
 * only what lies in the project, or in a directory that is allowed, when `..` and symbolic links are followed. Messages do not
 * repeat the text: substitution may have put a value of the environment into it.
 */
export function connectorFileFaults(
  properties: JsonObject,
  places: FilePlaces,
  trust: FileTrust,
): readonly FileFault[] {
  return Object.entries(properties).flatMap(([key, value]) => {
    if (!PATH_SETTING.test(key)) return [];
    const named = Array.isArray(value) ? value : [value];
    return named.flatMap((one) => (typeof one === 'string' ? (fileFault(key, one, places, trust) ?? []) : []));
  });
}

function fileFault(key: string, file: string, places: FilePlaces, trust: FileTrust): FileFault | null {
  if (file.includes('\0')) return { key, message: `${key} holds a NUL character`, hint: 'Name a file.' };
  const project = realPlace(places.projectDirectory);
  const real = realPlace(path.resolve(places.projectDirectory, file));
  const own = ownDirectories(places).find((directory) => isInside(directory, real));
  if (own !== undefined)
    return {
      key,
      message: `${key} must not name a file of Lockstep itself: it is in the directory ${path.basename(own)}`,
      hint: 'Name a file elsewhere, such as data/hr.csv.',
    };
  if (trust === 'operator') return null;
  const roots = [project, ...places.allowed.map((one) => realPlace(path.resolve(places.projectDirectory, one)))];
  if (roots.some((root) => isInside(root, real))) return null;
  return {
    key,
    message: `${key} must name a place in the project directory`,
    hint: 'Whoever runs the server can list its directory in "files.allowed" of conf/lockstep.json.',
  };
}

/** A data directory around the project is not in the way of the files of the project. */
function ownDirectories({ projectDirectory, dataDirectory }: FilePlaces): readonly string[] {
  const own = OWN.map((name) => realPlace(path.join(projectDirectory, name)));
  if (dataDirectory === null) return own;
  const data = realPlace(path.resolve(dataDirectory));
  return isInside(data, realPlace(projectDirectory)) ? own : [...own, data];
}

/** With the links of the part that exists followed, in the spelling of the file system. */
function realPlace(place: string): string {
  const parent = path.dirname(place);
  try {
    return realpathSync.native(place);
  } catch {
    return parent === place ? place : path.join(realPlace(parent), path.basename(place));
  }
}

function isInside(root: string, place: string): boolean {
  const relative = path.relative(root, place);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}
