import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { serveProject } from '../reference/served-project.ts';
import { js } from './engine.ts';

const AT = 'https://localhost:8443/openidm';
const HEADERS = `--header "X-OpenIDM-Username: openidm-admin" --header "X-OpenIDM-Password: openidm-admin" --header "Content-Type: application/json"`;
const CLIENTS = 25;
const EACH = 6;

it('twenty-five clients that patch one object without a revision, past a hook: none is refused, nothing is lost', async () => {
  await using project = await serveProject({
    'conf/managed.json': { objects: [{ name: 'thing', onUpdate: js('object.touched = (object.touched || 0) + 1') }] },
    'conf/sync.json': { mappings: [] },
  });
  await project.curl(`curl ${HEADERS} --request PUT --data '{"n":0,"list":[]}' "${AT}/managed/thing/one"`);
  const client = async (name: number): Promise<readonly number[]> => {
    const statuses: number[] = [];
    for (let i = 0; i < EACH; i++) {
      const operations = [
        { operation: 'increment', field: '/n', value: 1 },
        { operation: 'add', field: '/list/-', value: `${name}-${i}` },
      ];
      const command = `curl ${HEADERS} --request PATCH --data '${JSON.stringify(operations)}' "${AT}/managed/thing/one"`;
      statuses.push((await project.curl(command)).status);
    }
    return statuses;
  };
  const statuses = await Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)));
  expect(new Set(statuses.flat())).toEqual(new Set([200]));
  const { body } = await project.curl(`curl ${HEADERS} "${AT}/managed/thing/one"`);
  const { n, list, touched, _rev } = body as JsonObject & { list: string[] };
  expect({ n, touched, rev: _rev }).toEqual({
    n: CLIENTS * EACH,
    touched: CLIENTS * EACH,
    rev: String(CLIENTS * EACH),
  });
  expect(new Set(list).size).toBe(CLIENTS * EACH);
});
