import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';

/** Changes that were given up, one collection for each system (specification §6.4). */
export function deadLetterType(system: string): string {
  return `repo/synchronisation/deadLetterQueue/${system}`;
}

/** What a handler of failures is told. */
export interface SyncFailure {
  readonly token: Json;
  readonly systemIdentifier: string;
  readonly objectType: string;
  readonly uid: string;
  /** The change as JSON text, without secrets. */
  readonly failedRecord: string;
}

export function deadLetterDoc(failure: SyncFailure, cause: string): JsonObject {
  return { ...failure, failureCause: cause };
}

/** A dead letter as it was stored, by us or by a script; null: it does not say which object. */
export function deadLetterOf(doc: JsonObject): (Pick<SyncFailure, 'objectType' | 'uid'> & Recorded) | null {
  const { objectType, uid, failedRecord } = doc;
  if (typeof objectType !== 'string' || typeof uid !== 'string' || uid === '') return null;
  return { objectType, uid, ...recordedIn(failedRecord) };
}

interface Recorded {
  readonly previousId: string | null;
  readonly before: JsonObject | null;
}

function recordedIn(record: Json | undefined): Recorded {
  try {
    const value: unknown = typeof record === 'string' ? JSON.parse(record) : record;
    if (!isJsonObject(value)) return { previousId: null, before: null };
    const { previousId, before } = value;
    return {
      previousId: typeof previousId === 'string' ? previousId : null,
      before: isJsonObject(before) ? before : null,
    };
  } catch {
    return { previousId: null, before: null };
  }
}

const MAX_TOKEN = 200;

/** The id that OpenIDM gives a dead letter; a token that is no short text gives none. */
export function letterId(token: Json): string | null {
  const text = typeof token === 'string' || typeof token === 'number' ? String(token) : '';
  return text === '' || text.length > MAX_TOKEN || text.includes('/') || !text.isWellFormed() ? null : text;
}
