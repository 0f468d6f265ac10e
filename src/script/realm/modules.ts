import type { ModuleFunction, RealmHost, RealmJson } from './realm.ts';

/** `require` and `load`. A module lives as long as the process. Rules of this folder: realm.ts. */

export interface Modules {
  requireFrom(file: string | null): (request: string) => unknown;
  loadFrom(file: string | null): (request: string) => void;
}

interface Found {
  readonly ok: boolean;
  readonly key: string;
  readonly file: string;
  readonly message: string;
}

const RealmError = Error;
const RealmMap = Map;
const { apply } = Reflect;

/** `around` is told before and after the text of a module runs: what it does to the realm then is meant to stay. */
export function createModules(
  host: RealmHost,
  json: RealmJson,
  valuesOf: (list: unknown) => unknown,
  around: { enter(): void; leave(): void },
): Modules {
  const found = new RealmMap<string, Found>();
  const loaded = new RealmMap<string, { exports: unknown }>();
  const requires = new RealmMap<string | null, (request: string) => unknown>();

  function find(request: string, from: string | null, purpose: string): Found {
    const id = `${purpose}\n${from}\n${request}`;
    const known = found.get(id);
    if (known !== undefined) return known;
    const answer = json.parse(ask(host, `${request}`, from, purpose)) as Found;
    if (!answer.ok) throw notFound(answer.message);
    found.set(id, answer);
    return answer;
  }

  function requireFrom(file: string | null): (request: string) => unknown {
    const known = requires.get(file);
    if (known !== undefined) return known;
    const require = (request: string): unknown => load(find(request, file, 'require')).exports;
    requires.set(file, require);
    return require;
  }

  /** A module that is still being loaded gives what it has exported so far: cycles end there. */
  function load({ key, file }: Found): { exports: unknown } {
    const known = loaded.get(key);
    if (known !== undefined) return known;
    const module = { exports: {} as unknown };
    loaded.set(key, module);
    around.enter();
    try {
      if (file.endsWith('.json')) module.exports = json.parse(textOf(host, key));
      else run(functionOf(host, key), module, file);
    } catch (thrown) {
      loaded.delete(key);
      throw thrown;
    } finally {
      around.leave();
    }
    return module;
  }

  function run(wrapper: ModuleFunction, module: { exports: unknown }, file: string): void {
    const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '.';
    apply(wrapper, module.exports, [module.exports, requireFrom(file), module, file, folder, valuesOf]);
  }

  function loadFrom(file: string | null): (request: string) => void {
    return (request) => {
      const target = find(request, file, 'load');
      run(functionOf(host, target.key), { exports: {} }, target.file);
    };
  }

  return { requireFrom, loadFrom };
}

/** Told apart by the code that other systems of modules use. */
function notFound(message: string): Error {
  const error = new RealmError(message) as Error & { code: string };
  error.code = 'MODULE_NOT_FOUND';
  return error;
}

function functionOf(host: RealmHost, key: string): ModuleFunction {
  const made = compile(host, key);
  if (typeof made === 'string') throw new RealmError(made);
  return made;
}

function textOf(host: RealmHost, key: string): string {
  return compile(host, key) as string;
}

function compile(host: RealmHost, key: string): string | ModuleFunction {
  try {
    return host.compileModule(key);
  } catch {
    return 'the module could not be compiled';
  }
}

function ask(host: RealmHost, request: string, from: string | null, purpose: string): string {
  try {
    return host.findModule(request, from, purpose);
  } catch {
    return '{"ok":false,"message":"the module could not be looked up"}';
  }
}
