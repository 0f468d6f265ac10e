import type { Json, JsonObject } from '../base/json.ts';

/**
 * Where administrators' scripts run. The scripts of a mapping are opened once as a session; a batch of objects crosses
 * the boundary once per stage. What happens to one object inside is told by a *program*: a module of ours, loaded in the
 * host, that calls the scripts (conditions, transforms, hooks) in the right order.
 */
export interface ScriptHost {
  /** Parses without running. One fault per script that does not compile. */
  check(scripts: readonly ScriptSource[]): readonly ScriptFault[];
  reads(script: ScriptSource): ScriptReads | null;
  open(spec: SessionSpec): Promise<ScriptSession>;
  close(): Promise<void>;
}

export interface SessionSpec {
  /** For messages: the mapping's name. */
  readonly name: string;
  /** `file:` URL of the program module; it exports `createProgram: CreateProgram`. */
  readonly programUrl: string;
  readonly payload: Json;
  /** Slot = index. */
  readonly scripts: readonly ScriptSource[];
  readonly limits: ScriptLimits;
  /** Modules that `require('x')` may load, by the names under which scripts ask for them: name → source text. */
  readonly resolveModule: (request: string, fromFile: string | null) => ModuleSource | null;
  /** Answers `openidm.*`, `identityServer.*`, `logger.*` of the scripts. */
  readonly answer: HostCallHandler;
}

export interface ModuleSource {
  readonly file: string;
  readonly code: string;
}

export interface ScriptSource {
  /** Names the place: `mapping "hr_managed": property "/mail": transform`. */
  readonly label: string;
  readonly code: string;
  /** Relative to the project directory; null for inline text. */
  readonly file: string | null;
  /** `text/javascript`, or something that cannot be run here (`groovy`). */
  readonly type: string;
  /** Names of the variables that the place provides, e.g. `['source', 'linkQualifier']`. */
  readonly variables: readonly string[];
  /** Extra keys of the script object and members of its `globals`: variables with fixed values. */
  readonly constants: JsonObject;
}

/**
 * The variables that a script looks at, each with the attributes that it looks at (null: possibly all), if its value depends
 * on nothing else and it changes nothing. It may then be called earlier, or without need.
 */
export type ScriptReads = ReadonlyMap<string, ReadonlySet<string> | null>;

export interface ScriptLimits {
  /** For one object in one stage. */
  readonly timeoutMs: number;
  /** Heap of the host process. */
  readonly memoryMiB: number;
}

export const DEFAULT_SCRIPT_LIMITS: ScriptLimits = { timeoutMs: 1000, memoryMiB: 128 };

/** `plan`: the writing functions of `openidm.*` are recorded instead of carried out. */
export type ScriptMode = 'live' | 'plan';

export interface ScriptSession {
  /**
   * One result per item, in order. Fails as a whole only if the host cannot be started. `answer` takes the place of that of
   * the session, for callers of one session who are not allowed the same.
   */
  run(
    stage: string,
    items: readonly Json[],
    mode: ScriptMode,
    signal?: AbortSignal,
    answer?: HostCallHandler,
  ): Promise<readonly ItemResult[]>;
  close(): Promise<void>;
}

export type ItemResult =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly fault: ScriptFault };

export interface ScriptFault {
  readonly kind: 'syntax' | 'thrown' | 'timeout' | 'memory' | 'result' | 'unsupported';
  /** Label of the script. */
  readonly place: string;
  readonly file: string | null;
  /** 1-based position in the script's own text, when known. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  /** What was thrown, when it was JSON: `{code, message, detail}`. */
  readonly thrown?: Json;
}

/** `openidm.read`, … with its arguments, and the answer or the error that the script sees. */
export interface HostCall {
  readonly name: string;
  readonly args: readonly Json[];
  readonly mode: ScriptMode;
}
export type HostCallHandler = (call: HostCall, signal: AbortSignal) => Promise<HostAnswer>;
export type HostAnswer =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly error: { readonly code: number; readonly message: string; readonly detail?: Json } };

/** What a program module exports. It runs inside the host process, on values of the scripts' own realm. */
export type CreateProgram = (payload: Json, runtime: ProgramRuntime) => Program;

export interface Program {
  /** `item` was parsed inside the scripts' realm. Returns JSON; throws `ScriptError` (through `call`) or any error. */
  run(stage: string, item: Json, mode: ScriptMode): Json;
}

export interface ProgramRuntime {
  /**
   * Runs the script in a slot with these variables (by name; values live, so that a hook may change them) and gives its
   * completion value, `undefined` becoming null. Throws when the script throws.
   */
  call(slot: number, variables: Readonly<Record<string, unknown>>): Json;
  /** An empty object of the scripts' realm. */
  newObject(): JsonObject;
  clone<T extends Json>(value: T): T;
}
