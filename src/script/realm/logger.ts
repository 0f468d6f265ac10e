import type { RealmHost, RealmJson } from './realm.ts';

/** `logger.*`, `console.*`, `print`. One way: nothing is waited for. Rules of this folder: realm.ts. */

type Write = (...args: unknown[]) => void;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
const MAX_MESSAGE = 8000;
const { freeze } = Object;
const RealmError = Error;
const toPrimitive = String;

export function createLogger(host: RealmHost, json: RealmJson): Readonly<Record<string, Write>> {
  const logger: Record<string, Write> = {};
  for (const level of LEVELS) logger[level] = (...args) => send(host, level, format(json, args));
  return freeze(logger);
}

export function createConsole(logger: Readonly<Record<string, Write>>): Readonly<Record<string, Write>> {
  const write =
    (level: string) =>
    (...args: unknown[]) =>
      logger[level]!(args.map(() => '{}').join(' '), ...args);
  return freeze({
    log: write('info'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    debug: write('debug'),
    trace: write('trace'),
  });
}

/** `logger.info("user {} in {}", id, place)`; arguments without a placeholder follow the text. */
function format(json: RealmJson, args: readonly unknown[]): string {
  let next = 1;
  const text = show(json, args[0]).replace(/\{\}/g, (hole) => (next < args.length ? show(json, args[next++]) : hole));
  const rest = args.slice(next).map((one) => show(json, one));
  return [text, ...rest].join(' ').slice(0, MAX_MESSAGE);
}

function show(json: RealmJson, value: unknown): string {
  if (value instanceof RealmError) return `${value.name}: ${value.message}`;
  if (typeof value === 'object' && value !== null) return json.toText(value) ?? `[${json.problem()}]`;
  return toPrimitive(value);
}

function send(host: RealmHost, level: string, text: string): void {
  try {
    host.log(level, text);
  } catch {
    // A message that cannot be written is no reason to fail an object.
  }
}
