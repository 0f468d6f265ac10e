import { watch, type FSWatcher } from 'node:fs';
import { messageOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';

export interface FolderWatch {
  close(): void;
}

/** Events that may push the notice back, so that a busy folder is heard all the same. */
const MAX_POSTPONED = 20;

/**
 * Calls `onChange` when something under one of the folders changed and `settleMs` have passed without a further change.
 * A folder that does not exist is left out; one that cannot be watched is told in the log.
 */
export function watchFolders(
  folders: readonly string[],
  settleMs: number,
  onChange: () => void,
  log: Log,
): FolderWatch {
  let timer: NodeJS.Timeout | null = null;
  let postponed = 0;
  const notice = (): void => {
    timer = null;
    postponed = 0;
    onChange();
  };
  const touch = (): void => {
    if (timer === null) timer = setTimeout(notice, settleMs).unref();
    else if (postponed++ < MAX_POSTPONED) timer.refresh();
  };
  const watchers = folders.flatMap((folder) => open(folder, touch, log) ?? []);
  return {
    close: () => {
      if (timer !== null) clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function open(folder: string, touch: () => void, log: Log): FSWatcher | null {
  const tell = (thrown: unknown): void =>
    log.write('warn', `${folder} cannot be watched (${messageOf(thrown)}): its changes count from the next start`);
  try {
    const watcher = watch(folder, { recursive: true, persistent: false }, touch);
    watcher.on('error', tell);
    return watcher;
  } catch (thrown) {
    if (!isMissing(thrown)) tell(thrown);
    return null;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
