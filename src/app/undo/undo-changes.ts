import { cloneJson, isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { parsePointer } from '../../base/json-pointer.ts';
import type { Link } from '../../model/link.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { RunEntry } from '../../model/run.ts';
import { GONE_ALREADY } from '../../recon/apply-planned.ts';
import { NO_CORRELATION, type SourceEvidence } from '../../sync/evidence.ts';
import { patchOf, pick } from '../../sync/plan.ts';
import type { PlannedChange } from '../../sync/planned-change.ts';
import { changedSince } from './undo-comparison.ts';

/** What is known about the world when one entry is to be taken back. */
export interface UndoFacts {
  /** The target objects that the entry names, as they are now. */
  readonly targets: ReadonlyMap<string, StoredObject>;
  /** The link of the entry's source and the link of its target, under its qualifier. */
  readonly sourceLink: Link | null;
  readonly targetLink: Link | null;
  /** Both ends of that link are those of the entry. */
  readonly isOwnLink: boolean;
  /** Revision that the object must have if nothing has changed since; null: the set has none, its values are compared. */
  readonly expectedRev: string | null;
  readonly acceptsIds: boolean;
  /** Attributes that are written and never given back by reads. */
  readonly unreadable: ReadonlySet<string>;
}

/** A change, or the reason why the object is left alone. */
export type UndoStep =
  | { readonly kind: 'change'; readonly change: PlannedChange }
  | { readonly kind: 'refused'; readonly change: PlannedChange };

/** What takes one applied entry back: nothing, one change, or several. Pure. */
export function undoSteps(entry: RunEntry, facts: UndoFacts): readonly UndoStep[] {
  switch (entry.changeClass) {
    case 'create':
      return removeCreated(entry, facts);
    case 'update':
      return [...restoreUpdated(entry, facts), ...removeLink(entry, facts)];
    case 'link':
      return removeLink(entry, facts);
    case 'unlink':
      return restoreLink(entry, facts);
    case 'delete':
      return restoreDeleted(entry, facts);
    case 'ambiguousDelete':
      return Object.entries(entry.before ?? {}).flatMap(([id, object]) =>
        isJsonObject(object) ? [recreate(entry, facts, id, object, null)] : [],
      );
    case 'none':
      return [];
  }
}

function removeCreated(entry: RunEntry, facts: UndoFacts): readonly UndoStep[] {
  const target = targetOf(entry, facts);
  if (target === null) return facts.isOwnLink ? [unlink(entry, facts)] : [refuse(entry, facts, 'it is gone already')];
  const created = isJsonObject(entry.after) ? entry.after : {};
  const difference = changedSince(target, facts.expectedRev, created, facts.unreadable);
  if (difference !== null) return [refuse(entry, facts, difference)];
  const link = facts.isOwnLink ? facts.targetLink : null;
  return [
    step(entry, facts, {
      action: 'DELETE',
      changeClass: 'delete',
      outcome: 'deleted',
      write: { kind: 'delete', id: target.id, rev: target.rev },
      link: link === null ? null : { kind: 'delete', link },
      before: target.object,
    }),
  ];
}

function restoreUpdated(entry: RunEntry, facts: UndoFacts): readonly UndoStep[] {
  const target = targetOf(entry, facts);
  if (target === null) return [refuse(entry, facts, 'it is gone')];
  const written = writtenBy(entry.after);
  const difference = changedSince(target, facts.expectedRev, written, facts.unreadable);
  if (difference !== null) return [refuse(entry, facts, difference)];
  const changed = Object.keys(written).filter((key) => !facts.unreadable.has(key));
  const { _id, _rev, ...object } = target.object;
  for (const key of changed) {
    if (entry.before !== null && Object.hasOwn(entry.before, key)) object[key] = cloneJson(entry.before[key]!);
    else delete object[key];
  }
  if (changed.length === 0) return [refuse(entry, facts, 'what was written cannot be read')];
  return [
    step(entry, facts, {
      action: 'UPDATE',
      changeClass: 'update',
      outcome: 'updated',
      write: { kind: 'update', id: target.id, rev: target.rev, object, changed },
      before: pick(target.object, changed),
      after: patchOf(target.object, object, changed),
      message: unknownBefore(written, facts),
    }),
  ];
}

function unknownBefore(written: JsonObject, { unreadable }: UndoFacts): string | null {
  const lost = Object.keys(written).filter((key) => unreadable.has(key));
  return lost.length === 0 ? null : `without ${lost.join(', ')}, whose earlier value is not known`;
}

/** The values that an update wrote, null for what it removed. */
function writtenBy(after: Json): JsonObject {
  const written: JsonObject = {};
  for (const operation of Array.isArray(after) ? after.filter(isJsonObject) : []) {
    const [attribute] = parsePointer(String(operation['field']));
    if (attribute !== undefined) written[attribute] = operation['value'] ?? null;
  }
  return written;
}

/** Undoes the link that came with an update, or that was all there was to do. */
function removeLink(entry: RunEntry, facts: UndoFacts): readonly UndoStep[] {
  if (entry.detail?.['linking'] !== true) return [];
  return facts.isOwnLink ? [unlink(entry, facts)] : [];
}

function unlink(entry: RunEntry, facts: UndoFacts): UndoStep {
  return step(entry, facts, {
    action: 'UNLINK',
    changeClass: 'unlink',
    outcome: 'updated',
    link: { kind: 'delete', link: facts.targetLink! },
  });
}

function restoreLink(entry: RunEntry, facts: UndoFacts): readonly UndoStep[] {
  const { sourceId, targetId } = entry;
  if (sourceId === null || targetId === null) return [];
  if (isTaken(facts)) return [refuse(entry, facts, 'it, or its source object, is linked again')];
  return [
    step(entry, facts, {
      action: 'LINK',
      changeClass: 'link',
      outcome: 'updated',
      link: { kind: 'create', sourceId, targetId },
    }),
  ];
}

function restoreDeleted(entry: RunEntry, facts: UndoFacts): readonly UndoStep[] {
  const { targetId, before, sourceId, detail } = entry;
  if (targetId === null || before === null) return [];
  const linkedSource = isJsonObject(detail?.['link']) ? sourceId : null;
  // Another entry of the run deleted the object, under another qualifier: brought back, or about to be.
  const present = facts.targets.get(targetId);
  const isBack = present !== undefined && changedSince(present, null, before, facts.unreadable) === null;
  if (entry.message === GONE_ALREADY || (isBack && linkedSource !== null))
    return linkedSource === null ? [] : restoreLink(entry, facts);
  if (linkedSource !== null && isTaken(facts))
    return [refuse(entry, facts, 'its source object is linked to another target')];
  return [recreate(entry, facts, targetId, before, linkedSource)];
}

function recreate(
  entry: RunEntry,
  facts: UndoFacts,
  targetId: string,
  before: JsonObject,
  sourceId: string | null,
): UndoStep {
  const named = { ...entry, targetId };
  if (facts.targets.has(targetId)) return refuse(named, facts, 'there is an object with this id again');
  const { _id, _rev, ...object } = before;
  const id = facts.acceptsIds ? targetId : null;
  const lost = facts.unreadable.size === 0 ? null : `without ${[...facts.unreadable].join(', ')}, which cannot be read`;
  return step(named, facts, {
    action: 'CREATE',
    changeClass: 'create',
    outcome: 'created',
    targetId: id,
    write: { kind: 'create', id, object },
    link: sourceId === null ? null : { kind: 'create', sourceId, targetId: id },
    after: object,
    message: lost,
    detail: { undoes: entry.seq, restores: targetId },
  });
}

function isTaken({ sourceLink, targetLink }: UndoFacts): boolean {
  return sourceLink !== null || targetLink !== null;
}

type Changing = Pick<PlannedChange, 'action' | 'changeClass' | 'outcome'> &
  Partial<Pick<PlannedChange, 'targetId' | 'write' | 'link' | 'before' | 'after' | 'message' | 'detail'>>;

function step(entry: RunEntry, facts: UndoFacts, changing: Changing): UndoStep {
  return { kind: 'change', change: { ...common(entry, facts), ...changing } };
}

/** Told as an entry of its own, so that everybody sees what was not taken back and why. */
function refuse(entry: RunEntry, facts: UndoFacts, reason: string): UndoStep {
  const message = `left alone: ${reason}`;
  return {
    kind: 'refused',
    change: { ...common(entry, facts), action: 'IGNORE', changeClass: 'none', outcome: 'ignored', message },
  };
}

function common(entry: RunEntry, facts: UndoFacts): Omit<PlannedChange, 'action' | 'changeClass' | 'outcome'> {
  const { sourceId, targetId, linkQualifier } = entry;
  // A rename would move a link that is removed anyway.
  const isUnlinked = entry.detail?.['linking'] === true;
  const evidence: SourceEvidence = {
    kind: 'source',
    sourceId: sourceId ?? '',
    source: null,
    linkQualifier,
    isValid: true,
    link: facts.isOwnLink && !isUnlinked ? facts.targetLink : null,
    linkedTargetId: null,
    target: targetOf(entry, facts),
    correlation: NO_CORRELATION,
  };
  return {
    evidence,
    situation: null,
    rule: 'none',
    policy: null,
    sourceId,
    targetId,
    write: null,
    ambiguousTargetIds: null,
    link: null,
    hooks: [],
    before: null,
    after: null,
    message: null,
    detail: { undoes: entry.seq },
    isReported: true,
    trace: null,
  };
}

function targetOf({ targetId }: RunEntry, { targets }: UndoFacts): StoredObject | null {
  return targetId === null ? null : (targets.get(targetId) ?? null);
}
