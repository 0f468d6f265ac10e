import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Diagnostic } from '../../base/diagnostic.ts';
import { MAX_FILE_BYTES, readJson, unreadable, type JsonDocument } from './json-document.ts';
import { parseProperties } from './properties-file.ts';

const MAX_FILES = 1000;

export type FileKind = 'sync' | 'managed' | 'lockstep' | 'provisioner' | 'schedule' | 'repo' | 'other';

export interface ConfFile {
  readonly kind: FileKind;
  /** `sync`, `schedule/recon`, `provisioner.openicf/ldap` (specification §13). */
  readonly id: string;
  readonly document: JsonDocument;
}

export interface ConfDirectory {
  /** In alphabetical order. */
  readonly files: readonly ConfFile[];
  readonly boot: Readonly<Record<string, string>>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Files of `conf` as they would be: name (`sync.json`) → bytes, or null for one that would be gone. */
export type ConfOverlay = ReadonlyMap<string, Uint8Array | null>;

/** Reads every `conf/*.json` and `conf/boot/boot.properties`. Never throws for what is in them. */
export async function readConfDirectory(
  projectDirectory: string,
  overlay: ConfOverlay = new Map(),
): Promise<ConfDirectory> {
  const diagnostics: Diagnostic[] = [];
  const names = new Set(await listFiles(projectDirectory, diagnostics));
  for (const name of overlay.keys()) names.add(name);
  const files: ConfFile[] = [];
  for (const name of [...names].sort()) {
    const file = `conf/${name}`;
    const bytes = overlay.get(name);
    if (bytes === null) continue;
    const document = bytes ? readJson(file, bytes) : await readDocument(path.join(projectDirectory, file), file);
    files.push({ ...classify(name), document });
  }
  return { files, boot: await readBoot(projectDirectory, diagnostics), diagnostics };
}

export function classify(name: string): { readonly kind: FileKind; readonly id: string } {
  const base = name.replace(/\.json$/, '');
  const dash = base.indexOf('-');
  return { kind: kindOf(base), id: dash < 0 ? base : `${base.slice(0, dash)}/${base.slice(dash + 1)}` };
}

function kindOf(base: string): FileKind {
  if (base === 'sync' || base === 'managed' || base === 'lockstep') return base;
  // Lists remote connector servers, not a connector.
  if (base === 'provisioner.openicf.connectorinfoprovider') return 'other';
  if (base.startsWith('provisioner.')) return 'provisioner';
  if (base.startsWith('schedule-')) return 'schedule';
  return base.startsWith('repo.') ? 'repo' : 'other';
}

async function listFiles(projectDirectory: string, diagnostics: Diagnostic[]): Promise<readonly string[]> {
  const fault = (message: string, hint: string) =>
    diagnostics.push({ severity: 'error', file: 'conf', pointer: '', message, hint });
  try {
    const all = await readdir(path.join(projectDirectory, 'conf'));
    const names = all.filter((name) => /^[^.].*\.json$/.test(name));
    if (names.length > MAX_FILES)
      fault(`conf has ${names.length} files; at most ${MAX_FILES} are read`, 'Remove some.');
    return names.sort().slice(0, MAX_FILES);
  } catch (thrown) {
    const hint = 'A project directory has conf/sync.json, conf/managed.json, conf/provisioner.openicf-*.json, script/.';
    fault(`the directory ${path.join(projectDirectory, 'conf')} cannot be read: ${codeOf(thrown)}`, hint);
    return [];
  }
}

async function readDocument(absolute: string, file: string): Promise<JsonDocument> {
  const fault = (message: string): JsonDocument =>
    unreadable(file, [{ severity: 'error', file, pointer: '', message }]);
  try {
    const stats = await stat(absolute);
    if (!stats.isFile()) return fault(`this is ${stats.isDirectory() ? 'a directory' : 'no regular file'}, not a file`);
    const { size } = stats;
    if (size > MAX_FILE_BYTES) return fault(`the file has ${size} bytes; at most ${MAX_FILE_BYTES} are read`);
    return readJson(file, await readFile(absolute));
  } catch (thrown) {
    return fault(`the file cannot be read: ${codeOf(thrown)}`);
  }
}

async function readBoot(
  projectDirectory: string,
  diagnostics: Diagnostic[],
): Promise<Readonly<Record<string, string>>> {
  const file = 'conf/boot/boot.properties';
  try {
    const bytes = await readFile(path.join(projectDirectory, file));
    if (bytes.length <= MAX_FILE_BYTES) return parseProperties(bytes.toString('utf8'));
    diagnostics.push({ severity: 'error', file, pointer: '', message: `at most ${MAX_FILE_BYTES} bytes are read` });
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      diagnostics.push({ severity: 'error', file, pointer: '', message: `the file cannot be read: ${code}` });
  }
  return {};
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason';
}
