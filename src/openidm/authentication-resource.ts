import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { RequestContext } from '../resource/context.ts';
import type { Resource } from '../resource/resource.ts';
import type { Security } from '../security/security.ts';

type Doors = Pick<Security, 'loginInfo' | 'logout' | 'reauthenticate'>;

/**
 * `authentication`, to be mounted there (specification §1.1). The credentials of a log-in are those of the request, and the
 * session cookie is set with them: `login` only tells who one is now. `reauthenticate` wants the password once more, in
 * the header `X-OpenIDM-Reauth-Password`.
 */
export function authenticationResource(security: Doors): Resource {
  return {
    action: async ({ action, path }, id, context) => {
      const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
      if (id !== '') throw new Failure('not-found', `Resource '${path}' not found`);
      if (act === undefined)
        throw new Failure(
          'bad-request',
          `Action ${action} on ${path} is not one of ${Object.keys(ACTIONS).join(', ')}`,
        );
      return act(security, context);
    },
  };
}

const ACTIONS: Readonly<Record<string, (security: Doors, context: RequestContext) => Promise<Json>>> = {
  login: async (security, context) => ({ _id: 'login', ...security.loginInfo(context) }),
  logout: async (security, context) => {
    await security.logout(context);
    return { success: true };
  },
  reauthenticate: async (security, context) => {
    await security.reauthenticate(context);
    return { reauthenticated: true };
  },
};
