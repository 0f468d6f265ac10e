import type { Clock } from '../base/clock.ts';
import type { AuditEvent } from '../model/audit.ts';
import type { CommitResult, CommitUnit, Repository, RowWrite } from '../model/repository.ts';
import type { RunEntry } from '../model/run.ts';
import { entryOf } from '../recon/entry-of.ts';
import { keyOf } from '../sync/gather-source.ts';
import type { RunLog, Settled } from '../sync/run-log.ts';
import { INTENT_TYPE, intentDoc } from './intents.ts';

export interface PushLogOptions {
  readonly repository: Pick<Repository, 'commit'>;
  readonly clock: Clock;
  readonly mapping: string;
  /** Source collection: intents are found again by the source object. */
  readonly source: string;
  /** Who writes. */
  readonly owner: string;
  /** Of this push: intents are kept under it. */
  readonly pushId: string;
  /** The `audit/sync` entry; null: none is wanted. */
  readonly eventOf: (settled: Settled) => AuditEvent | null;
}

/**
 * The book of one push of changes: no run and no entries, but intents while an external target is being written, and an audit
 * entry for whatever was decided, committed together with links and objects.
 */
export class PushLog implements RunLog {
  readonly #options: PushLogOptions;
  /** Hooks after the write that failed, by source id and qualifier. */
  readonly #corrections = new Map<string, string>();
  #seq = 0;

  constructor(options: PushLogOptions) {
    this.#options = options;
  }

  takeSeq(): number {
    return ++this.#seq;
  }

  toEntry(settled: Settled): RunEntry {
    return entryOf(settled, this.#options.pushId, this.#options.clock.nowMs());
  }

  commitIntents(units: readonly CommitUnit[]): Promise<CommitResult> {
    const rows = units.map(({ entry }): CommitUnit => {
      if (entry?.kind !== 'insert') return {};
      const doc = intentDoc(this.#options.owner, this.#options.mapping, this.#options.source, entry.entry);
      return { object: { kind: 'create', type: INTENT_TYPE, id: this.#intentId(entry.entry.seq), doc } };
    });
    return this.#options.repository.commit({ units: rows });
  }

  commit(
    units: readonly CommitUnit[],
    settled: readonly Settled[],
    audit: readonly AuditEvent[] = [],
  ): Promise<CommitResult> {
    const bySeq = new Map(settled.map((one) => [one.seq, one]));
    return this.#write(
      units.map((unit) => this.#withoutEntry(unit, bySeq)),
      [...audit, ...settled.flatMap((one) => this.#options.eventOf(one) ?? [])],
    );
  }

  /** Of destructive changes: the same, without anything that would have been counted. `intents`: numbers of those that have one. */
  commitUnits(
    units: readonly CommitUnit[],
    audit: readonly AuditEvent[],
    intents: ReadonlySet<number>,
  ): Promise<CommitResult> {
    return this.#write(
      units.map(({ entry, ...unit }) =>
        entry?.kind === 'settle' && intents.has(entry.seq) && entry.status !== 'failed'
          ? { ...unit, object: this.#intentEnd(entry.seq) }
          : unit,
      ),
      audit,
    );
  }

  correct(units: readonly CommitUnit[]): Promise<CommitResult> {
    for (const { entry } of units) {
      if (entry?.kind === 'settle') this.#corrections.set(`#${entry.seq}`, entry.message ?? '');
      if (entry?.kind === 'insert')
        this.#corrections.set(keyOf(entry.entry.sourceId ?? '', entry.entry.linkQualifier), entry.entry.message ?? '');
    }
    return Promise.resolve({ ok: true });
  }

  /** With what hooks after the write had to say. */
  corrected(settled: Settled): Settled {
    const { change, seq } = settled;
    const message =
      (seq === null ? undefined : this.#corrections.get(`#${seq}`)) ??
      this.#corrections.get(keyOf(change.sourceId ?? '', change.evidence.linkQualifier));
    return message === undefined ? settled : { ...settled, outcome: 'failed', status: 'failed', message };
  }

  #intentId(seq: number): string {
    return `${this.#options.pushId}/${seq}`;
  }

  /** An intent goes when its fate is known; one that nobody answered stays, to be looked into before the next attempt. */
  #withoutEntry({ entry, ...unit }: CommitUnit, bySeq: ReadonlyMap<number | null, Settled>): CommitUnit {
    const settled = entry?.kind === 'settle' ? bySeq.get(entry.seq) : undefined;
    if (entry === undefined || settled === undefined) return unit;
    const { code } = settled;
    if (code === 'unreachable' || code === 'timeout') return unit;
    return { ...unit, object: this.#intentEnd(settled.seq!) };
  }

  #intentEnd(seq: number): RowWrite {
    return { kind: 'delete', type: INTENT_TYPE, id: this.#intentId(seq), rev: 0 };
  }

  async #write(units: readonly CommitUnit[], audit: readonly AuditEvent[]): Promise<CommitResult> {
    const isNothing = units.every((unit) => Object.keys(unit).length === 0);
    if (isNothing && audit.length === 0) return { ok: true };
    return this.#options.repository.commit(audit.length === 0 ? { units } : { units, audit });
  }
}
