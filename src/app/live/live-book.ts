import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import { memoryDoc, memoryOf, MEMORY_TYPE, NO_MEMORY, type Memory } from '../../live/retry-rule.ts';
import { STAGE_TYPE, stageDoc, stageOf, type Stage } from '../../live/stage.ts';
import type { AuditEvent } from '../../model/audit.ts';
import type { CommitBatch, CommitUnit, ObjectRow, Repository, RowWrite } from '../../model/repository.ts';

/**
 * How far the changes of one source are handled: the stage document and what is kept beside it. Written by compare-and-set, by
 * whoever holds the lease, together with what was handled.
 */
export interface LiveBook {
  /** Null: this is the first call. */
  readonly stage: Stage | null;
  readonly memory: Memory;
  /** Of the stage document; -1: it is not stored. */
  readonly rev: number;
  readonly doc: JsonObject;
  /**
   * Rejects with `revision` if somebody else wrote or deleted the stage meanwhile, with `locked` if the lease was lost; then nothing is
   * written.
   */
  write(next: { readonly stage: Stage; readonly memory: Memory }, also?: Also): Promise<void>;
}

export interface Also {
  readonly units: readonly CommitUnit[];
  readonly audit: readonly AuditEvent[];
}

export async function openLiveBook(
  repository: Repository,
  id: string,
  fence: NonNullable<CommitBatch['fence']>,
): Promise<LiveBook> {
  const types = [STAGE_TYPE, MEMORY_TYPE].map((name) => ({ name, searchable: [] }));
  await repository.objects.declareTypes(types);
  const [stored] = await repository.objects.readMany(STAGE_TYPE, [id]);
  const [beside] = await repository.objects.readMany(MEMORY_TYPE, [id]);
  // What is left of a stage that was deleted says nothing about the next one.
  const memory = beside === undefined || stored === undefined ? NO_MEMORY : memoryOf(beside.doc);
  return new Book(repository, id, fence, { stored, beside, memory });
}

interface Found {
  readonly stored: ObjectRow | undefined;
  readonly beside: ObjectRow | undefined;
  readonly memory: Memory;
}

class Book implements LiveBook {
  readonly #repository: Repository;
  readonly #id: string;
  readonly #fence: NonNullable<CommitBatch['fence']>;
  #stage: Stage | null;
  #memory: Memory;
  #doc: JsonObject;
  #rev: number;
  #memoryRev: number;

  constructor(repository: Repository, id: string, fence: NonNullable<CommitBatch['fence']>, found: Found) {
    this.#repository = repository;
    this.#id = id;
    this.#fence = fence;
    this.#doc = found.stored?.doc ?? {};
    this.#stage = found.stored === undefined ? null : stageOf(found.stored.doc);
    this.#rev = found.stored?.rev ?? -1;
    this.#memory = found.memory;
    this.#memoryRev = found.beside?.rev ?? -1;
  }

  get stage(): Stage | null {
    return this.#stage;
  }

  get memory(): Memory {
    return this.#memory;
  }

  get rev(): number {
    return this.#rev;
  }

  get doc(): JsonObject {
    return this.#doc;
  }

  async write({ stage, memory }: { readonly stage: Stage; readonly memory: Memory }, also?: Also): Promise<void> {
    const doc = stageDoc(stage);
    const own = [rowWrite(STAGE_TYPE, this.#id, this.#rev, doc)];
    const isNews = memory !== this.#memory || this.#memoryRev < 0;
    if (isNews) own.push(rowWrite(MEMORY_TYPE, this.#id, this.#memoryRev, memoryDoc(memory)));
    const units = [...own.map((object) => ({ object })), ...(also?.units ?? [])];
    const audit = also?.audit ?? [];
    const result = await this.#repository.commit({ units, fence: this.#fence, ...(audit.length > 0 ? { audit } : {}) });
    if (!result.ok) throw conflict(this.#id, result.conflicts[0]!);
    this.#stage = stage;
    this.#memory = memory;
    this.#doc = doc;
    this.#rev++;
    if (isNews) this.#memoryRev++;
  }
}

function rowWrite(type: string, id: string, rev: number, doc: JsonObject): RowWrite {
  return rev < 0 ? { kind: 'create', type, id, doc } : { kind: 'update', type, id, rev, doc };
}

function conflict(id: string, { unit, message }: { readonly unit: number; readonly message: string }): Failure {
  if (unit > 0) return new Failure('conflict', `liveSync could not store its progress: ${message}`);
  return new Failure(
    'revision',
    `${STAGE_TYPE}/${id} was changed while liveSync was running; the next call goes on from what it says now`,
  );
}
