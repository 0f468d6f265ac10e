import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { Resource } from '../resource/resource.ts';
import { answerOf } from '../resource/resource.ts';
import type { Security } from '../security/security.ts';

export interface InfoResourceOptions {
  readonly security: Pick<Security, 'loginInfo'>;
  /** Our own version: `0.1.0`. */
  readonly version: string;
  /** What keeps the system from serving; empty: it is ready. Default: nothing ever. */
  readonly hindrances?: () => readonly string[];
}

/** `info/ping`, `info/login`, `info/version`, to be mounted at `info` (specification §1.1). Anything else is `not-found`. */
export function infoResource({ security, version, hindrances = () => [] }: InfoResourceOptions): Resource {
  return {
    read: async (request, id, context) => {
      switch (id) {
        case 'ping':
          return answerOf('', ping(hindrances()));
        case 'login':
          return answerOf('login', security.loginInfo(context));
        case 'version':
          return answerOf('version', { productVersion: version, productName: 'Lockstep' });
        default:
          throw new Failure('not-found', `Resource '${request.path}' not found`);
      }
    },
  };
}

function ping(hindrances: readonly string[]): JsonObject {
  return hindrances.length === 0
    ? { state: 'ACTIVE_READY', shortDesc: 'OpenIDM ready' }
    : { state: 'ACTIVE_NOT_READY', shortDesc: hindrances.join('; ') };
}
