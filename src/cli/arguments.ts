import { parseArgs } from 'node:util';
import { messageOf } from '../base/failure.ts';

const OPTIONS = {
  project: { type: 'string' },
  data: { type: 'string' },
  port: { type: 'string' },
  serve: { type: 'boolean' },
  json: { type: 'boolean' },
  mapping: { type: 'string' },
  source: { type: 'string' },
  target: { type: 'string' },
  id: { type: 'string', multiple: true },
  'source-query': { type: 'string' },
  'target-query': { type: 'string' },
  'target-phase': { type: 'boolean' },
  'allow-empty-source': { type: 'boolean' },
  guard: { type: 'boolean' },
  'max-deletes': { type: 'string' },
  'max-delete-percent': { type: 'string' },
  'max-unlinks': { type: 'string' },
  'max-unlink-percent': { type: 'string' },
  'allow-ambiguous-delete': { type: 'boolean' },
  'log-unchanged': { type: 'boolean' },
  class: { type: 'string' },
  reason: { type: 'string' },
  plan: { type: 'boolean' },
  deep: { type: 'boolean' },
  sample: { type: 'string' },
  strict: { type: 'boolean' },
  limit: { type: 'string' },
  role: { type: 'string', multiple: true },
  expires: { type: 'string' },
  verbose: { type: 'boolean' },
  'older-than': { type: 'string' },
  'keep-runs': { type: 'string' },
  topic: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

export type Options = ReturnType<typeof parse>['values'];

export interface Arguments {
  readonly command: string | null;
  readonly operands: readonly string[];
  readonly options: Options;
}

/** A mistake in the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function readArguments(argv: readonly string[]): Arguments {
  try {
    const { values, positionals } = parse(argv);
    const [command = null, ...operands] = positionals;
    return { command, operands, options: values };
  } catch (error) {
    throw new UsageError(messageOf(error).split('. To specify')[0]!);
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, allowNegative: true, strict: true });
}

/** A whole number, or a usage error that names the option. */
export function numberOption(value: string | undefined, name: string): number | null {
  if (value === undefined) return null;
  if (!/^\d+(\.\d+)?$/.test(value)) throw new UsageError(`--${name} takes a number, not "${value}"`);
  return Number(value);
}
