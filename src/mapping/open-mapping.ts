import { cloneJson, type Json } from '../base/json.ts';
import { assert } from '../base/assert.ts';
import { Failure, messageOf } from '../base/failure.ts';
import type { CompiledMapping } from './compiled-mapping.ts';
import { planAsks, type AskPlan } from './ask-ahead.ts';
import { AskedMapping, type AskedStage, type RunInHost } from './asked-mapping.ts';
import { createProgram } from './program.ts';
import type {
  HostCallHandler,
  ItemResult,
  Program,
  ProgramRuntime,
  ScriptFault,
  ScriptHost,
  ScriptLimits,
  ScriptMode,
  ScriptSession,
  SessionSpec,
} from './script-host.ts';
import type { StageName, Stages } from './stages.ts';

export type StageResult<S extends StageName> =
  | { readonly ok: true; readonly value: Stages[S]['result'] }
  | { readonly ok: false; readonly message: string; readonly detail: Json };

/** A compiled mapping that is ready to work on batches: its program is loaded, its scripts are in the host. */
export interface OpenMapping {
  readonly compiled: CompiledMapping;
  /** One result per item, in order. A stage without scripts costs no crossing. */
  run<S extends StageName>(
    stage: S,
    items: readonly Stages[S]['item'][],
    mode: ScriptMode,
  ): Promise<readonly StageResult<S>[]>;
  /** The same, its scripts' calls answered by somebody else. What it is made of is closed, not this. */
  answeredBy(answer: HostCallHandler): OpenMapping;
  close(): Promise<void>;
}

export interface OpenMappingOptions {
  readonly host: ScriptHost;
  readonly limits: ScriptLimits;
  readonly answer: HostCallHandler;
  readonly resolveModule: SessionSpec['resolveModule'];
}

/** Objects whose scripts may hang before the run is given up: each costs seconds. */
const MAX_TIMEOUTS = 10;
const FIRST_SLICE = 1000;
const SLICE = 50;

/** Runs where no script takes part; a call would be our bug. */
const localRuntime: ProgramRuntime = {
  call: (slot) => {
    assert(false, `script ${slot} was called outside the script host`);
  },
  newObject: () => ({}),
  clone: cloneJson,
};

export async function openMapping(compiled: CompiledMapping, options: OpenMappingOptions): Promise<OpenMapping> {
  const local = createProgram(compiled.payload as unknown as Json, localRuntime);
  if (compiled.scripts.length === 0) {
    const run: OpenMapping['run'] = async (stage, items, mode) => runHere(local, stage, items, mode);
    const mapping: OpenMapping = { compiled, run, answeredBy: () => mapping, close: () => Promise.resolve() };
    return mapping;
  }
  const plan = planAsks(compiled, (script) => options.host.reads(script));
  const session = await openSession(compiled, plan, options);
  const ahead = plan === null ? null : new AskedMapping(compiled.payload, plan, session);
  const mappingFor = (inHost: RunInHost): OpenMapping => ({
    compiled,
    run: async <S extends StageName>(stage: S, items: readonly Stages[S]['item'][], mode: ScriptMode) => {
      if (!compiled.scriptStages.has(stage)) return runHere(local, stage, items, mode);
      if (ahead?.covers(stage) !== true) return inHost(stage, items, mode);
      return ahead.run(stage as AskedStage, items as never, mode, inHost) as Promise<readonly StageResult<S>[]>;
    },
    answeredBy: (answer) => mappingFor(hostRunner(session, answer)),
    close: () => session.close(),
  });
  return mappingFor(hostRunner(session));
}

function runHere<S extends StageName>(
  local: Program,
  stage: S,
  items: readonly Stages[S]['item'][],
  mode: ScriptMode,
): readonly StageResult<S>[] {
  const results: StageResult<S>[] = [];
  for (const item of items) {
    try {
      results.push({
        ok: true,
        value: local.run(stage, item as unknown as Json, mode) as unknown as Stages[S]['result'],
      });
    } catch (error) {
      if (error instanceof Error && error.name === 'Bug') throw error;
      results.push({ ok: false, message: messageOf(error), detail: null });
    }
  }
  return results;
}

function openSession(
  compiled: CompiledMapping,
  plan: AskPlan | null,
  options: OpenMappingOptions,
): Promise<ScriptSession> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const payload = plan === null ? compiled.payload : { ...compiled.payload, asks: plan.asks };
  return options.host.open({
    name: compiled.name,
    programUrl: new URL(`./program.${extension}`, import.meta.url).href,
    payload: payload as unknown as Json,
    scripts: compiled.scripts,
    limits: options.limits,
    resolveModule: options.resolveModule,
    answer: options.answer,
  });
}

function hostRunner(session: ScriptSession, answer?: HostCallHandler): RunInHost {
  const breaker = { timeouts: 0 };
  const run: RunBatch = (stage, items, mode) => session.run(stage, items, mode, undefined, answer);
  return async (stage, items, mode) => (items.length === 0 ? [] : runInHost(run, stage, items, mode, breaker));
}

type RunBatch = (stage: string, items: readonly Json[], mode: ScriptMode) => Promise<readonly ItemResult[]>;

async function runInHost<S extends StageName>(
  runBatch: RunBatch,
  stage: S,
  items: readonly Stages[S]['item'][],
  mode: ScriptMode,
  breaker: { timeouts: number },
): Promise<readonly StageResult<S>[]> {
  const results: ItemResult[] = [];
  // A few at a time once scripts have begun to hang: else one batch could take hours.
  for (let from = 0; from < items.length;) {
    const size = breaker.timeouts === 0 ? Math.min(items.length, FIRST_SLICE) : SLICE;
    const slice = items.slice(from, from + size) as unknown as readonly Json[];
    const part = await runBatch(stage, slice, mode);
    results.push(...part);
    from += size;
    for (const result of part) if (!result.ok && result.fault.kind === 'timeout') breaker.timeouts++;
    const last = part.find((result) => !result.ok && result.fault.kind === 'timeout');
    if (breaker.timeouts >= MAX_TIMEOUTS && last !== undefined && !last.ok)
      throw new Failure(
        'script',
        `${describeFault(last.fault)}: the ${breaker.timeouts}th time in this run, which is stopped`,
      );
  }
  return results.map((result): StageResult<S> => {
    if (result.ok) return { ok: true, value: result.value as unknown as Stages[S]['result'] };
    return { ok: false, message: describeFault(result.fault), detail: result.fault.thrown ?? null };
  });
}

/** `mapping "hr": property "/mail": transform (script/mail.js:3:14): x is not defined` */
export function describeFault(fault: ScriptFault): string {
  const position = fault.line === null ? '' : `:${fault.line}${fault.column === null ? '' : `:${fault.column}`}`;
  const where = fault.file === null ? (position === '' ? '' : ` (inline${position})`) : ` (${fault.file}${position})`;
  return `${fault.place}${where}: ${fault.message}`;
}
