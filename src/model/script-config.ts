import type { JsonObject } from '../base/json.ts';

/** A script as the configuration names it (specification §9.1). Exactly one of `source` and `file` is set. */
export interface ScriptConfig {
  /** `text/javascript`, `groovy` …, as written. */
  readonly type: string;
  readonly source: string | null;
  /** As written, e.g. `ui/x.js`; found by the search order of the specification. */
  readonly file: string | null;
  readonly globals: JsonObject;
  /** Every further key of the script object: variables with fixed values. */
  readonly constants: JsonObject;
  /** JSON pointer of the script object within its file, for messages. */
  readonly pointer: string;
}
