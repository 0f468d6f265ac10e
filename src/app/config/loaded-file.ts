import type { FileKind } from './conf-directory.ts';
import type { JsonNode } from './json-node.ts';

/** A file after substitution. `root` is null when it cannot be read at all. */
export interface LoadedFile {
  readonly kind: FileKind;
  readonly id: string;
  readonly file: string;
  readonly root: JsonNode | null;
  readonly filled: ReadonlySet<string>;
}
