import { expect, it } from 'vitest';
import type { CreateRequest } from '../resource/request.ts';
import { EXTERNAL, openManaged, type Managed } from './testing/open-managed.ts';

const request = (id: string, newId: string | null, content = {}): CreateRequest => ({
  verb: 'create',
  path: id === '' ? 'managed/user' : `managed/user/${id}`,
  parameters: {},
  fields: null,
  newId,
  content,
});
const create = (managed: Managed, id: string, newId: string | null, content = {}) =>
  managed.service.create!(request(id, newId, content), id, EXTERNAL);

it('what is created below an object has the whole path for its id, and the object stays as it is', async () => {
  await using managed = await openManaged({});
  expect(await create(managed, 'aa', 'bb', { n: 1 })).toMatchObject({ id: 'aa/bb', object: { _id: 'aa/bb', n: 1 } });
  expect(await managed.row('aa')).toBeNull();
  await create(managed, '', 'aa', { n: 2 });
  await expect(create(managed, 'aa', 'bb')).rejects.toMatchObject({ code: 'exists' });
  expect(await create(managed, 'aa/bb', 'cc', { _id: 'aa/bb/cc' })).toMatchObject({ id: 'aa/bb/cc' });
  await expect(create(managed, 'aa', 'dd', { _id: 'dd' })).rejects.toMatchObject({ status: 400 });
  expect(await managed.read('aa')).toMatchObject({ n: 2, _rev: '0' });
});
