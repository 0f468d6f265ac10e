import { afterAll, beforeAll, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { Resource } from '../resource/resource.ts';
import { openServer, type TestServer } from './testing/open-server.ts';

/** Somebody creates and deletes the object in between, a few times. */
let rivals = 0;
const contested: Resource = {
  create: async ({ content }, id) => {
    if (--rivals >= 0) throw new Failure('exists', 'it is there');
    return { id, rev: '0', object: { ...content, _id: id, _rev: '0' } };
  },
  update: () => Promise.reject(new Failure('not-found', 'not there')),
};

let test: TestServer;
beforeAll(async () => {
  test = await openServer();
  test.router.mount('contested', contested);
});
afterAll(() => test.server.stop());

it('a PUT creates what is deleted again each time before it can be updated', async () => {
  rivals = 3;
  expect((await test.send('PUT', '/openidm/contested/x', { body: { n: 1 } })).status).toBe(201);
  rivals = 1000;
  expect((await test.send('PUT', '/openidm/contested/x', { body: { n: 1 } })).status).toBe(404);
});
