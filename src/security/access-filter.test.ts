import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../base/json.ts';
import { applyPatch } from '../base/patch.ts';
import type { Caller, RequestContext } from '../resource/context.ts';
import { Router } from '../resource/router.ts';
import { accessFilter } from './access-filter.ts';
import { accessSchema } from './security-config.ts';

const ANN: JsonObject = { _id: 'ann', _rev: '3', givenName: 'Ann', mail: 'a@x', roles: ['user'], secret: 'hidden' };

/** A collection that does what it is told, and forgets private properties that are not sent, as managed objects do. */
function openTree(stored: JsonObject = ANN) {
  let object = stored;
  let rev: string | null = null;
  const router = new Router();
  router.addFilter(
    accessFilter({
      settings: () => accessSchema.parse({}),
      readObject: async (path) => (path === 'managed/user/ann' ? { id: 'ann', rev: '3', object } : null),
      editableFields: (collection) => (collection === 'managed/user' ? ['givenName', 'mail', 'phones'] : []),
    }),
  );
  router.mount('managed/user', {
    patch: async (request, id) => {
      object = applyPatch(object, request.operations);
      return { id, rev: '4', object };
    },
    update: async (request, id) => {
      object = request.content;
      rev = request.rev;
      return { id, rev: '4', object };
    },
  });
  return { router, object: () => object, rev: () => rev };
}

function context(more: Partial<Caller> = {}): RequestContext {
  const caller = { id: 'ann', component: 'managed/user', roles: ['openidm-authorized'], isExternal: true, ...more };
  return { caller, transactionId: 't', parentActionId: null, cause: 'rest', mode: 'live' };
}

const patch = (operations: Json) =>
  ({ verb: 'patch', path: 'managed/user/ann', parameters: {}, fields: null, rev: null, operations }) as const;
const update = (content: JsonObject) =>
  ({ verb: 'update', path: 'managed/user/ann', parameters: {}, fields: null, rev: null, content }) as const;

describe('users and their own object', () => {
  it('change what they may', async () => {
    const { router, object } = openTree();
    await router.handle(
      patch([
        { operation: 'replace', field: '/givenName', value: 'Anna' },
        { operation: 'add', field: 'phones/-', value: '1' },
        { operation: 'copy', from: '/givenName', field: '/mail' },
      ]),
      context(),
    );
    expect(object()).toMatchObject({ givenName: 'Anna', mail: 'Anna', phones: ['1'], roles: ['user'] });
  });

  it.each<[string, Json]>([
    ['a role', [{ operation: 'add', field: '/roles/-', value: 'openidm-admin' }]],
    ['the roles', [{ operation: 'replace', field: 'roles', value: ['openidm-admin'] }]],
    [
      'a role after something harmless',
      [
        { operation: 'replace', field: '/mail', value: 'x' },
        { operation: 'add', field: '/roles/-', value: 'openidm-admin' },
      ],
    ],
    ['what is moved away', [{ operation: 'move', from: '/roles', field: '/mail' }]],
    ['what is copied to where it can be seen', [{ operation: 'copy', from: '/secret', field: '/mail' }]],
    ['everything', [{ operation: 'replace', field: '', value: { roles: ['openidm-admin'] } }]],
    ['everything, in another way', [{ operation: 'add', field: '/', value: {} }]],
    ['by an empty step', [{ operation: 'add', field: '//roles', value: 1 }]],
    ['by escapes', [{ operation: 'replace', field: '/~0roles', value: 1 }]],
    ['the prototype', [{ operation: 'add', field: '/__proto__/roles', value: ['openidm-admin'] }]],
    [
      'by a script',
      [{ operation: 'transform', field: '/mail', value: { script: { type: 'text/javascript', source: '1' } } }],
    ],
    ['a list for a field', [{ operation: 'replace', field: ['roles'], value: 1 }]],
    ['no operation', ['roles']],
  ])('do not change %s', async (_, operations) => {
    const { router, object } = openTree();
    await expect(router.handle(patch(operations), context())).rejects.toMatchObject({ status: 403 });
    expect(object()).toBe(ANN);
  });

  it('replace their object only with what is the same where they may not write', async () => {
    const { router, object, rev } = openTree();
    await router.handle(update({ ...ANN, mail: 'b@x' }), context());
    expect(object()).toMatchObject({ mail: 'b@x', secret: 'hidden' });
    expect(rev()).toBe('3');
  });

  it.each<[string, JsonObject]>([
    ['another role', { ...ANN, roles: ['openidm-admin'] }],
    ['a further property', { ...ANN, isAdmin: true }],
    ['another id', { ...ANN, _id: 'bob' }],
    ['without the roles', { _id: 'ann', givenName: 'Ann', mail: 'a@x', secret: 'hidden' }],
    ['without what they cannot see', { _id: 'ann', givenName: 'Ann', mail: 'a@x', roles: ['user'] }],
  ])('do not replace it by one with %s', async (_, content) => {
    const { router, object } = openTree();
    await expect(router.handle(update(content), context())).rejects.toMatchObject({ status: 403 });
    expect(object()).toBe(ANN);
  });

  it('that are administrators, too, are held to nothing', async () => {
    const { router, object } = openTree();
    const roles = ['openidm-authorized', 'openidm-admin'];
    await router.handle(patch([{ operation: 'add', field: '/roles/-', value: 'x' }]), context({ roles }));
    expect(object()['roles']).toEqual(['user', 'x']);
  });

  it('nothing is asked of an administrator, nor of whoever is inside', async () => {
    const { router, object } = openTree();
    const roles = [{ operation: 'replace', field: '/roles', value: [] }];
    await router.handle(patch(roles), context({ id: 'root', component: 'internal/user', roles: ['openidm-admin'] }));
    expect(object()['roles']).toEqual([]);
    await router.handle(patch([{ operation: 'remove', field: '/roles' }]), context({ roles: [], isExternal: false }));
    expect(object()['roles']).toBeUndefined();
  });

  it('are told no more than that it is denied', async () => {
    const { router } = openTree();
    const read = { verb: 'read', path: 'managed/user/bob', parameters: {}, fields: null } as const;
    await expect(router.handle(read, context())).rejects.toMatchObject({ status: 403, message: 'Access denied' });
    await expect(router.handle({ ...read, path: 'no/such/thing' }, context())).rejects.toMatchObject({ status: 403 });
  });
});
