import path from 'node:path';
import type { Diagnostic } from '../base/diagnostic.ts';
import { loadProject, type LoadedProject, type LoadOptions } from '../app/config/load-project.ts';

/** A project as a server may begin with it. */
export interface LoadedForServing extends Pick<LoadedProject, 'config' | 'diagnostics'> {
  /** Schedules that are left out because of their errors: `conf/schedule-nightly.json`. */
  readonly leftOut: readonly string[];
}

const SCHEDULE = /^conf\/schedule-[^/]*\.json$/;

/**
 * A server has other things to do than to fire one job: schedules with errors are left out, if nothing else is wrong. What they hold is
 * told all the same. Everything else that is wrong stops the start, since half a configuration could delete accounts (decision 026).
 */
export async function loadForServing(directory: string, options: LoadOptions): Promise<LoadedForServing> {
  const { config, diagnostics } = await loadProject(directory, options);
  const leftOut = faultyFiles(diagnostics);
  if (config !== null || !leftOut.every((file) => SCHEDULE.test(file))) return { config, diagnostics, leftOut: [] };
  const overlay = new Map(leftOut.map((file) => [path.basename(file), null]));
  const rest = await loadProject(directory, { ...options, overlay });
  return { config: rest.config, diagnostics, leftOut: rest.config === null ? [] : leftOut };
}

function faultyFiles(diagnostics: readonly Diagnostic[]): readonly string[] {
  return [...new Set(diagnostics.flatMap(({ severity, file }) => (severity === 'error' ? [file] : [])))];
}
