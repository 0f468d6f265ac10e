// @ts-check
// The one file that is not TypeScript: it has to run on whatever Node npm brings along (20 or newer), before anything is
// installed. Installs and builds what is missing or out of date, and does nothing when all is well.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const installed = path.join(root, 'node_modules', '.lockstep-installed');
const built = path.join(root, 'dist', '.lockstep-built');

const lock = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
if (read(installed) !== lock) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'installing packages');
  writeFileSync(installed, lock);
}

const newest = Math.max(
  ...['src', 'tsconfig.json', 'tsconfig.build.json'].map((name) => newestMs(path.join(root, name))),
);
if (Number(read(built) ?? 0) < newest) {
  const node = path.join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  run(
    node,
    [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', path.join(root, 'tsconfig.build.json')],
    'building',
  );
  writeFileSync(built, String(newest));
}

/** @param {string} file */
function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/**
 * @param {string} place
 * @returns {number}
 */
function newestMs(place) {
  const stat = statSync(place);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(place).map((name) => newestMs(path.join(place, name))));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} what
 */
function run(command, args, what) {
  process.stderr.write(`lockstep: ${what} …\n`);
  const shell = process.platform === 'win32';
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (status === 0) return;
  process.stderr.write(`lockstep: ${what} failed${error === undefined ? '' : `: ${error.message}`}\n`);
  process.exit(1);
}
