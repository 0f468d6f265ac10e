import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { openScheduledProject, type ScheduledProject } from './testing/scheduled-project.ts';

const CRON: JsonObject = {
  type: 'cron',
  schedule: '0 0 3 * * ?',
  invokeService: 'script',
  invokeContext: { script: { type: 'text/javascript', source: '1' } },
};

const PLACES: readonly (readonly [path: string, content: JsonObject])[] = [
  ['managed/user', { userName: 'x' }],
  ['repo/managed/person', { userName: 'x' }],
  ['repo/some/thing', { a: 1 }],
  ['repo/link', { linkType: 'm', linkQualifier: 'default', firstId: 'x', secondId: 'y' }],
  ['scheduler/job', CRON],
  ['audit/activity', { action: 'READ' }],
];

let p: ScheduledProject;
beforeAll(async () => {
  p = await openScheduledProject({ 'conf/managed.json': { objects: [{ name: 'user' }, { name: 'person' }] } });
});
afterAll(() => p[Symbol.asyncDispose]());

describe.each(PLACES)('%s', (path, content) => {
  it.each(['.', '..', 'a/../b', '../a', 'a/.', 'a\0b', 'a\ud800'])(
    'takes no object under the id %j, which no URL can name',
    async (id) => {
      const before = await p.query(path);
      await expect(p.create(path, null, { ...content, _id: id })).rejects.toMatchObject({ status: 400 });
      await expect(p.create(path, id, content)).rejects.toMatchObject({ status: 400 });
      const script = { type: 'text/javascript', source: 'openidm.create(path, id, content)', path, id, content };
      await expect(p.action('script', 'eval', script)).rejects.toMatchObject({
        message: expect.stringMatching(/no URL can name it|surrogate/) as string,
      });
      expect((await p.query(path)).total).toBe(before.total);
    },
  );

  it.each(['a/b', '/a', 'a/', 'a//b', 'a..b', '...', '.a'])('gives back what has the id %j', async (id) => {
    const isRefused = path === 'repo/some/thing' && id.includes('/');
    const read = p
      .create(path, null, { ...content, firstId: id, secondId: id, _id: id })
      .then(() => p.read(`${path}/${id}`))
      .catch(({ status }: { status: number }) => ({ status }));
    expect(await read).toMatchObject(isRefused ? { status: 400 } : { _id: id });
  });
});
