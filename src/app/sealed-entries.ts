import { Failure } from '../base/failure.ts';
import { cloneJson, isJsonObject, setOwn, type Json, type JsonObject } from '../base/json.ts';
import { formatPointer, getAt, parsePointer, putAt } from '../base/json-pointer.ts';
import type { Crypto } from '../crypto/crypto.ts';
import { INTENT_TYPE } from '../implicit/intents.ts';
import type { CommitBatch, CommitUnit, ObjectReads, Repository, RowWrite, RunReads } from '../model/repository.ts';
import type { RunEntry } from '../model/run.ts';
import { attributeOf } from '../sync/plan.ts';
import type { IsSecret } from './secrets.ts';

/**
 * A repository in whose run entries no secret lies in plain text: before- and after-images hold what was written to external
 * systems, passwords among it, and undo, approval and recovery need them. They are encrypted on their way in, and open for
 * whoever reads entries.
 */
export function sealingEntries(repository: Repository, crypto: Crypto, isSecret: () => IsSecret): Repository {
  const { objects, links, runs, leases, audit } = repository;
  return {
    objects: openingIntents(objects, crypto),
    links,
    leases,
    audit,
    runs: openingRuns(runs, crypto),
    commit: (batch) => repository.commit(sealedBatch(batch, crypto, isSecret())),
    close: () => repository.close(),
  };
}

function openingRuns(runs: RunReads, crypto: Crypto): RunReads {
  return {
    read: (runId) => runs.read(runId),
    list: (request) => runs.list(request),
    countEntries: (runId, status) => runs.countEntries(runId, status),
    withEntries: (status) => runs.withEntries(status),
    remove: (runIds) => runs.remove(runIds),
    entries: async (runId, request) => (await runs.entries(runId, request)).map((entry) => opened(entry, crypto)),
  };
}

/** Intents of pushes hold entries, too. */
function openingIntents(objects: ObjectReads, crypto: Crypto): ObjectReads {
  return {
    declareTypes: (types) => objects.declareTypes(types),
    count: (type, filter) => objects.count(type, filter),
    readMany: (type, ids) => objects.readMany(type, ids),
    page: (type, request) => objects.page(type, request),
    pageIds: (type, after, limit) => objects.pageIds(type, after, limit),
    findByValue: async (type, attribute, values) => {
      const rows = await objects.findByValue(type, attribute, values);
      if (type !== INTENT_TYPE) return rows;
      return rows.map((row) => ({ ...row, doc: withEntry(row.doc, opened(entryIn(row.doc), crypto)) }));
    },
  };
}

function entryIn(doc: JsonObject): RunEntry {
  return doc['entry'] as unknown as RunEntry;
}

function withEntry(doc: JsonObject, entry: RunEntry): JsonObject {
  return { ...doc, entry: entry as unknown as JsonObject };
}

function sealedIntent({ object }: CommitUnit, crypto: Crypto, isSecret: IsSecret): RowWrite | null {
  if (object?.kind !== 'create' || object.type !== INTENT_TYPE) return null;
  const entry = entryIn(object.doc);
  return holdsSecret(entry, isSecret)
    ? { ...object, doc: withEntry(object.doc, sealed(entry, crypto, isSecret)) }
    : null;
}

function sealedBatch(batch: CommitBatch, crypto: Crypto, isSecret: IsSecret): CommitBatch {
  let units: CommitUnit[] | null = null;
  for (const [i, unit] of batch.units.entries()) {
    const { entry } = unit;
    const intent = sealedIntent(unit, crypto, isSecret);
    if (intent !== null) {
      units ??= [...batch.units];
      units[i] = { ...unit, object: intent };
    }
    if (entry?.kind !== 'insert' || !holdsSecret(entry.entry, isSecret)) continue;
    units ??= [...batch.units];
    units[i] = { ...unit, entry: { kind: 'insert', entry: sealed(entry.entry, crypto, isSecret) } };
  }
  return units === null ? batch : { ...batch, units };
}

function holdsSecret({ before, after }: RunEntry, isSecret: IsSecret): boolean {
  if (before !== null && hasSecret(before, isSecret)) return true;
  if (Array.isArray(after)) return after.some((one) => isJsonObject(one) && isSecret(attributeOf(one)));
  return isJsonObject(after) && hasSecret(after, isSecret);
}

/** An ambiguous delete holds whole objects by id. */
function hasSecret(object: JsonObject, isSecret: IsSecret): boolean {
  return Object.entries(object).some(
    ([name, value]) => isSecret(name) || (isJsonObject(value) && hasSecret(value, isSecret)),
  );
}

/** `detail.sealed` names the places, so that values that were encrypted before stay as they were found. */
function sealed(entry: RunEntry, crypto: Crypto, isSecret: IsSecret): RunEntry {
  const places: string[] = [];
  const seal = (value: Json, place: readonly string[]): Json => {
    if (value === null || crypto.isEncrypted(value) || crypto.isHashed(value)) return value;
    places.push(formatPointer(place));
    return crypto.encrypt(value, null, null);
  };
  const object = (of: JsonObject, place: readonly string[]): JsonObject => {
    const copy: JsonObject = {};
    for (const [name, value] of Object.entries(of)) {
      const here = [...place, name];
      setOwn(copy, name, isSecret(name) ? seal(value, here) : isJsonObject(value) ? object(value, here) : value);
    }
    return copy;
  };
  const operation = (one: Json, i: number): Json =>
    isJsonObject(one) && 'value' in one && isSecret(attributeOf(one))
      ? { ...one, value: seal(one['value']!, ['after', String(i), 'value']) }
      : one;
  const { before, after } = entry;
  return {
    ...entry,
    before: before === null ? null : object(before, ['before']),
    after: Array.isArray(after) ? after.map(operation) : isJsonObject(after) ? object(after, ['after']) : after,
    detail: { ...entry.detail, sealed: places },
  };
}

function opened(entry: RunEntry, crypto: Crypto): RunEntry {
  const places = entry.detail?.['sealed'];
  if (!Array.isArray(places)) return entry;
  const { sealed: _, ...detail } = entry.detail!;
  const images: JsonObject = cloneJson({ before: entry.before, after: entry.after });
  for (const place of places) openAt(images, parsePointer(String(place)), crypto);
  return {
    ...entry,
    before: images['before'] as JsonObject | null,
    after: images['after']!,
    detail: Object.keys(detail).length === 0 ? null : detail,
  };
}

/** What cannot be opened any more, because its key is gone, stays as it is: the rest of the entry can still be read. */
function openAt(images: JsonObject, place: readonly string[], crypto: Crypto): void {
  const value = getAt(images, place);
  if (value === undefined) return;
  try {
    putAt(images, place, crypto.decrypt(value));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}
