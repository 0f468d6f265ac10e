/** `note`: worth knowing, and no fault. */
export type Severity = 'error' | 'warning' | 'note';

/** One fault of the configuration. All faults are reported at once. */
export interface Diagnostic {
  readonly severity: Severity;
  /** What kind of thing it is, where there are kinds. */
  readonly code?: string;
  /** Path of the file, relative to the project directory. */
  readonly file: string;
  /** JSON pointer of the place, `''` for the whole file. */
  readonly pointer: string;
  /** 1-based, when the place in the text is known. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** `error: conf/sync.json:12:7 /mappings/0/source: …`, and the hint on a line of its own. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  return `${diagnostic.severity}: ${placedDiagnostic(diagnostic)}`;
}

/** The same without its severity, for a log that tells it. */
export function placedDiagnostic({ file, line, column, pointer, message, hint }: Diagnostic): string {
  const position = line === undefined ? '' : `:${line}:${column ?? 1}`;
  const place = pointer === '' ? '' : ` ${pointer}`;
  return `${file}${position}${place}: ${message}${hint === undefined ? '' : `\n    hint: ${hint}`}`;
}
