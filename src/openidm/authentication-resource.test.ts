import { describe, expect, it } from 'vitest';
import { Router, type ResourceAnswer } from '../resource/router.ts';
import type { ActionRequest, ReadRequest } from '../resource/request.ts';
import type { RequestCredentials } from '../security/credentials.ts';
import {
  ADMIN_PASSWORD,
  contextOf,
  cookieOf,
  openidmHeaders,
  openTestSecurity,
  request,
} from '../security/testing/test-security.ts';
import { authenticationResource } from './authentication-resource.ts';
import { infoResource } from './info-resource.ts';

const ADMIN = openidmHeaders('openidm-admin', ADMIN_PASSWORD);
const read = (path: string): ReadRequest => ({ verb: 'read', path, parameters: {}, fields: null });
const action = (name: string): ActionRequest => ({
  verb: 'action',
  action: name,
  path: 'authentication',
  parameters: {},
  fields: null,
  content: null,
});

async function openTree(hindrances: readonly string[] = []) {
  const { security } = await openTestSecurity();
  const router = new Router();
  router.addFilter(security.filter);
  router.mount('info', infoResource({ security, version: '1.2.3', hindrances: () => hindrances }));
  router.mount('authentication', authenticationResource(security));
  /** As the HTTP server does it. */
  const ask = async (one: RequestCredentials, what: ReadRequest | ActionRequest): Promise<ResourceAnswer> =>
    router.handle(what, contextOf(await security.authenticate(one)));
  return { security, ask };
}

const objectOf = (answer: ResourceAnswer) => (answer.kind === 'object' ? answer.stored.object : null);
const valueOf = (answer: ResourceAnswer) => (answer.kind === 'action' ? answer.value : null);

describe('info', () => {
  it('tells that it is ready, who asks, and which version it is', async () => {
    const { ask } = await openTree();
    const one = request(ADMIN);
    expect(objectOf(await ask(one, read('info/ping')))).toEqual({
      _id: '',
      state: 'ACTIVE_READY',
      shortDesc: 'OpenIDM ready',
    });
    expect(objectOf(await ask(one, read('info/login')))).toMatchObject({
      _id: 'login',
      authenticationId: 'openidm-admin',
      authorization: {
        id: 'openidm-admin',
        component: 'internal/user',
        roles: ['openidm-admin', 'openidm-authorized'],
      },
    });
    expect(objectOf(await ask(one, read('info/version')))).toMatchObject({ _id: 'version', productVersion: '1.2.3' });
    await expect(ask(one, read('info/other'))).rejects.toMatchObject({ status: 404 });
  });

  it('tells what it waits for', async () => {
    const { ask } = await openTree(['the repository is opened']);
    const answer = await ask(request(openidmHeaders('anonymous', 'anonymous')), read('info/ping'));
    expect(objectOf(answer)).toEqual({
      _id: '',
      state: 'ACTIVE_NOT_READY',
      shortDesc: 'the repository is opened',
    });
  });
});

describe('authentication', () => {
  it('logs in and out', async () => {
    const { security, ask } = await openTree();
    const login = await ask(request(ADMIN), action('login'));
    expect(valueOf(login)).toMatchObject({ authenticationId: 'openidm-admin' });
    const cookie = cookieOf(await security.authenticate(request(ADMIN)));
    const mine = request({ ...cookie, 'x-requested-with': 'x' }, { method: 'POST' });
    expect(valueOf(await ask(mine, action('logout')))).toEqual({ success: true });
    expect(security.cookiesAfter('tx-1')).toHaveLength(1);
    await expect(ask(mine, action('login'))).rejects.toMatchObject({ status: 401 });
  });

  it('asks for the password once more', async () => {
    const { ask } = await openTree();
    const again = request({ ...ADMIN, 'x-openidm-reauth-password': ADMIN_PASSWORD });
    expect(valueOf(await ask(again, action('reauthenticate')))).toEqual({ reauthenticated: true });
    const wrong = request({ ...ADMIN, 'x-openidm-reauth-password': 'no' });
    await expect(ask(wrong, action('reauthenticate'))).rejects.toMatchObject({
      status: 403,
      message: 'Reauthentication failed',
    });
  });

  it('knows no other action, and none for who is not there', async () => {
    const { ask } = await openTree();
    for (const name of ['constructor', 'toString', 'getAuthToken'])
      await expect(ask(request(ADMIN), action(name))).rejects.toMatchObject({ status: 400 });
    const anonymous = request(openidmHeaders('anonymous', 'anonymous'));
    await expect(ask(anonymous, action('reauthenticate'))).rejects.toMatchObject({ status: 403 });
  });
});
