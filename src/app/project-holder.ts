import path from 'node:path';
import { keyedTurns } from '../base/keyed-turns.ts';
import { formatDiagnostic, placedDiagnostic, type Diagnostic } from '../base/diagnostic.ts';
import { messageOf } from '../base/failure.ts';
import type { ConfOverlay } from './config/conf-directory.ts';
import { loadProject, type LoadedProject, type LoadOptions } from './config/load-project.ts';
import type { Log } from '../base/log.ts';
import { checkScripts } from './check-scripts.ts';
import type { ProjectConfig } from './config/project-config.ts';
import type { Lockstep } from './lockstep.ts';
import { ownershipWarnings } from './ownership-findings.ts';
import { projectChange, type ProjectChange } from './project-change.ts';
import { scriptFingerprint } from './script-fingerprint.ts';
import { watchFolders } from './watch-folders.ts';

export interface ProjectHolderOptions {
  readonly lockstep: Pick<Lockstep, 'config' | 'adopt' | 'log'>;
  /** With what the project was loaded at the start. */
  readonly loadOptions: Omit<LoadOptions, 'overlay'>;
  /** False: the project is read again only when `reload` or `change` is called. */
  readonly isWatching: boolean;
  /** Quiet time after a change before the project is read. */
  readonly settleMs?: number;
}

export type Reloaded =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly change: ProjectChange }
  /** The configuration from before stays in force. */
  | { readonly kind: 'faulty'; readonly diagnostics: readonly Diagnostic[] };

export type ChangeListener = (change: ProjectChange) => void | Promise<void>;

/** Keeps a project up to date with its directory while it is in use. */
export interface ProjectHolder {
  /** Reads the directory as it would be with these files in `conf`. Nothing comes of it. */
  tryOut(overlay: ConfOverlay): Promise<LoadedProject>;
  /** Reads the directory again and adopts what it finds, unless there are errors; these are told in the log. */
  reload(): Promise<Reloaded>;
  /** Lets one writer at a time change the directory, and reloads when `work` has succeeded. */
  change<T>(work: () => Promise<T>): Promise<T>;
  /** Listeners are told one after the other, when the new configuration is in force. Gives the function that ends it. */
  subscribe(listener: ChangeListener): () => void;
  close(): Promise<void>;
}

interface State {
  readonly options: ProjectHolderOptions;
  readonly directory: string;
  readonly listeners: Set<ChangeListener>;
  fingerprint: string;
  /** What the log was told last, so that it is not told again. */
  told: string;
  isClosed: boolean;
}

const SETTLE_MS = 200;

export async function openProjectHolder(options: ProjectHolderOptions): Promise<ProjectHolder> {
  const { lockstep, loadOptions, isWatching, settleMs = SETTLE_MS } = options;
  const { directory } = lockstep.config;
  const fingerprint = await scriptFingerprint(directory);
  const state: State = { options, directory, listeners: new Set(), fingerprint, told: '', isClosed: false };
  const turns = keyedTurns();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => turns.take(directory, work);
  const reload = (): Promise<Reloaded> => inTurn(() => readAgain(state));
  const folders = isWatching ? [path.join(directory, 'conf'), path.join(directory, 'script')] : [];
  const noticed = (): void =>
    void reload().catch((thrown) => lockstep.log.write('error', `the project cannot be read: ${messageOf(thrown)}`));
  const watch = watchFolders(folders, settleMs, noticed, lockstep.log);
  return {
    tryOut: (overlay) => loadProject(directory, { ...loadOptions, overlay }),
    reload,
    change: (work) =>
      inTurn(async () => {
        const value = await work();
        await readAgain(state);
        return value;
      }),
    subscribe: (listener) => {
      state.listeners.add(listener);
      return () => void state.listeners.delete(listener);
    },
    close: async () => {
      state.isClosed = true;
      watch.close();
      await inTurn(async () => {});
    },
  };
}

async function readAgain(state: State): Promise<Reloaded> {
  const { lockstep, loadOptions } = state.options;
  if (state.isClosed) return { kind: 'unchanged' };
  const fingerprint = await scriptFingerprint(state.directory);
  const { config, diagnostics } = await loadProject(state.directory, loadOptions);
  if (config === null) {
    tell(
      state,
      diagnostics,
      'error',
      'the project was changed and has errors: what was in force before stays in force',
    );
    return { kind: 'faulty', diagnostics };
  }
  const change = projectChange(lockstep.config, config, fingerprint !== state.fingerprint);
  state.fingerprint = fingerprint;
  if (change === null) {
    state.told = '';
    return { kind: 'unchanged' };
  }
  await lockstep.adopt(config);
  tell(state, diagnostics, 'info', `the project was changed: ${summary(change)}`);
  for (const note of restartNotes(change)) lockstep.log.write('warn', note);
  await tellScriptFaults(config, lockstep.log);
  for (const warning of ownershipWarnings(config, change.before)) lockstep.log.write('warn', warning);
  await notify(state, change);
  return { kind: 'changed', change };
}

function tell(state: State, diagnostics: readonly Diagnostic[], level: 'info' | 'error', headline: string): void {
  const { log } = state.options.lockstep;
  const text = [headline, ...diagnostics.map(formatDiagnostic)].join('\n');
  if (text === state.told) return;
  state.told = text;
  log.write(level, headline);
  for (const one of diagnostics) log.write(one.severity === 'error' ? 'error' : 'warn', placedDiagnostic(one));
}

/** A script that does not compile stops only what uses it, so that the rest of the project goes on; but nobody should have to guess. */
export async function tellScriptFaults(config: ProjectConfig, log: Log): Promise<void> {
  for (const fault of await checkScripts(config, log))
    log.write('error', `${placedDiagnostic(fault)}; what uses this script fails until it is mended`);
}

async function notify({ listeners, options }: State, change: ProjectChange): Promise<void> {
  for (const listener of listeners) {
    try {
      await listener(change);
    } catch (thrown) {
      options.lockstep.log.write('error', `a change of the project could not be followed: ${messageOf(thrown)}`);
    }
  }
}

function summary({ documents, bootProperties, scripts }: ProjectChange): string {
  const parts = documents.length === 0 ? [] : [`conf: ${documents.join(', ')}`];
  if (bootProperties) parts.push('boot properties');
  if (scripts) parts.push('scripts');
  return parts.length === 0 ? 'values of properties' : parts.join('; ');
}

/** What is built once, at the start. */
function restartNotes({ before, after }: ProjectChange): readonly string[] {
  const [old, now] = [before.lockstep, after.lockstep];
  const notes: string[] = [];
  if (old.repository.file !== now.repository.file)
    notes.push('conf/lockstep.json: another repository file counts from the next start');
  if (now.scripts.timeoutMs > old.scripts.timeoutMs || now.scripts.memoryMiB > old.scripts.memoryMiB)
    notes.push('conf/lockstep.json: higher limits of scripts count from the next start');
  return notes;
}
