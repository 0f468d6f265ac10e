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

/** `conf/sync.json:12:7 /mappings/0/source: error: … (hint)` */
export function formatDiagnostic(d: Diagnostic): string {
  const position = d.line === undefined ? '' : `:${d.line}:${d.column ?? 1}`;
  const pointer = d.pointer === '' ? '' : ` ${d.pointer}`;
  const hint = d.hint === undefined ? '' : `\n    hint: ${d.hint}`;
  return `${d.severity}: ${d.file}${position}${pointer}: ${d.message}${hint}`;
}
