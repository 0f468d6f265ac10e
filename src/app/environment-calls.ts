import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { Log, LogLevel } from '../base/log.ts';
import type { ProjectConfig } from './config/project-config.ts';

export interface Environment {
  readonly config: Pick<ProjectConfig, 'directory' | 'bootProperties'>;
  readonly log: Log;
}

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** Keys and passwords of Lockstep itself are handed over in the environment: not for scripts. */
const OWN_SETTING = /^(?:LOCKSTEP[_.]|OPENIDM[_.]ADMIN[_.]PASSWORD$)/i;

/** `logger.*` and `identityServer.*` (specification §9.2). Undefined: the call is neither. */
export function environmentCall(name: string, args: readonly Json[], { config, log }: Environment): Json | undefined {
  const level = LEVELS.find((one) => name === `logger.${one}`);
  if (level !== undefined) {
    log.write(level, `script: ${String(args[0] ?? '')}`);
    return null;
  }
  switch (name) {
    case 'identityServer.getProperty':
      return property(args[0], args[1] ?? null, config.bootProperties);
    case 'identityServer.getProjectLocation':
    case 'identityServer.getInstallLocation':
    case 'identityServer.getWorkingLocation':
      return config.directory;
    default:
      return undefined;
  }
}

/** An environment variable, by its own name or in the form `OPENIDM_HOST`, then `boot.properties`. */
function property(name: Json | undefined, fallback: Json, boot: Readonly<Record<string, string>>): Json {
  if (typeof name !== 'string')
    throw new Failure('bad-request', `identityServer.getProperty needs a name, not ${JSON.stringify(name ?? null)}`);
  if (OWN_SETTING.test(name)) return fallback;
  const { env } = process;
  return (
    env[name] ?? env[name.replaceAll('.', '_').toUpperCase()] ?? (Object.hasOwn(boot, name) ? boot[name]! : fallback)
  );
}
