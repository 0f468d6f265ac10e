import { Failure } from '../base/failure.ts';
import { setOwn, type Json, type JsonObject } from '../base/json.ts';
import type { CommitUnit, ObjectRow, Repository } from '../model/repository.ts';
import { readEnvelope } from './envelope.ts';
import type { KeyedCrypto } from './open-crypto.ts';

/** A managed type and those of its properties that are marked as encrypted. */
export interface EncryptedType {
  readonly name: string;
  readonly marked: readonly { readonly name: string; readonly key: string; readonly cipher: string | null }[];
}

export interface ReencryptOptions {
  readonly repository: Repository;
  readonly crypto: KeyedCrypto;
  readonly alias: string;
  readonly types: readonly EncryptedType[];
  /** Objects per commit. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface ReencryptResult {
  readonly objects: number;
  readonly changed: number;
  /** `managed/user/bjensen: why`, at most a hundred. */
  readonly failures: readonly string[];
}

const ATTEMPTS = 10;
const MOST_FAILURES = 100;

/**
 * Brings every value of stored managed objects that is encrypted under `alias` to the current key, wherever it stands, and
 * encrypts marked properties that are still plain. Each object is written only if it is as it was read; one that somebody
 * changed meanwhile is read again. Can be stopped anywhere and repeated: what is done already is not written.
 */
export async function reencryptObjects(options: ReencryptOptions): Promise<ReencryptResult> {
  const { repository, types, batchSize = 500, signal } = options;
  const total = { objects: 0, changed: 0, failures: [] as string[] };
  for (const type of types)
    for (let after: Json = null, isLast = false; !isLast;) {
      signal?.throwIfAborted();
      const page = await repository.objects.page(type.name, { after, limit: batchSize });
      total.objects += page.rows.length;
      await reencryptRows(options, type, page.rows, total);
      after = page.next;
      isLast = page.next === null;
    }
  return { ...total, failures: total.failures.slice(0, MOST_FAILURES) };
}

async function reencryptRows(
  options: ReencryptOptions,
  type: EncryptedType,
  rows: readonly ObjectRow[],
  total: { changed: number; failures: string[] },
): Promise<void> {
  const { repository } = options;
  let open = rows;
  for (let attempt = 0; open.length > 0; attempt++) {
    const units = open.flatMap((row) => unitOf(options, type, row, total.failures));
    const conflicts = await commitWhatGoes(repository, units);
    total.changed += units.length - conflicts.length;
    const again = conflicts.filter(({ code }) => code === 'revision').map(({ id }) => id);
    if (attempt === ATTEMPTS && again.length > 0) {
      total.failures.push(...again.map((id) => `managed/${type.name}/${id}: it is being changed all the time`));
      return;
    }
    open = again.length === 0 ? [] : await repository.objects.readMany(type.name, again);
  }
}

/** The units that could not be written; the others are. */
async function commitWhatGoes(
  repository: Repository,
  units: readonly CommitUnit[],
): Promise<readonly { readonly id: string; readonly code: string }[]> {
  const refused: { id: string; code: string }[] = [];
  for (let open = units; open.length > 0;) {
    const result = await repository.commit({ units: open });
    if (result.ok) break;
    const codes = new Map(result.conflicts.map(({ unit, code }) => [unit, code]));
    for (const [unit, code] of codes) refused.push({ id: open[unit]!.object!.id, code });
    open = open.filter((_, i) => !codes.has(i));
  }
  return refused;
}

function unitOf(
  options: ReencryptOptions,
  type: EncryptedType,
  row: ObjectRow,
  failures: string[],
): readonly CommitUnit[] {
  try {
    const doc = reencrypted(row.doc, type, options);
    if (doc === row.doc) return [];
    return [{ object: { kind: 'update', type: type.name, id: row.id, rev: row.rev, doc } }];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failures.push(`managed/${type.name}/${row.id}: ${error.message}`);
    return [];
  }
}

/** The same object if nothing in it has to change. */
function reencrypted(doc: JsonObject, type: EncryptedType, { crypto, alias }: ReencryptOptions): JsonObject {
  let changed: JsonObject | null = null;
  for (const [name, value] of Object.entries(doc)) {
    const marked = type.marked.find((one) => one.name === name);
    const isPlainButMarked =
      marked?.key === alias && value !== null && !crypto.isEncrypted(value) && !crypto.isHashed(value);
    const next = isPlainButMarked
      ? crypto.encrypt(crypto.decrypt(value), alias, marked.cipher)
      : withCurrentKey(value, alias, crypto);
    if (next === value) continue;
    changed ??= { ...doc };
    setOwn(changed, name, next);
  }
  return changed ?? doc;
}

/** The same value if nothing in it has to change. */
function withCurrentKey(value: Json, alias: string, crypto: KeyedCrypto): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (crypto.isHashed(value)) return value;
  if (crypto.isEncrypted(value)) {
    const { alias: of, cipher } = readEnvelope(value);
    return of === alias && crypto.needsOldKey(value) ? crypto.encrypt(crypto.decrypt(value), alias, cipher) : value;
  }
  if (Array.isArray(value)) {
    const next = value.map((element) => withCurrentKey(element, alias, crypto));
    return next.every((element, i) => element === value[i]) ? value : next;
  }
  const next: JsonObject = {};
  let isSame = true;
  for (const [key, member] of Object.entries(value)) {
    const renewed = withCurrentKey(member, alias, crypto);
    isSame &&= renewed === member;
    setOwn(next, key, renewed);
  }
  return isSame ? value : next;
}
