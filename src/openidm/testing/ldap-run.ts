import type { Engine } from '../../../test/scenarios/engine.ts';
import type { JsonObject } from '../../base/json.ts';
import { openRunTree } from './run-tree.ts';

export const NAME = 'systemLdapAccounts_managedUser';

/** The mapping of reference 003, as far as its runs need it. */
export const MAPPING: JsonObject = {
  name: NAME,
  source: 'system/ldap/account',
  target: 'managed/user',
  properties: [
    { source: 'key', target: 'key' },
    { source: 'name', target: 'name' },
  ],
  policies: [{ situation: 'SOURCE_MISSING', action: 'DELETE' }],
};

/** A run of it that is over, on a tree of its own. */
export async function over(engine: Engine): Promise<{ id: string; tree: ReturnType<typeof openRunTree> }> {
  const tree = openRunTree(engine.lockstep);
  const answer = await tree.action('recon', 'recon', { mapping: NAME, waitForCompletion: 'true' });
  return { id: String((answer as JsonObject)['_id']), tree };
}
