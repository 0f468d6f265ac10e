import vm from 'node:vm';
import type * as failureModule from '../realm/failure.ts';
import type * as guardModule from '../realm/guard.ts';
import type * as invokeModule from '../realm/invoke.ts';
import type * as javaModule from '../realm/java.ts';
import type * as loggerModule from '../realm/logger.ts';
import type * as modulesModule from '../realm/modules.ts';
import type * as openidmModule from '../realm/openidm.ts';
import type * as rhinoModule from '../realm/rhino.ts';
import type { RealmHost, RealmJson, RealmSlot } from '../realm/realm.ts';
import { evaluateInRealm } from './realm-source.ts';

/** The place where scripts live: a context with its own built-ins, the documented globals, and nothing of Node. */
export interface Realm {
  readonly context: vm.Context;
  readonly json: RealmJson;
  readonly guard: guardModule.Guard;
  readonly modules: modulesModule.Modules;
  readonly valuesOf: (list: unknown) => unknown;
  createInvoker(slots: readonly RealmSlot[]): invokeModule.Invoker;
  /** Runs pending promise jobs. */
  drain(): void;
}

/** Globals that scripts have no use for: shared memory, waiting, machine code; V8's console, which ours replaces. */
const REMOVED = ['SharedArrayBuffer', 'Atomics', 'WebAssembly', 'console'] as const;
/** `prepareStackTrace` would show scripts the callers' frames; `stackTraceLimit` is hidden to keep the guard's probes clean. */
const TAME_ERRORS = `Object.defineProperty(Error, 'prepareStackTrace', { get() {}, set(_) {}, configurable: false });
  Object.defineProperty(Error, 'stackTraceLimit', { value: 10, writable: true, enumerable: false });`;

export function buildRealm(host: RealmHost, options: { readonly allowEval: boolean }): Realm {
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: options.allowEval, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  const globals = vm.runInContext('globalThis', context) as Record<string, unknown>;
  for (const name of REMOVED) delete globals[name];
  const json = evaluateInRealm(context, 'json') as RealmJson;
  const rhino = evaluateInRealm(context, 'rhino') as typeof rhinoModule;
  rhino.addJavaWords();
  vm.runInContext(TAME_ERRORS, context);
  const intrinsics = listIntrinsics(context);
  defineGlobals(context, globals, host, json);
  const { createGuard } = evaluateInRealm(context, 'guard') as typeof guardModule;
  const guard = createGuard(intrinsics, globals, comparisonMaker(context));
  const { createModules } = evaluateInRealm(context, 'modules') as typeof modulesModule;
  const modules = createModules(host, json, rhino.valuesOf, { enter: () => {}, leave: () => guard.accept() });
  const { describeThrown, describeResult } = evaluateInRealm(context, 'failure') as typeof failureModule;
  const { createInvoker } = evaluateInRealm(context, 'invoke') as typeof invokeModule;
  const nothing = new vm.Script('0');
  return {
    context,
    json,
    guard,
    modules,
    valuesOf: rhino.valuesOf,
    createInvoker: (slots) => createInvoker(json, slots, describeThrown, describeResult),
    drain: () => void nothing.runInContext(context),
  };
}

/** Everything that the language itself put there; the first three are those that hostile data can reach. */
function listIntrinsics(context: vm.Context): readonly object[] {
  return vm.runInContext(
    `[Object.prototype, Array.prototype, Function.prototype].concat(Object.getOwnPropertyNames(globalThis)
      .map(function (name) { return globalThis[name]; })
      .filter(function (value) { return Object(value) === value && value !== globalThis; }),
      [Object.getPrototypeOf(function* () {}), Object.getPrototypeOf(async function () {}),
       Object.getPrototypeOf([][Symbol.iterator]()), Object.getPrototypeOf(''[Symbol.iterator]())])`,
    context,
  ) as readonly object[];
}

function defineGlobals(context: vm.Context, globals: object, host: RealmHost, json: RealmJson): void {
  const { createOpenidm, createIdentityServer } = evaluateInRealm(context, 'openidm') as typeof openidmModule;
  const { createLogger, createConsole } = evaluateInRealm(context, 'logger') as typeof loggerModule;
  const { createJava } = evaluateInRealm(context, 'java') as typeof javaModule;
  const logger = createLogger(host, json);
  const values: Readonly<Record<string, unknown>> = {
    openidm: createOpenidm(host, json),
    identityServer: createIdentityServer(host, json),
    logger,
    console: createConsole(logger),
    print: logger['info'],
    global: globals,
    ...createJava(host, (text) => logger['info']!('{}', text)),
  };
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(globals, name, { value, writable: true, configurable: true, enumerable: false });
}

/** One function per object, all compiled at once. */
function comparisonMaker(context: vm.Context): guardModule.MakeComparisons {
  return (wanted) => {
    const makers = wanted.map(({ keys }) => {
      const tests = keys.map((key, i) => `o[${typeof key === 'symbol' ? `k[${i}]` : JSON.stringify(key)}]===v${i}`);
      const names = keys.map((_, i) => `v${i}`).join(',');
      const probe = 'for (const name in p) if (!s.has(name)) return false;';
      return `function (o, k, v, p, s) { const [${names}] = v; return function () { ${probe} return ${tests.join('&&') || 'true'}; }; }`;
    });
    const compiled = vm.compileFunction(`return [${makers.join(',')}];`, [], {
      parsingContext: context,
    }) as () => Maker[];
    return compiled().map((make, i) => {
      const { object, keys, values, probe, shown } = wanted[i]!;
      return make(object, keys, values, probe, shown);
    });
  };
}

type Maker = (...args: readonly unknown[]) => () => boolean;
