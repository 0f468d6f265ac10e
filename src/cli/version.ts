import { readFileSync } from 'node:fs';

/** Of this package; the file lies two folders up, from `src` and from `dist` alike. */
export const VERSION: string = readVersion();

function readVersion(): string {
  const json: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof json === 'object' && json !== null && 'version' in json ? String(json.version) : '0';
}
