import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { StoredObject } from '../model/object-set.ts';
import { answerOf } from '../resource/resource.ts';
import type { ConfigFile } from './config-files.ts';
import { withoutSecrets } from './config-secrets.ts';

/** What a write did, for the audit: secrets are marked. */
export interface ConfigChange {
  readonly operation: 'CREATE' | 'UPDATE' | 'PATCH' | 'DELETE';
  /** `config/sync` */
  readonly objectId: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  /** Of the file after the write; null: it is gone. */
  readonly revision: string | null;
  /** Names of the top-level members that differ. */
  readonly changedFields: readonly string[];
}

/** `{_id, …}` with secrets marked. Throws `conflict` for a file that holds no object, and says where it is wrong. */
export function shownFile({ id, name, rev, document }: ConfigFile): StoredObject {
  if (!isJsonObject(document.value)) {
    const fault = document.diagnostics[0];
    const reason =
      fault === undefined
        ? 'it holds no object'
        : `${fault.message} (line ${fault.line ?? 1}, column ${fault.column ?? 1})`;
    throw new Failure('conflict', `conf/${name} is no configuration: ${reason}; mend it, or write it anew with PUT`);
  }
  return answerOf(id, withoutSecrets(document.value), rev);
}

/** Names of the top-level members that differ, secrets included. */
export function changedMembers(before: Json | undefined, after: Json | undefined): readonly string[] {
  const [old, now] = [membersOf(before), membersOf(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((name) => !deepEqual(old[name], now[name]));
}

function membersOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
