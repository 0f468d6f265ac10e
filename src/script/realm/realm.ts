/**
 * The modules in this folder are never imported where they would run: `child/build-realm.ts` evaluates their *text*
 * inside the scripts' realm, so that every object and every error that a script can get hold of belongs to that realm.
 * So they import types only, export functions only, and take what they need of the language (`JSON.parse`, …) into
 * constants while they are evaluated, before any script has run.
 */

/** What the process lends to the realm. Strings in, strings out; never shown to scripts. */
export interface RealmHost {
  /** `openidm.*`, `identityServer.*`: arguments as JSON text; the answer as JSON text. */
  call(name: string, args: string): string;
  log(level: string, text: string): void;
  /** `{ok, key, file}` or `{ok: false, message}` as JSON text. */
  findModule(request: string, from: string | null, purpose: string): string;
  /** The wrapper function of a module that `findModule` found, or the text of a syntax error. */
  compileModule(key: string): string | ModuleFunction;
  randomUuid(): string;
}

export type ModuleFunction = (
  exports: unknown,
  require: (request: string) => unknown,
  module: { exports: unknown },
  file: string,
  folder: string,
  valuesOf: (list: unknown) => unknown,
) => unknown;

export interface RealmJson {
  readonly parse: (text: string) => unknown;
  /** Null when it is no JSON; `problem` says why. */
  readonly toText: (value: unknown) => string | null;
  /** Turns an object into pure JSON in place: dates become text, undefined members vanish. False: see `problem`. */
  readonly settle: (value: unknown) => boolean;
  /** A copy that shares nothing with `value`. Undefined when it is no JSON; `problem` says why. */
  readonly copy: (value: unknown) => unknown;
  readonly problem: () => string;
  /** True for an object of another realm. */
  readonly isForeign: (value: object) => boolean;
}

/** A script, compiled. */
export interface RealmSlot {
  readonly run: (...args: readonly unknown[]) => unknown;
  readonly variables: readonly string[];
  /** JSON text of each constant. */
  readonly constants: readonly string[];
  /** Values of the hidden parameters. */
  readonly hidden: readonly unknown[];
  readonly mayMutate: boolean;
}

/** What went wrong in a script. It leaves the realm as JSON text. */
export interface RealmFailure {
  readonly kind: 'thrown' | 'result';
  readonly message: string;
  /** `script/3`, `module/script/lib.js`, or null. */
  readonly origin: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly thrown?: unknown;
}
