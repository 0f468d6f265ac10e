import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { describeFault } from '../mapping/open-mapping.ts';
import type {
  HostCallHandler,
  ItemResult,
  ScriptFault,
  ScriptHost,
  ScriptLimits,
  ScriptSession,
  SessionSpec,
} from '../mapping/script-host.ts';
import type { RequestContext } from '../resource/context.ts';
import type { CompiledManaged } from './compile-managed.ts';
import type { ManagedItem, ManagedStage } from './managed-stages.ts';

/** The scripts of one managed type, ready to run. Their process is started when the first of them is needed. */
export interface ManagedScripts {
  /** False: nothing has to cross for this stage. */
  has(stage: ManagedStage): boolean;
  /** One value per item, in order; a `Failure` in the place of an item whose script threw. */
  run(
    stage: ManagedStage,
    items: readonly ManagedItem[],
    context: RequestContext,
  ): Promise<readonly (Json | Failure)[]>;
  close(): Promise<void>;
}

export interface ManagedScriptsOptions {
  readonly host: ScriptHost;
  readonly limits: ScriptLimits;
  readonly resolveModule: SessionSpec['resolveModule'];
  /** Answers `openidm.*` on behalf of the request that the scripts run for. */
  readonly answer: (context: RequestContext) => HostCallHandler;
}

/** Objects whose scripts may hang before the rest of a batch is given up: each costs seconds. */
const MAX_TIMEOUTS = 10;
const FIRST_SLICE = 500;
const SLICE = 50;

export function openManagedScripts(compiled: CompiledManaged, options: ManagedScriptsOptions): ManagedScripts {
  let opening: Promise<ScriptSession> | null = null;
  const session = (): Promise<ScriptSession> => (opening ??= openSession(compiled, options));
  return {
    has: (stage) => compiled.stages.has(stage),
    run: async (stage, items, context) => {
      if (items.length === 0) return [];
      const opened = await session();
      const results = await runSlices(opened, stage, items, context, options.answer(context));
      return results.map((result) => (result.ok ? result.value : toFailure(result.fault, compiled)));
    },
    close: async () => {
      await (await opening)?.close();
      opening = null;
    },
  };
}

function openSession(compiled: CompiledManaged, options: ManagedScriptsOptions): Promise<ScriptSession> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return options.host.open({
    name: `managed/${compiled.config.name}`,
    programUrl: new URL(`./managed-program.${extension}`, import.meta.url).href,
    payload: compiled.payload as unknown as Json,
    scripts: compiled.scripts,
    limits: options.limits,
    resolveModule: options.resolveModule,
    answer: async ({ name }) => ({ ok: false, error: { code: 500, message: `${name}: nobody asked for it` } }),
  });
}

async function runSlices(
  session: ScriptSession,
  stage: ManagedStage,
  items: readonly ManagedItem[],
  context: RequestContext,
  answer: HostCallHandler,
): Promise<readonly ItemResult[]> {
  const results: ItemResult[] = [];
  let timeouts = 0;
  while (results.length < items.length) {
    const size = timeouts === 0 ? FIRST_SLICE : SLICE;
    const slice = items.slice(results.length, results.length + size) as unknown as readonly Json[];
    const part = await session.run(stage, slice, context.mode, context.signal, answer);
    results.push(...part);
    const hanging = part.filter((result) => !result.ok && result.fault.kind === 'timeout');
    timeouts += hanging.length;
    const last = hanging.at(-1);
    if (timeouts >= MAX_TIMEOUTS && last !== undefined && !last.ok && results.length < items.length)
      throw new Failure(
        'script',
        `${describeFault(last.fault)}: the ${timeouts}th time in one batch, which is given up`,
      );
  }
  return results;
}

/** Specification §1.10: a thrown `{code, message, detail}` passes, a thrown text is the message, else 500. */
function toFailure(fault: ScriptFault, compiled: CompiledManaged): Failure {
  const { thrown } = fault;
  const byDefault = compiled.validators.has(fault.place) && fault.kind === 'thrown' ? 403 : 500;
  if (typeof thrown === 'string') return new Failure('script', thrown, { status: byDefault });
  if (!isJsonObject(thrown)) return new Failure('script', describeFault(fault), { status: byDefault });
  const detail: { detail?: Json } = thrown['detail'] === undefined ? {} : { detail: thrown['detail'] };
  return new Failure('script', messageIn(thrown, fault), { status: statusIn(thrown, byDefault), ...detail });
}

function messageIn(thrown: JsonObject, fault: ScriptFault): string {
  return typeof thrown['message'] === 'string' ? thrown['message'] : fault.message;
}

function statusIn(thrown: JsonObject, byDefault: number): number {
  const code = Number(thrown['code'] ?? byDefault);
  return Number.isInteger(code) && code >= 400 && code <= 599 ? code : byDefault;
}
