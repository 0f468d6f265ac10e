import type { Json, JsonObject } from '../base/json.ts';
import { cloneJson } from '../base/json.ts';
import { Answers, NotAsked } from './answers.ts';
import { projection, type AskPlan } from './ask-ahead.ts';
import type { StageResult } from './open-mapping.ts';
import { createProgram } from './program.ts';
import type { ProgramPayload } from './program-payload.ts';
import type { Program, ScriptMode, ScriptSession } from './script-host.ts';
import type { AskItem, AskResult, StageName, Stages } from './stages.ts';

export type AskedStage = 'source' | 'decide';

export type RunInHost = <S extends StageName>(
  stage: S,
  items: readonly Stages[S]['item'][],
  mode: ScriptMode,
) => Promise<readonly StageResult<S>[]>;

/** A script that hangs does so, as a rule, for the first objects already: these are tried by themselves. */
const FIRST_SLICE = 5;
const SLICE = 1000;

/** Stages whose scripts were asked ahead, run in this process; what that cannot settle goes through the script host. */
export class AskedMapping {
  readonly #plan: AskPlan;
  readonly #session: ScriptSession;
  readonly #answers: Answers;
  readonly #program: Program;
  readonly #project: (source: JsonObject) => JsonObject;
  #isOver = false;
  /** The first objects, while they are asked; nothing else is asked until they are answered. */
  #trial: Promise<void> | null = null;

  constructor(payload: ProgramPayload, plan: AskPlan, session: ScriptSession) {
    this.#plan = plan;
    this.#session = session;
    this.#answers = new Answers(plan);
    this.#project = projection(plan.attributes);
    this.#program = createProgram(payload as unknown as Json, {
      call: (slot) => this.#answers.valueOf(slot),
      newObject: () => ({}),
      clone: cloneJson,
    });
  }

  covers(stage: StageName): boolean {
    return !this.#isOver && this.#plan.stages.has(stage);
  }

  async run<S extends AskedStage>(
    stage: S,
    items: readonly Stages[S]['item'][],
    mode: ScriptMode,
    inHost: RunInHost,
  ): Promise<readonly StageResult<S>[]> {
    await this.#askMissing(items, mode);
    const results = items.map((item) => this.#settle<S>(stage, item, mode));
    const open = items.filter((_, i) => results[i] === null);
    const late = await inHost<S>(stage, open, mode);
    let next = 0;
    return results.map((result) => result ?? late[next++]!);
  }

  /** Null: it needs the script host, if only to tell what is wrong. */
  #settle<S extends AskedStage>(stage: S, item: Stages[S]['item'], mode: ScriptMode): StageResult<S> | null {
    const { source, linkQualifier } = item;
    if (source === null || !this.#answers.turnTo(source, linkQualifier)) return null;
    try {
      const value = this.#program.run(stage, item as unknown as Json, mode);
      return { ok: true, value: value as unknown as Stages[S]['result'] };
    } catch (error) {
      if (error instanceof NotAsked || !(error instanceof Error) || error.name !== 'Bug') return null;
      throw error;
    }
  }

  async #askMissing(items: readonly Stages[AskedStage]['item'][], mode: ScriptMode): Promise<void> {
    const missing = items.filter(
      (item): item is Stages['source']['item'] =>
        item.source !== null && !this.#answers.has(item.source, item.linkQualifier),
    );
    let from = 0;
    if (this.#trial === null && missing.length > 0) {
      from = Math.min(FIRST_SLICE, missing.length);
      this.#trial = this.#ask(missing.slice(0, from), mode);
    }
    await this.#trial;
    for (; from < missing.length && !this.#isOver; from += SLICE)
      await this.#ask(missing.slice(from, from + SLICE), mode);
  }

  async #ask(items: readonly Stages['source']['item'][], mode: ScriptMode): Promise<void> {
    const crossing = items.map(({ source, linkQualifier, wantsCorrelation }): AskItem => {
      return { source: this.#project(source), linkQualifier, wantsCorrelation };
    });
    const results = await this.#session.run('ask', crossing as unknown as readonly Json[], mode);
    for (const [i, result] of results.entries()) {
      const { source, linkQualifier } = items[i]!;
      if (result.ok) this.#answers.keep(source, linkQualifier, result.value as unknown as AskResult);
      // A script that hangs or bursts is not asked without need again.
      else if (result.fault.kind !== 'thrown') this.#isOver = true;
    }
  }
}
