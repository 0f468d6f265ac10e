import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';

/** A stored document. Anything else than what we wrote means that someone else wrote into the file. */
export function parseDocument(id: string, text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch (cause) {
    throw new Failure('corrupt', `the stored document of ${id} is no JSON: restore the repository from a backup`, {
      cause,
    });
  }
}
