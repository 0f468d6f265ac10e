import { expect, it, vi } from 'vitest';
import { lineBuffer } from './line-buffer.ts';

it('writes lines in order, together, a little later; at once when there are many', () => {
  vi.useFakeTimers();
  try {
    const written: string[] = [];
    const lines = lineBuffer({ write: (text) => written.push(text) });
    lines.write('a\n');
    lines.write('b\n');
    expect(written).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(written).toEqual(['a\nb\n']);
    lines.write(`${'x'.repeat(70_000)}\n`);
    expect(written).toHaveLength(2);
    lines.write('c\n');
    lines.flush();
    vi.advanceTimersByTime(100);
    expect(written.slice(2)).toEqual(['c\n']);
  } finally {
    vi.useRealTimers();
  }
});
