import { formatPointer } from './json-pointer.ts';
import type { Filter } from './query-filter.ts';

/**
 * The text of a filter; `parseFilter` reads it back. Not expressible, because JSON pointers write it like the root: the
 * single token `''`.
 */
export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'always':
      return String(filter.value);
    case 'not':
      return `!(${formatFilter(filter.part)})`;
    case 'present':
      return `${pointerText(filter.pointer)} pr`;
    case 'compare':
      return `${pointerText(filter.pointer)} ${filter.operator} ${literalText(filter.value)}`;
    case 'and':
    case 'or':
      if (filter.parts.length === 0) return String(filter.kind === 'and');
      return filter.parts.map(operandText).join(` ${filter.kind} `);
  }
}

function operandText(part: Filter): string {
  const text = formatFilter(part);
  return part.kind === 'and' || part.kind === 'or' ? `(${text})` : text;
}

/** A pointer that the tokenizer would take apart is quoted. */
function pointerText(pointer: readonly string[]): string {
  const text = pointer.length === 0 ? '/' : formatPointer(pointer);
  return /[ ()"'\\]/.test(text) ? quoted(text) : text;
}

function literalText(value: string | number | boolean): string {
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'number' ? numberText(value) : String(value);
}

/** Without a `.` the grammar knows only 64-bit integers. */
function numberText(value: number): string {
  const text = String(value);
  if (/^-?\d+$/.test(text) && Math.abs(value) >= 2 ** 63) return `${text}.0`;
  return text.includes('e') && !text.includes('.') ? text.replace('e', '.0e') : text;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
