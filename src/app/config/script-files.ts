import { readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ModuleSource } from '../../mapping/script-host.ts';
import { isBuiltInScript } from './built-in-scripts.ts';
import { shippedModule } from './shipped-modules.ts';

export const MAX_SCRIPT_BYTES = 1024 * 1024;
const MAX_CACHED = 1000;

/** The scripts of a project directory. Read when asked for, kept as long as the file does not change. */
export interface ScriptFiles {
  /** Searched in `script/`, then in the project directory (specification §9.1). */
  find(name: string): FoundScript;
  /** What `require(request)` means in a script of `fromFile` (relative to the project; null: inline text). */
  resolveModule(request: string, fromFile: string | null): ModuleSource | null;
}

export type FoundScript =
  /** `file` is relative to the project directory. */
  | { readonly kind: 'file'; readonly file: string; readonly code: string }
  /** The project has no such file, but OpenIDM ships one under this name. */
  | { readonly kind: 'builtIn'; readonly name: string }
  | { readonly kind: 'missing' | 'outside' | 'unreadable'; readonly message: string };

interface Cached {
  readonly mtimeMs: number;
  readonly size: number;
  readonly code: string;
}

type Read =
  | { readonly ok: true; readonly code: string }
  | { readonly ok: false; readonly isMissing: boolean; readonly message: string };

export function openScriptFiles(projectDirectory: string): ScriptFiles {
  const root = path.resolve(projectDirectory);
  const cache = new Map<string, Cached>();
  const read = (file: string) => readCached(cache, root, file);
  return {
    find: (name) => find(name, root, read),
    resolveModule: (request, fromFile) => resolveModule(request, fromFile, root, read),
  };
}

/** The same files; what was found once stays as it was, so that whoever works with them sees no edit half-way. */
export function rememberingFiles(files: ScriptFiles): ScriptFiles {
  const found = new Map<string, FoundScript>();
  const modules = new Map<string, ModuleSource | null>();
  return {
    find: (name) => remembered(found, name, () => files.find(name)),
    resolveModule: (request, fromFile) =>
      remembered(modules, JSON.stringify([request, fromFile]), () => files.resolveModule(request, fromFile)),
  };
}

function remembered<T>(known: Map<string, T>, key: string, find: () => T): T {
  if (!known.has(key)) known.set(key, find());
  return known.get(key)!;
}

/** Path within the project, or null when it leads out of it. */
export function insideProject(root: string, file: string): string | null {
  const relative = path.relative(root, path.resolve(root, file));
  const isInside = relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`);
  return isInside && !path.isAbsolute(relative) && !relative.includes('\0') ? relative : null;
}

function find(name: string, root: string, read: (file: string) => Read): FoundScript {
  const builtInName = name.replace(/^.*bin\/defaults\/script\//, '');
  const candidates = path.isAbsolute(name) ? [name] : [path.join('script', name), name];
  const inside = candidates.map((file) => insideProject(root, file)).filter((file) => file !== null);
  // `script/../x` stays inside, `../x` does not: the path as written decides.
  if (insideProject(root, name) === null) {
    if (isBuiltInScript(builtInName)) return { kind: 'builtIn', name: builtInName };
    return { kind: 'outside', message: `the script ${name} is outside of the project directory` };
  }
  for (const file of inside) {
    const result = read(file);
    if (result.ok) return { kind: 'file', file, code: result.code };
    if (!result.isMissing) return { kind: 'unreadable', message: result.message };
  }
  if (isBuiltInScript(builtInName)) return { kind: 'builtIn', name: builtInName };
  return { kind: 'missing', message: `the script ${name} is neither in script/ nor in the project directory` };
}

function resolveModule(
  request: string,
  fromFile: string | null,
  root: string,
  read: (file: string) => Read,
): ModuleSource | null {
  const isRelative = /^\.\.?(?:\/|$)/.test(request);
  const bases = isRelative ? [path.dirname(fromFile ?? 'script/inline')] : ['script', '.', 'script/lib'];
  const names = path.extname(request) === '.js' ? [request] : [`${request}.js`, request, `${request}/index.js`];
  for (const base of bases)
    for (const name of names) {
      const file = path.isAbsolute(request) ? null : insideProject(root, path.join(base, name));
      const result = file === null ? null : read(file);
      if (file !== null && result?.ok === true) return { file, code: result.code };
    }
  return shippedModule(request);
}

function readCached(cache: Map<string, Cached>, root: string, file: string): Read {
  const absolute = path.join(root, file);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return { ok: false, isMissing: true, message: `${file} is not a file` };
  if (insideProject(realpathSync(root), realpathSync(absolute)) === null) {
    const message = `the script ${file} is a link to a file outside of the project directory`;
    return { ok: false, isMissing: false, message };
  }
  if (stat.size > MAX_SCRIPT_BYTES) {
    const message = `the script ${file} has ${stat.size} bytes; at most ${MAX_SCRIPT_BYTES} are read`;
    return { ok: false, isMissing: false, message };
  }
  const cached = cache.get(absolute);
  if (cached?.mtimeMs === stat.mtimeMs && cached.size === stat.size) return { ok: true, code: cached.code };
  try {
    const code = readFileSync(absolute, 'utf8').replace(/^\ufeff/, '');
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(absolute, { mtimeMs: stat.mtimeMs, size: stat.size, code });
    return { ok: true, code };
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason';
    return { ok: false, isMissing: false, message: `the script ${file} cannot be read: ${reason}` };
  }
}
