import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import type { ResourceRequest } from '../resource/request.ts';
import { auditFixture, CONTEXT, create, runOf, storeRun } from './testing/audit-fixture.ts';

const ACTIVITY: JsonObject = {
  objectId: 'managed/user/bjensen',
  operation: 'UPDATE',
  before: { mail: 'a' },
  after: { mail: 'b' },
  changedFields: ['/password'],
  revision: '7',
  message: 'update',
  passwordChanged: true,
  status: 'SUCCESS',
};

describe('stored entries', () => {
  it('have the members of 2014 and the current ones, and are found by both', async () => {
    const { service, query, get } = auditFixture();
    const context = { ...CONTEXT, parentActionId: 'parent' };
    const event = service.events.activity(context, ACTIVITY as never);
    await service.record([event, service.events.activity({ ...CONTEXT, transactionId: 'tx2' }, ACTIVITY as never)]);
    const { objects } = await query('audit/activity', 'audit-by-activity-parent-action', { parentActionId: 'parent' });
    expect(objects).toEqual([
      {
        passwordChanged: true,
        changedFields: ['/password'],
        status: 'SUCCESS',
        after: { mail: 'b' },
        before: { mail: 'a' },
        requester: 'openidm-admin',
        parentActionId: 'parent',
        _id: event.id,
        activityId: 'parent',
        timestamp: '1970-01-01T00:16:40.000Z',
        action: 'UPDATE',
        message: 'update',
        objectId: 'managed/user/bjensen',
        rev: '7',
        rootActionId: 'tx1',
      },
    ]);
    for (const text of [
      'rootActionId eq "tx1" and action eq "UPDATE" and rev eq "7"',
      'transactionId eq "tx1" and operation eq "UPDATE" and revision eq "7"',
      'requester eq "openidm-admin" and activityId eq "parent"',
      'objectId eq "managed/user/bjensen" and !(/parentActionId eq "tx2")',
    ]) {
      const found = await query('audit/activity', text);
      expect(found.objects).toEqual([await get(`audit/activity/${event.id}`)]);
      expect(found.objects[0]).toMatchObject({
        ...ACTIVITY,
        transactionId: 'tx1',
        userId: 'openidm-admin',
        action: 'UPDATE',
      });
    }
    const { entries } = (await get('audit/activity')) as { entries: JsonObject[] };
    expect(entries.map(({ rootActionId }) => rootActionId)).toEqual(['tx2', 'tx1']);
  });

  it('of the topic sync look as in the reference', async () => {
    const { service, get } = auditFixture();
    const shown = {
      mapping: 'm',
      sourceObjectId: 'system/ad/account/rheath',
      targetObjectId: '7e5eb90b',
      situation: 'CONFIRMED',
      action: 'UPDATE',
      status: 'SUCCESS',
      message: null,
    } as const;
    await service.record([service.events.sync(CONTEXT, { ...shown, linkQualifier: 'default' })]);
    const { entries } = (await get('audit/sync')) as { entries: JsonObject[] };
    expect(entries).toEqual([
      {
        ...shown,
        actionId: 'tx1',
        _id: 'id1',
        timestamp: '1970-01-01T00:16:40.000Z',
        rootActionId: 'tx1',
        messageDetail: null,
        exception: '',
      },
    ]);
  });

  it('can be created with an id, in either vocabulary, once', async () => {
    const { router, get, repository } = auditFixture();
    const posted = {
      action: 'CREATE',
      rev: '1',
      objectId: 'managed/user/x',
      requester: 'someone',
      password: 'secret',
      timestamp: '2014-03-13T16:20:54.811Z',
    };
    await create(router, 'activity', posted, 'mine');
    expect(await get('audit/activity/mine')).toMatchObject({
      _id: 'mine',
      operation: 'CREATE',
      action: 'CREATE',
      revision: '1',
      rev: '1',
      userId: 'openidm-admin',
      transactionId: 'tx1',
      timestamp: '2014-03-13T16:20:54.811Z',
      password: '***',
    });
    await expect(create(router, 'activity', posted, 'mine')).rejects.toMatchObject({ status: 412 });
    expect((await repository.audit.ends()).head.seq).toBe(1);
    await expect(create(router, 'config', { eventName: 'audit-prune' })).rejects.toMatchObject({ status: 400 });
    await expect(create(router, 'config', { objectId: [1] })).rejects.toMatchObject({ status: 400 });
    await expect(create(router, 'nothing', {})).rejects.toMatchObject({ status: 404 });
  });

  it('are never changed', async () => {
    const { router } = auditFixture();
    const place = { path: 'audit/activity/x', parameters: {}, fields: null, rev: null };
    const requests: readonly ResourceRequest[] = [
      { verb: 'update', content: {}, ...place },
      { verb: 'delete', ...place },
      { verb: 'patch', operations: [], ...place },
    ];
    for (const request of requests)
      await expect(router.handle(request, CONTEXT)).rejects.toMatchObject({ status: 501 });
  });

  it('tell what changed, and remove runs, by actions', async () => {
    const { router, repository } = auditFixture({
      config: { eventTypes: { activity: { watchedFields: ['mail', '/name/first'] } } },
    });
    const act = async (path: string, action: string, content: JsonObject | null, parameters = {}) => {
      const answer = await router.handle({ verb: 'action', path, action, content, parameters, fields: null }, CONTEXT);
      return answer.kind === 'action' ? answer.value : null;
    };
    const change = {
      before: { mail: 'a', name: { first: 'x' }, password: 'p' },
      after: { mail: 'b', name: { first: 'x' } },
    };
    expect(await act('audit/activity', 'getChangedWatchedFields', change)).toEqual(['/mail']);
    expect(await act('audit/activity', 'getChangedPasswordFields', change)).toEqual(['/password']);
    for (const id of ['a', 'b', 'c']) await storeRun(repository, runOf(id), []);
    expect(await act('audit/recon', 'command', null, { commandId: 'purge-by-recon-number-of', numberOf: '2' })).toBe(1);
    expect(await act('audit/recon', 'command', null, { commandId: 'purge-by-recon-ids-to-keep', reconIds: 'c' })).toBe(
      1,
    );
    expect((await repository.runs.list({ limit: 9 })).map(({ id }) => id)).toEqual(['c']);
    await expect(act('audit/recon', 'command', {})).rejects.toMatchObject({ status: 400 });
    await expect(act('audit/recon', 'other', {})).rejects.toMatchObject({ status: 501 });
  });
});
