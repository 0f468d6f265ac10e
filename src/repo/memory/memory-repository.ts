import { systemClock, type Clock } from '../../base/clock.ts';
import type { CommitBatch, CommitConflict, CommitResult, CommitUnit, Repository } from '../../model/repository.ts';
import type { UnitConflict } from '../conflict.ts';
import { leaseLost, repositoryClosed } from '../refusal.ts';
import { findBadId } from '../storable-id.ts';
import { MemoryAudit } from './memory-audit.ts';
import { MemoryLeases } from './memory-leases.ts';
import { MemoryLinks } from './memory-links.ts';
import { MemoryObjects } from './memory-objects.ts';
import { MemoryRuns } from './memory-runs.ts';
import { UndoLog } from './undo-log.ts';

/** A repository for tests, demonstrations and simulations: as fast as maps, gone with the process. */
export function openMemoryRepository(clock: Clock = systemClock): Repository {
  const memory = new MemoryRepository(clock);
  const { objects, links, runs, leases, audit } = memory;
  // a plain object: who wraps it copies its members
  return { objects, links, runs, leases, audit, commit: (batch) => memory.commit(batch), close: () => memory.close() };
}

class MemoryRepository {
  readonly objects = new MemoryObjects();
  readonly links = new MemoryLinks(this.objects);
  readonly runs = new MemoryRuns();
  readonly leases: MemoryLeases;
  readonly audit = new MemoryAudit();
  #isClosed = false;

  constructor(clock: Clock) {
    this.leases = new MemoryLeases(clock);
  }

  async commit(batch: CommitBatch): Promise<CommitResult> {
    if (this.#isClosed) throw repositoryClosed();
    const { fence } = batch;
    if (fence && !this.leases.isHeld(fence.name, fence.token)) throw leaseLost(fence);
    const undo = new UndoLog();
    try {
      const conflicts = this.#write(batch, undo);
      if (conflicts.length === 0) {
        if (batch.audit !== undefined) this.audit.append(batch.audit);
        return { ok: true };
      }
      undo.undoTo(0);
      return { ok: false, conflicts };
    } catch (thrown) {
      undo.undoTo(0);
      throw thrown;
    } finally {
      this.objects.compact();
      this.links.compact();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #write(batch: CommitBatch, undo: UndoLog): readonly CommitConflict[] {
    const conflicts: CommitConflict[] = [];
    if (batch.run) this.runs.put(batch.run, undo);
    for (const [index, unit] of batch.units.entries()) {
      const start = undo.length;
      const conflict = this.#writeUnit(unit, undo);
      if (!conflict) continue;
      undo.undoTo(start);
      conflicts.push({ unit: index, ...conflict });
    }
    return conflicts;
  }

  #writeUnit(unit: CommitUnit, undo: UndoLog): UnitConflict | null {
    let conflict = findBadId(unit);
    if (!conflict && unit.object) conflict = this.objects.write(unit.object, undo);
    for (const link of unit.links ?? []) conflict ??= this.links.write(link, undo);
    if (!conflict && unit.entry) conflict = this.runs.write(unit.entry, undo);
    return conflict;
  }
}
