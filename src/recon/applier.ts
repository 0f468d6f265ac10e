import { isManagedSet } from '../model/managed-set.ts';
import type { Json } from '../base/json.ts';
import { applyChanges } from '../sync/apply.ts';
import type { World } from '../sync/world.ts';
import { noteContests } from './contests.ts';
import type { Pending } from './pending.ts';
import type { RunContext } from './run-context.ts';

/**
 * Applies what is pending, one batch after the other. Where the target is the repository, the next batch is gathered and
 * planned meanwhile, and what it finds is checked against what is being applied (`Pending`); where something else may look at
 * the target, each batch is applied before anything else happens.
 */
export class Applier {
  readonly #run: RunContext;
  readonly #pending: Pending;
  readonly #isAhead: boolean;
  #applying: Promise<void> = Promise.resolve();

  constructor(run: RunContext, pending: Pending) {
    this.#run = run;
    this.#pending = pending;
    this.#isAhead = !looksAside(run.world);
  }

  /** Takes what is pending, moves the checkpoint to `cursor`. Resolves when that has begun, and the batch before is applied. */
  async apply(cursor: Json): Promise<void> {
    await this.#applying;
    this.#applying = this.#applyPending(cursor);
    this.#applying.catch(() => {});
    if (!this.#isAhead) await this.#applying;
  }

  /** Resolves when everything that was taken is applied. */
  finish(): Promise<void> {
    return this.#applying;
  }

  async #applyPending(cursor: Json): Promise<void> {
    const { world, ledger, view, touchedTargets, createdTargets } = this.#run;
    const changes = this.#pending.takeAhead();
    ledger.moveTo(cursor);
    noteContests(this.#run, changes);
    for (const { targetId, change, outcome } of await applyChanges(world, changes, ledger)) {
      if (targetId === null) continue;
      if (targetId !== change.evidence.target?.id) touchedTargets.add(view.targetKey(targetId));
      if (outcome === 'created') createdTargets.add(view.targetKey(targetId));
    }
    this.#pending.applied();
  }
}

/** A script that names one of these may read, or write, what the run writes. */
const ASIDE = /\b(openidm|require|eval|Function|this|globalThis)\b/;

/** The target is outside, or something looks at it that does not go through the evidence: then nothing is done ahead. */
function looksAside({ mapping, target }: World): boolean {
  if (!isManagedSet(target) || target.preparation?.hasScripts === true) return true;
  const { scripts, payload } = mapping.compiled;
  const correlatesByIds = Object.values(payload.correlation).some(({ kind }) => kind === 'ids');
  return correlatesByIds || scripts.some(({ code }) => ASIDE.test(code));
}
