import type { ObjectSet, ObjectSetTraits } from '../../model/object-set.ts';
import { answerQueries, readObjects } from './ldap-lookup.ts';
import { scanEntries } from './ldap-scan.ts';
import type { ScopeReader } from './ldap-scope.ts';
import { writeEntries } from './ldap-writes.ts';

const TRAITS: ObjectSetTraits = { lookup: 'direct', isTransactional: false, storesNull: false, acceptsIds: false };
const WRITES = 256;

/**
 * The entries of one object type as a collection. `isTrusting`: what the server finds by its own rules (letter case mostly) is the answer
 * to a query; otherwise it is compared again, exactly.
 */
export function ldapSet({ scope, ready }: ScopeReader, isTrusting: boolean): ObjectSet {
  return {
    path: scope.path,
    traits: TRAITS,
    scan: async function* (request) {
      yield* scanEntries(await ready(request.signal), request, isTrusting);
    },
    readMany: async (ids, signal) => (ids.length === 0 ? new Map() : readObjects(await ready(signal), ids, signal)),
    query: async (queries, signal) => answerQueries(await ready(signal), queries, isTrusting, signal),
    write: async (writes, signal) => (writes.length === 0 ? [] : writeEntries(await ready(signal), writes, signal)),
    preferredWriteCount: () => WRITES,
    close: () => Promise.resolve(),
  };
}
