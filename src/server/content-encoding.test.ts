import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryCollection } from './testing/memory-collection.ts';
import { openServer, type TestServer } from './testing/open-server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await openServer();
  test.router.mount('managed/user', memoryCollection());
});
afterAll(() => test.server.stop());

it.each([
  ['gzip', 415],
  ['identity, br', 415],
  ['x', 415],
  ['identity', 201],
  ['', 201],
])('content under the encoding "%s" is answered with %i', async (encoding, status) => {
  const sent = { headers: { 'content-encoding': encoding }, body: Buffer.from('{"n":1}') };
  const answer = await test.send('PUT', `/openidm/managed/user/${encodeURIComponent(encoding)}x`, sent);
  expect(answer.status).toBe(status);
  expect(answer.body['n']).toBe(status === 201 ? 1 : undefined);
});
