import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { nativeToken } from './native-token.ts';

/** Where tokens are kept: `repo/synchronisation/pooledSyncStage/<ID>` (specification §6.2). */
export const STAGE_TYPE = 'repo/synchronisation/pooledSyncStage';

/** What is known of a source: how far its changes are handled, and why they go no further. */
export interface Stage {
  /** Null: there is none, and changes are asked for from the beginning. */
  readonly token: Json;
  readonly nativeType: string | null;
  readonly lastException: StageException | null;
  /** A reconciliation has to take the place of changes that the system no longer tells; null: none has. */
  readonly resync: JsonObject | null;
}

export interface StageException {
  /** Why the change could not be applied. */
  readonly throwable: string;
  /** The change as JSON text, without secrets. */
  readonly syncDelta: string;
}

/** `SYSTEMLDAPACCOUNT` for `system/ldap/account`. */
export function stageId(source: string): string {
  return source.replaceAll('/', '').toUpperCase();
}

/** Reads what is stored, also what an administrator has put there by hand. */
export function stageOf(doc: JsonObject): Stage {
  const data = isJsonObject(doc['connectorData']) ? doc['connectorData'] : {};
  const nativeType = typeof data['nativeType'] === 'string' ? data['nativeType'] : null;
  const told = doc['lastException'];
  const lastException = isJsonObject(told)
    ? { throwable: textOf(told['throwable']), syncDelta: textOf(told['syncDelta']) }
    : null;
  const resync = isJsonObject(doc['resync']) ? doc['resync'] : null;
  return { token: nativeToken(data['syncToken'] ?? null, nativeType), nativeType, lastException, resync };
}

export function stageDoc({ token, nativeType, lastException, resync }: Stage): JsonObject {
  const connectorData: JsonObject = token === null ? {} : { nativeType: nativeType ?? 'string', syncToken: token };
  return {
    connectorData,
    ...(lastException === null ? {} : { lastException: { ...lastException } }),
    ...(resync === null ? {} : { resync }),
  };
}

/** As a call answers it; `syncDelta` only for who asks for details. */
export function stageAnswer(id: string, rev: number, doc: JsonObject, isDetailed: boolean): JsonObject {
  const { lastException, ...rest } = doc;
  const answer: JsonObject = { ...rest, _id: id, _rev: String(rev) };
  if (!isJsonObject(lastException)) return answer;
  const { syncDelta: _syncDelta, ...shown } = lastException;
  return { ...answer, lastException: isDetailed ? lastException : shown };
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
