import { Failure } from '../base/failure.ts';
import { sizeFault, useOf } from './stored-key.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'LOCKSTEP_KEY_';

/** `openidm-sym-default` → `LOCKSTEP_KEY_OPENIDM_SYM_DEFAULT`. */
export function variableOf(alias: string): string {
  return PREFIX + alias.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

/**
 * The keys that the environment gives, by the name of their variable: base64, several separated by commas. The first one
 * encrypts, all of them decrypt. Throws `Failure('bad-configuration')` that names the variable, never its value.
 */
export function environmentKeys(env: Environment): ReadonlyMap<string, readonly Buffer[]> {
  const keys = new Map<string, readonly Buffer[]>();
  for (const [name, text] of Object.entries(env))
    if (name.startsWith(PREFIX) && text !== undefined && text !== '') keys.set(name, readKeys(name, text));
  return keys;
}

/** The alias that a variable stands for, as far as can be told. */
export function aliasOf(variable: string): string {
  return variable.slice(PREFIX.length).toLowerCase().replaceAll('_', '-');
}

function readKeys(name: string, text: string): readonly Buffer[] {
  return text.split(',').map((part) => {
    const base64 = part.trim();
    if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) throw unusable(name, 'it is not base64');
    const key = Buffer.from(base64, 'base64');
    const fault = sizeFault(useOf(aliasOf(name)), key.length);
    if (fault !== null) throw unusable(name, fault);
    return key;
  });
}

function unusable(name: string, fault: string): Failure {
  return new Failure(
    'bad-configuration',
    `the environment variable ${name} holds no key: ${fault}; make one with: openssl rand -base64 32`,
  );
}
