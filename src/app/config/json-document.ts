import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Json } from '../../base/json.ts';
import { formatPointer } from '../../base/json-pointer.ts';
import { parseJson, type Place } from './json-parser.ts';
import { decodeText } from './text-encoding.ts';

/** Larger configuration files are refused unread. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** A configuration file as it was read, with the position of every value. */
export interface JsonDocument {
  /** Relative to the project directory. */
  readonly file: string;
  /** Undefined when the file is not readable as JSON. */
  readonly value: Json | undefined;
  /** Position of the value at a place; of its nearest parent, when it does not exist. 1-based. */
  locate(tokens: readonly string[]): Position;
  /** What is wrong with the text itself. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export function readJson(file: string, bytes: Uint8Array): JsonDocument {
  if (bytes.length > MAX_FILE_BYTES) {
    const message = `the file has ${bytes.length} bytes; at most ${MAX_FILE_BYTES} are read`;
    return unreadable(file, [{ severity: 'error', file, pointer: '', message }]);
  }
  const decoded = decodeText(bytes);
  const lines = lineStarts(decoded.text);
  const parsed = decoded.isHopeless ? { value: undefined, place: null, faults: [] } : parseJson(decoded.text);
  const diagnostics: Diagnostic[] = [];
  for (const { at, ...fault } of [...decoded.faults, ...parsed.faults])
    diagnostics.push({ file, pointer: pointerAt(parsed.place, at), ...positionAt(lines, at), ...fault });
  return {
    file,
    value: parsed.value,
    locate: (tokens) => positionAt(lines, placeOf(parsed.place, tokens)),
    diagnostics,
  };
}

export function unreadable(file: string, diagnostics: readonly Diagnostic[]): JsonDocument {
  return { file, value: undefined, locate: () => ({ line: 1, column: 1 }), diagnostics };
}

function placeOf(root: Place | null, tokens: readonly string[]): number {
  let place = root;
  for (const token of tokens) {
    const next: Place | undefined = place?.members?.get(token) ?? place?.items?.[Number(token)];
    if (next === undefined) break;
    place = next;
  }
  return place?.at ?? 0;
}

/** The innermost value that begins at or before the offset: where a fault of the text belongs. */
function pointerAt(root: Place | null, at: number): string {
  const tokens: (string | number)[] = [];
  let place = root;
  for (;;) {
    const next = lastBefore(place, at);
    if (next === null) return formatPointer(tokens);
    tokens.push(next[0]);
    place = next[1];
  }
}

function lastBefore(place: Place | null, at: number): readonly [string | number, Place] | null {
  let found: readonly [string | number, Place] | null = null;
  for (const entry of place?.members ?? place?.items?.entries() ?? []) {
    if ((entry[1].keyAt ?? entry[1].at) > at) break;
    found = entry;
  }
  return found;
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function positionAt(starts: readonly number[], at: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: at - starts[low]! + 1 };
}
