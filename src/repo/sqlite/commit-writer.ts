import type { CommitConflict, CommitResult } from '../../model/repository.ts';
import type { UnitConflict } from '../conflict.ts';
import { leaseLost } from '../refusal.ts';
import { findBadId } from '../storable-id.ts';
import type { AuditTable } from './audit-table.ts';
import { readTape, type CommitTape, type RawUnit } from './commit-tape.ts';
import type { LeaseTable } from './lease-table.ts';
import type { LinkTable } from './link-table.ts';
import type { ObjectTable } from './object-table.ts';
import type { RunTable } from './run-table.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { TypeLayouts } from './type-layout.ts';

export interface CommitTables {
  readonly layouts: TypeLayouts;
  readonly objects: ObjectTable;
  readonly links: LinkTable;
  readonly runs: RunTable;
  readonly leases: LeaseTable;
  readonly audit: AuditTable;
}

/** A commit of which parts have come. */
interface OpenCommit {
  readonly parts: CommitTape[];
  /** Its transaction is open, and nothing was refused so far. */
  isWriting: boolean;
  /** Why it cannot be completed. */
  thrown: unknown;
}

/**
 * Writes commits, each in one transaction. A commit comes in parts, so that one is written while the sender makes the next:
 * what is wrong with a part is told when the last one has come.
 */
export class CommitWriter {
  readonly #db: SqliteDatabase;
  readonly #tables: CommitTables;
  #open: OpenCommit | null = null;

  constructor(db: SqliteDatabase, tables: CommitTables) {
    this.#db = db;
    this.#tables = tables;
  }

  /** Begins a commit, or goes on with it. Never throws. */
  addPart(tape: CommitTape): void {
    const open = (this.#open ??= { parts: [], isWriting: false, thrown: null });
    const isFirst = open.parts.length === 0;
    open.parts.push(tape);
    if (!isFirst && !open.isWriting) return;
    try {
      if (isFirst) this.#begin(open, tape);
      if (!this.#writeStraight(tape)) this.#rollBack(open);
    } catch (thrown) {
      open.thrown = thrown;
      this.#rollBack(open);
    }
  }

  /** With the last part. Straight first; only if a unit is refused again, unit by unit, to find everything that is wrong. */
  complete(tape: CommitTape): CommitResult {
    this.addPart(tape);
    const open = this.#open!;
    this.#open = null;
    if (open.thrown !== null) throw open.thrown;
    if (open.isWriting && this.#finish(open)) return { ok: true };
    return this.#commitCarefully(open.parts);
  }

  /** There will be no last part. */
  drop(): void {
    if (this.#open?.isWriting === true) this.#rollBack(this.#open);
    this.#open = null;
  }

  #begin(open: OpenCommit, tape: CommitTape): void {
    this.#db.begin();
    open.isWriting = true;
    this.#writeHead(tape);
  }

  /** False if a unit was refused. */
  #finish(open: OpenCommit): boolean {
    try {
      if (!this.#flush()) return false;
      for (const { audit } of open.parts) this.#tables.audit.append(audit);
      this.#db.commit();
      open.isWriting = false;
      return true;
    } finally {
      if (open.isWriting) this.#rollBack(open);
    }
  }

  #rollBack(open: OpenCommit): void {
    open.isWriting = false;
    this.#db.rollBack();
    this.#forgetUncommitted();
  }

  #commitCarefully(parts: readonly CommitTape[]): CommitResult {
    const conflicts: CommitConflict[] = [];
    let isKept = false;
    try {
      isKept = this.#db.transaction(
        () => {
          this.#writeHead(parts[0]!);
          if (!this.#writeCarefully(parts, conflicts)) return false;
          for (const { audit } of parts) this.#tables.audit.append(audit);
          return true;
        },
        (isComplete) => isComplete,
      );
    } finally {
      if (!isKept) this.#forgetUncommitted();
    }
    return isKept ? { ok: true } : { ok: false, conflicts };
  }

  /** What comes before all units. */
  #writeHead({ fence, run }: CommitTape): void {
    const { layouts, leases, runs } = this.#tables;
    layouts.refresh();
    if (fence && !leases.isHeld(fence.name, fence.token)) throw leaseLost(fence);
    if (run) runs.put(run);
  }

  #writeStraight(tape: CommitTape): boolean {
    for (const unit of readTape(tape)) if (!this.#writeSoon(unit)) return false;
    return true;
  }

  #flush(): boolean {
    const { objects, links, runs } = this.#tables;
    return objects.flush() && links.flush() && runs.flush();
  }

  /** A refused unit leaves nothing behind that could make a later one fail. */
  #writeCarefully(parts: readonly CommitTape[], conflicts: CommitConflict[]): boolean {
    let index = 0;
    for (const unit of parts.flatMap((tape) => [...readTape(tape)])) {
      this.#db.execute('SAVEPOINT unit');
      const conflict = this.#writeUnit(unit);
      if (conflict) {
        conflicts.push({ unit: index, ...conflict });
        this.#db.execute('ROLLBACK TO unit');
        this.#forgetUncommitted();
      }
      this.#db.execute('RELEASE unit');
      index++;
    }
    return conflicts.length === 0;
  }

  #writeSoon(unit: RawUnit): boolean {
    const { objects, links, runs } = this.#tables;
    if (findBadId(unit) || (unit.object && !objects.writeSoon(unit.object))) return false;
    for (const link of unit.links) if (!links.writeSoon(link)) return false;
    return !unit.entry || runs.writeSoon(unit.entry);
  }

  #writeUnit(unit: RawUnit): UnitConflict | null {
    const { objects, links, runs } = this.#tables;
    let conflict = findBadId(unit);
    if (!conflict && unit.object) conflict = objects.write(unit.object);
    for (const link of unit.links) conflict ??= links.write(link);
    if (!conflict && unit.entry) conflict = runs.write(unit.entry);
    return conflict;
  }

  #forgetUncommitted(): void {
    const { objects, links, runs } = this.#tables;
    objects.forgetUncommitted();
    links.forgetUncommitted();
    runs.forgetUncommitted();
  }
}
