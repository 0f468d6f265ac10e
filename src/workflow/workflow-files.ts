import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Diagnostic } from '../base/diagnostic.ts';
import { messageOf } from '../base/failure.ts';
import { readArchive } from './archive.ts';

/** A BPMN text of the project. */
export interface WorkflowFile {
  /** Relative to the project: `workflow/approval.bpmn`, `workflow/all.bar!/approval.bpmn`. */
  readonly file: string;
  readonly xml: string;
}

export const WORKFLOW_FOLDER = 'workflow';

const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 1000;
const BPMN_FILE = /\.(?:bpmn|xml)$/i;
const ARCHIVE = /\.bar$/i;

/** The BPMN files below `workflow/`, also those in `.bar` archives, in the order of their names. What cannot be read is told. */
export async function readWorkflowFiles(
  projectDirectory: string,
): Promise<{ readonly files: readonly WorkflowFile[]; readonly faults: readonly Diagnostic[] }> {
  const files: WorkflowFile[] = [];
  const faults: Diagnostic[] = [];
  for (const name of await namesBelow(path.join(projectDirectory, WORKFLOW_FOLDER))) {
    const file = `${WORKFLOW_FOLDER}/${name}`;
    try {
      const content = await readInside(projectDirectory, file);
      if (BPMN_FILE.test(name)) files.push({ file, xml: content.toString('utf8') });
      else
        for (const entry of readArchive(content, (inner) => BPMN_FILE.test(inner), MAX_BYTES))
          files.push({ file: `${file}!/${entry.name}`, xml: entry.content.toString('utf8') });
    } catch (error) {
      faults.push({ severity: 'error', file, pointer: '', message: messageOf(error) });
    }
  }
  return { files, faults };
}

async function namesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory() && (BPMN_FILE.test(entry.name) || ARCHIVE.test(entry.name)))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .toSorted()
    .slice(0, MAX_FILES);
}

/** A link may not lead out of the project. */
async function readInside(projectDirectory: string, file: string): Promise<Buffer> {
  const real = await realpath(path.join(projectDirectory, file));
  const relative = path.relative(await realpath(projectDirectory), real);
  if (relative.startsWith('..') || path.isAbsolute(relative))
    throw new Error('it is a link that leads out of the project');
  const { size } = await stat(real);
  if (size > MAX_BYTES) throw new Error(`it has ${size} bytes; at most ${MAX_BYTES} are read`);
  return readFile(real);
}
