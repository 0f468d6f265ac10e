import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { formatDiagnostic } from '../base/diagnostic.ts';
import { Failure, messageOf } from '../base/failure.ts';
import type { Log, LogLevel } from '../base/log.ts';
import { loadProject } from '../app/config/load-project.ts';
import { connectorKinds } from '../app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../app/lockstep.ts';
import type { Options } from './arguments.ts';

const SHOWN: ReadonlySet<LogLevel> = new Set(['warn', 'error']);

/** Warnings and errors of the engine and of scripts, on stderr. */
export const stderrLog: Log = {
  write: (level, message) => {
    if (SHOWN.has(level)) process.stderr.write(`${level}: ${message}\n`);
  },
};

export function projectDirectory(options: Options): string {
  return path.resolve(options.project ?? '.');
}

export function dataDirectory(options: Options): string {
  return path.resolve(options.data ?? path.join(projectDirectory(options), '.lockstep'));
}

/** Opens the project that the options name. Everything wrong with it is shown at once; errors refuse it (exit code 2). */
export async function openProject(options: Options, isReader: boolean): Promise<Lockstep> {
  const directory = projectDirectory(options);
  const { config, diagnostics } = await loadProject(directory, {
    env: process.env,
    connectorKinds,
    ...(options.mapping === undefined ? {} : { inlineMapping: options.mapping }),
  });
  for (const diagnostic of diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  if (config === null) {
    const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
    throw new Failure(
      'bad-configuration',
      `${directory} has ${errors} configuration ${errors === 1 ? 'error' : 'errors'}; nothing was run`,
    );
  }
  const data = dataDirectory(options);
  const isNew = !existsSync(path.join(data, path.basename(config.lockstep.repository.file)));
  if (isNew && isReader) return openLockstep({ config, dataDirectory: null, log: stderrLog });
  makeDirectory(data);
  return openLockstep({ config, dataDirectory: data, log: stderrLog });
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
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
  use: (lockstep: Lockstep) => Promise<T>,
  isReader = false,
): Promise<T> {
  const lockstep = await openProject(options, isReader);
  try {
    return await use(lockstep);
  } finally {
    await lockstep.close();
  }
}
