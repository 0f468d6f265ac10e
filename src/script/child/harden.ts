import process from 'node:process';

const PROCESS_MEMBERS = ['kill', '_kill', '_debugProcess', 'binding', '_linkedBinding', 'dlopen', 'getBuiltinModule'];
const GLOBALS = ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'navigator', 'require'];

/**
 * The second wall. Scripts have no object of this realm; should one ever get hold of one, it finds built-ins that cannot
 * be changed, no `Function` that compiles (the process runs with `--disallow-code-generation-from-strings`), no network
 * function and no way to signal another process.
 */
export function harden(): void {
  for (const name of PROCESS_MEMBERS) Reflect.deleteProperty(process, name);
  for (const name of GLOBALS) Reflect.deleteProperty(globalThis, name);
  const seen = new Set<unknown>();
  for (const name of [
    'Object',
    'Function',
    'Array',
    'String',
    'Number',
    'Boolean',
    'RegExp',
    'Date',
    'Error',
    'Promise',
  ])
    freezeAll(Reflect.get(globalThis, name), seen);
  for (const name of ['TypeError', 'RangeError', 'Map', 'Set', 'WeakMap', 'Symbol', 'JSON', 'Math', 'Reflect', 'Proxy'])
    freezeAll(Reflect.get(globalThis, name), seen);
}

function freezeAll(value: unknown, seen: Set<unknown>): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(value, key)!;
    freezeAll(descriptor.value, seen);
    freezeAll(descriptor.get, seen);
  }
  freezeAll(Object.getPrototypeOf(value), seen);
  Object.freeze(value);
}
