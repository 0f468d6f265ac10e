import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

const MAX_FILES = 5000;

/** Another text whenever a file under `script/` was added, changed or removed; `''` without that folder. */
export async function scriptFingerprint(projectDirectory: string): Promise<string> {
  const folder = path.join(projectDirectory, 'script');
  try {
    const names = (await readdir(folder, { recursive: true })).sort().slice(0, MAX_FILES);
    const hash = createHash('sha256');
    for (const name of names) hash.update(`${name}\0${await stampOf(path.join(folder, name))}\n`);
    return hash.digest('hex');
  } catch {
    return '';
  }
}

async function stampOf(file: string): Promise<string> {
  try {
    const stats = await stat(file, { bigint: true });
    return stats.isFile() ? `${stats.mtimeNs} ${stats.size} ${stats.ino}` : 'folder';
  } catch {
    return 'gone';
  }
}
