import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { formatDiagnostic } from '../base/diagnostic.ts';
import { Failure, messageOf } from '../base/failure.ts';
import type { Log, LogLevel } from '../base/log.ts';
import type { ProjectConfig } from '../app/config/project-config.ts';
import { loadProject, type LoadOptions } from '../app/config/load-project.ts';
import { connectorKinds } from '../app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../app/lockstep.ts';
import { openTree, type Tree } from '../openidm/open-tree.ts';
import type { Options } from './arguments.ts';
import { lineBuffer } from './line-buffer.ts';
import { loadForServing, type LoadedForServing } from './load-served.ts';

/**
 * Warnings and errors of the engine and of scripts, on stderr; with `--verbose` also what they tell besides. A server always
 * shows all of it: its requests.
 */
export function logOf(options: Options, isServer = false): Log {
  const lines = isServer ? lineBuffer(process.stderr) : process.stderr;
  const shown: readonly LogLevel[] =
    options.verbose === true || isServer ? ['info', 'warn', 'error'] : ['warn', 'error'];
  return {
    write: (level, message) => {
      if (shown.includes(level)) lines.write(`${level}: ${message}\n`);
    },
  };
}

export function projectDirectory(options: Options): string {
  return path.resolve(options.project ?? '.');
}

export function dataDirectory(options: Options): string {
  return path.resolve(options.data ?? path.join(projectDirectory(options), '.lockstep'));
}

/** A project with its whole resource tree: scripts of any command may ask for any of it. */
interface OpenedProject {
  readonly lockstep: Lockstep;
  readonly tree: Tree;
}

/** Opens the project that the options name. Everything wrong with it is shown at once; errors refuse it (exit code 2). */
async function openProject(options: Options, isReader: boolean, isServer: boolean): Promise<OpenedProject> {
  const directory = projectDirectory(options);
  const loadOptions = loadOptionsOf(options);
  const load = isServer ? loadForServing : loadWhole;
  const { config, diagnostics, leftOut } = await load(directory, loadOptions);
  for (const diagnostic of diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  for (const file of leftOut)
    process.stderr.write(
      `error: ${file} is not in force: the server starts without this schedule until it is mended\n`,
    );
  if (config === null) {
    const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
    throw new Failure(
      'bad-configuration',
      `${directory} has ${errors} configuration ${errors === 1 ? 'error' : 'errors'}; nothing was run`,
    );
  }
  return openLoaded(config, loadOptions, options, isReader, isServer);
}

async function loadWhole(directory: string, options: LoadOptions): Promise<LoadedForServing> {
  const { config, diagnostics } = await loadProject(directory, options);
  return { config, diagnostics, leftOut: [] };
}

export function loadOptionsOf(options: Options): LoadOptions {
  return {
    env: process.env,
    connectorKinds,
    dataDirectory: dataDirectory(options),
    ...(options.mapping === undefined ? {} : { inlineMapping: options.mapping }),
  };
}

async function openLoaded(
  config: ProjectConfig,
  loadOptions: LoadOptions,
  options: Options,
  isReader: boolean,
  isServer: boolean,
): Promise<OpenedProject> {
  const data = dataDirectory(options);
  const isNew = !existsSync(path.join(data, path.basename(config.lockstep.repository.file)));
  const isEmpty = isNew && isReader;
  if (!isEmpty) makeDirectory(data);
  const lockstep = await openLockstep({ config, dataDirectory: isEmpty ? null : data, log: logOf(options, isServer) });
  const tree = await openTree(lockstep, {
    loadOptions,
    isWatching: isServer && config.lockstep.watch,
    isServing: isServer,
  });
  return { lockstep, tree };
}

/** For its owner only: everything that the project holds lies there. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Failure(
      'bad-configuration',
      `the data directory ${directory} cannot be made: ${messageOf(error)}; name another with --data`,
    );
  }
}

/** `isReader`: the command only looks; without a repository it sees an empty one, and nothing is created. */
export async function withProject<T>(
  options: Options,
  use: (lockstep: Lockstep, tree: Tree) => Promise<T>,
  isReader = false,
): Promise<T> {
  return using(await openProject(options, isReader, false), use);
}

/** The same for a reader whose project is loaded already. */
export async function withLoadedProject<T>(
  config: ProjectConfig,
  options: Options,
  use: (lockstep: Lockstep, tree: Tree) => Promise<T>,
): Promise<T> {
  return using(await openLoaded(config, loadOptionsOf(options), options, true, false), use);
}

/** The same for a command that serves: changed files are noticed. */
export async function withServedProject<T>(
  options: Options,
  use: (lockstep: Lockstep, tree: Tree) => Promise<T>,
): Promise<T> {
  return using(await openProject(options, false, true), use);
}

async function using<T>(
  { lockstep, tree }: OpenedProject,
  use: (lockstep: Lockstep, tree: Tree) => Promise<T>,
): Promise<T> {
  try {
    return await use(lockstep, tree);
  } finally {
    await tree.close();
    await lockstep.close();
  }
}
