import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../src/base/json.ts';
import { PASSWORD, serveProject } from './reference/served-project.ts';

const FILES: JsonObject = {
  'conf/sync.json': { mappings: [] },
  'conf/managed.json': { objects: [{ name: 'user' }] },
  'conf/provisioner.openicf-hr.json': {
    name: 'hr',
    connectorRef: { connectorName: 'org.forgerock.openicf.csvfile.CSVFileConnector' },
    configurationProperties: { csvFile: 'data/hr.csv', headerUid: 'uid' },
    objectTypes: {
      account: {
        nativeType: '__ACCOUNT__',
        properties: {
          uid: { type: 'string', nativeName: '__NAME__', required: true },
          mail: { type: 'string', required: true },
        },
      },
    },
  },
  'data/hr.csv': 'uid,mail\nann,a@x\nbob,b@x\ncid,c@x\n',
};

type Send = (method: string, path: string, body?: JsonObject) => Promise<{ status: number; body: JsonObject }>;

function sender(origin: string): Send {
  const headers = {
    'x-openidm-username': 'openidm-admin',
    'x-openidm-password': PASSWORD,
    'content-type': 'application/json',
  };
  return async (method, path, body) => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${origin}/openidm/system/hr/account${path}`, { method, headers, ...content });
    return { status: response.status, body: (await response.json()) as JsonObject };
  };
}

describe('objects of a file over HTTP', () => {
  it('are renamed by a PUT without conditions', async () => {
    await using served = await serveProject(FILES);
    const send = sender(served.origin);
    const renamed = await send('PUT', '/ann', { uid: 'anna', mail: 'a@x' });
    expect(renamed).toMatchObject({ status: 200, body: { _id: 'anna', uid: 'anna', mail: 'a@x' } });
    expect(await send('PUT', '/bob', { mail: 'b@y' })).toMatchObject({
      status: 200,
      body: { _id: 'bob', mail: 'b@y' },
    });
    expect(await send('PUT', '/bob', { uid: 'cid' })).toMatchObject({ status: 412 });
    expect(await send('PUT', '/dan', { mail: 'd@x' })).toMatchObject({ status: 201, body: { _id: 'dan' } });
    expect(await send('PUT', '/eve', { uid: 'other', mail: 'e@x' })).toMatchObject({ status: 400 });
    expect(served.read('data/hr.csv').replaceAll('"', '')).toBe('uid,mail\nanna,a@x\nbob,b@y\ncid,c@x\ndan,d@x\n');
  });

  it('are told once in pages, though the file is written between them', async () => {
    await using served = await serveProject(FILES);
    const send = sender(served.origin);
    const first = await send('GET', '?_queryFilter=true&_pageSize=2');
    expect(first.body['result']).toMatchObject([{ _id: 'ann' }, { _id: 'bob' }]);
    await send('DELETE', '/ann');
    await send('PUT', '/aaa', { mail: 'x' });
    served.write('data/hr.csv', `${served.read('data/hr.csv')}zoe,z@x\n`);
    const cookie = String(first.body['pagedResultsCookie']);
    const second = await send('GET', `?_queryFilter=true&_pageSize=2&_pagedResultsCookie=${cookie}`);
    expect(second).toMatchObject({ status: 200, body: { result: [{ _id: 'cid' }, { _id: 'zoe' }] } });
    expect(second.body['pagedResultsCookie']).toBeNull();
  });
});
