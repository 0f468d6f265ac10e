import type { Json, JsonObject } from '../../base/json.ts';
import { silentLog, type Log } from '../../base/log.ts';
import type {
  HostCallHandler,
  ItemResult,
  ModuleSource,
  ScriptLimits,
  ScriptMode,
  ScriptSource,
} from '../../mapping/script-host.ts';
import type { HostLimits } from '../host-limits.ts';
import { createScriptHost } from '../script-host.ts';

export interface OpenOptions {
  readonly limits?: Partial<ScriptLimits & HostLimits>;
  readonly answer?: HostCallHandler;
  readonly modules?: Readonly<Record<string, string>>;
  readonly constants?: JsonObject;
  readonly log?: Log;
}

/** Scripts as tests call them: by their position, with variables. */
export interface OpenScripts extends AsyncDisposable {
  /** One call per item, all in one batch. */
  calls(items: readonly Call[], mode?: ScriptMode, signal?: AbortSignal): Promise<readonly ItemResult[]>;
  /** The value of script 0, or its fault thrown. */
  value(variables?: JsonObject): Promise<Json>;
  /** Every script on every source. */
  every(sources: readonly Json[]): Promise<readonly ItemResult[]>;
}

export interface Call {
  readonly slot: number;
  readonly variables?: JsonObject;
}

export async function openScripts(codes: readonly string[], options: OpenOptions = {}): Promise<OpenScripts> {
  const host = createScriptHost({ log: options.log ?? silentLog, limits: options.limits ?? {} });
  const session = await host.open({
    name: 'test',
    programUrl: new URL('./call-slots.ts', import.meta.url).href,
    payload: codes.length,
    scripts: codes.map((code, i) => scriptSource(code, i, options.constants)),
    limits: { timeoutMs: 300, memoryMiB: 64, ...options.limits },
    resolveModule: (request) => findModule(options.modules ?? {}, request),
    answer: options.answer ?? (() => Promise.resolve({ ok: true, value: null })),
  });
  const calls = (items: readonly Call[], mode: ScriptMode = 'live', signal?: AbortSignal) =>
    session.run(
      'call',
      items.map(({ slot, variables }) => ({ slot, variables: variables ?? {} })),
      mode,
      signal,
    );
  return {
    calls,
    every: (sources) => session.run('every', sources, 'live'),
    value: async (variables) => {
      const [result] = await calls([{ slot: 0, variables: variables ?? {} }]);
      if (result!.ok) return (result!.value as { readonly value: Json }).value;
      throw Object.assign(new Error(result!.fault.message), { fault: result!.fault });
    },
    [Symbol.asyncDispose]: () => host.close(),
  };
}

export function scriptSource(code: string, index = 0, constants: JsonObject = {}): ScriptSource {
  const variables = ['source', 'target', 'object', 'linkQualifier'];
  return { label: `script ${index}`, code, file: `script/s${index}.js`, type: 'text/javascript', variables, constants };
}

function findModule(modules: Readonly<Record<string, string>>, request: string): ModuleSource | null {
  const name = request.replace(/^\.\//, '');
  const file = [name, `${name}.js`, `${name}.json`].find((one) => modules[one] !== undefined);
  return file === undefined ? null : { file: `script/${file}`, code: modules[file]! };
}
