import type { WriteStream } from 'node:tty';
import type { Progress } from '../recon/progress.ts';

const WIDTH = 30;
const REDRAW_MS = 100;

export interface ProgressBar {
  readonly show: (progress: Progress) => void;
  /** Prints something else without leaving pieces of the bar behind. */
  aside(print: () => void): void;
  end(): void;
}

/** A live line on a terminal; nothing where output goes to a file or another program. */
export function progressBar(stream: WriteStream, isWanted: boolean): ProgressBar {
  if (!isWanted || !stream.isTTY) return { show: () => {}, aside: (print) => print(), end: () => {} };
  let drawn = '';
  let lastMs = 0;
  const startMs = performance.now();
  const clear = (): void => {
    if (drawn !== '') stream.write(`\r${' '.repeat(drawn.length)}\r`);
    drawn = '';
  };
  return {
    show: (progress) => {
      const now = performance.now();
      if (now - lastMs < REDRAW_MS) return;
      lastMs = now;
      clear();
      drawn = barText(progress, now - startMs);
      stream.write(drawn);
    },
    aside: (print) => {
      clear();
      print();
    },
    end: clear,
  };
}

export function barText(progress: Progress, elapsedMs: number): string {
  const { processed, total } = progress.stage === 'ACTIVE_RECONCILING_TARGET' ? progress.target : progress.source;
  const share = total === null || total === 0 ? 0 : Math.min(1, processed / total);
  const filled = Math.round(share * WIDTH);
  const rate = elapsedMs > 0 ? Math.round((progress.entries * 1000) / elapsedMs) : 0;
  const stage = progress.stage
    .replace(/^ACTIVE_/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
  const of = total === null ? '?' : String(total);
  return `${stage} [${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}] ${processed}/${of} ${rate}/s`;
}
