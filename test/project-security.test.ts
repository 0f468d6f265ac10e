import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../src/base/json.ts';
import { openProjectSecurity } from '../src/openidm/project-security.ts';
import type { RequestContext } from '../src/resource/context.ts';
import type { ResourceRequest } from '../src/resource/request.ts';
import type { Security } from '../src/security/security.ts';
import { CHEAP, contextOf, openidmHeaders, request } from '../src/security/testing/test-security.ts';
import { openEngine, type Engine } from './scenarios/engine.ts';

const property = (more: JsonObject = {}): JsonObject => ({ type: 'string', ...more });
const MANAGED = {
  objects: [
    {
      name: 'user',
      schema: {
        properties: {
          userName: property({ searchable: true }),
          givenName: property({ userEditable: true }),
          password: property({ scope: 'private', userEditable: true, secureHash: { algorithm: 'SHA-256' } }),
          note: property({ scope: 'private' }),
          roles: { type: 'array' },
        },
      },
    },
  ],
};

let engine: Engine;
let security: Security;

beforeEach(async () => {
  engine = await openEngine({
    mappings: [],
    files: { 'conf/managed.json': MANAGED },
    lockstep: { security: { managedUsers: { enabled: true } } },
  });
  const env = { LOCKSTEP_ADMIN_PASSWORD: 'admin-pw' };
  security = await openProjectSecurity(engine.lockstep, { env, version: '1', passwordCost: CHEAP });
  for (const name of ['ann', 'bob'])
    await ask(await admin(), {
      ...base(`managed/user`),
      verb: 'create',
      newId: name,
      content: { userName: `${name}@x`, givenName: name, password: `pw-${name}`, note: 'hidden', roles: ['user'] },
    });
});

afterEach(() => engine[Symbol.asyncDispose]());

const base = (path: string) => ({ path, parameters: {}, fields: null });
const admin = () => login('openidm-admin', 'admin-pw');
const ask = (context: RequestContext, one: ResourceRequest) => engine.lockstep.router.handle(one, context);
const read = (path: string): ResourceRequest => ({ ...base(path), verb: 'read' });
const patch = (field: string, value: string): ResourceRequest => ({
  ...base('managed/user/ann'),
  verb: 'patch',
  rev: null,
  operations: [{ operation: 'replace', field, value }],
});

async function login(name: string, password: string): Promise<RequestContext> {
  return contextOf(await security.authenticate(request(openidmHeaders(name, password))), engine.lockstep.newId());
}

describe('the security of a project', () => {
  it('lets users in with their hashed passwords, to themselves', async () => {
    const ann = await login('ann@x', 'pw-ann');
    expect(ann.caller).toMatchObject({ id: 'ann', authenticationId: 'ann@x', component: 'managed/user' });
    expect(await ask(ann, read('managed/user/ann'))).toMatchObject({ stored: { object: { userName: 'ann@x' } } });
    await expect(ask(ann, read('managed/user/bob'))).rejects.toMatchObject({ status: 403 });
    expect(await ask(ann, read('info/login'))).toMatchObject({ stored: { object: { authenticationId: 'ann@x' } } });
  });

  it('lets them change their password, and then the old one is out', async () => {
    await ask(await login('ann@x', 'pw-ann'), patch('/password', 'new'));
    await expect(login('ann@x', 'pw-ann')).rejects.toMatchObject({ status: 401 });
    await expect(login('ann@x', 'new')).resolves.toMatchObject({ caller: { id: 'ann' } });
  });

  it('lets them change nothing that they may not', async () => {
    const ann = await login('ann@x', 'pw-ann');
    for (const field of ['/roles', '/userName', '/note', '/accountStatus'])
      await expect(ask(ann, patch(field, 'openidm-admin'))).rejects.toMatchObject({ status: 403 });
    const shown = await ask(ann, read('managed/user/ann'));
    const content = shown.kind === 'object' ? shown.stored.object : {};
    expect(content['note']).toBeUndefined();
    // A replacement would drop what they cannot see.
    await expect(ask(ann, { ...base('managed/user/ann'), verb: 'update', rev: null, content })).rejects.toMatchObject({
      status: 403,
    });
    const [row] = await engine.lockstep.repository.objects.readMany('user', ['ann']);
    expect(row!.doc).toMatchObject({ note: 'hidden', roles: ['user'] });
  });

  it('writes who came in to the audit', async () => {
    await login('ann@x', 'pw-ann');
    await login('ann@x', 'no').catch(() => {});
    const { rows } = await engine.lockstep.repository.audit.page('authentication', { limit: 10 });
    expect(rows.map(({ event, userId }) => [event['result'], event['principal'], userId])).toEqual([
      ['SUCCESSFUL', ['openidm-admin'], 'openidm-admin'],
      ['SUCCESSFUL', ['ann@x'], 'ann'],
      ['FAILED', ['ann@x'], ''],
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/pw-ann|admin-pw/);
  });
});
