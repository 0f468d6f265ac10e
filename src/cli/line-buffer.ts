/** Where lines go, synchronously. */
export interface LineSink {
  write(text: string): unknown;
}

const DELAY_MS = 20;
const MAX_LENGTH = 65_536;

/**
 * Lines, some milliseconds later and many at once: writing each one by itself takes longer than answering a request. The
 * rest is written when the process ends, by itself or because of an error.
 */
export function lineBuffer(sink: LineSink): { write(line: string): void; flush(): void } {
  let text = '';
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (text === '') return;
    const all = text;
    text = '';
    sink.write(all);
  };
  process.on('exit', flush);
  return {
    flush,
    write: (line) => {
      text += line;
      if (text.length >= MAX_LENGTH) flush();
      else timer ??= setTimeout(flush, DELAY_MS);
    },
  };
}
