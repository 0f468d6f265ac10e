import { describe, expect, it } from 'vitest';
import { deadLetterOf, letterId } from './dead-letter.ts';
import { nativeToken } from './native-token.ts';
import { memoryDoc, memoryOf, verdictOf } from './retry-rule.ts';
import { shadowDoc, shadowIn, shadowOf } from './shadow.ts';
import { stageAnswer, stageDoc, stageId, stageOf } from './stage.ts';

describe('nativeToken', () => {
  it.each([
    ['1', 'integer', 1],
    [1, 'integer', 1],
    ['1700000000000', 'JAVA_TYPE_LONG', 1_700_000_000_000],
    ['99999999999999999999', 'JAVA_TYPE_LONG', '99999999999999999999'],
    ['x', 'integer', 'x'],
    [5, 'string', '5'],
    ['20260101000000Z', 'string', '20260101000000Z'],
    ['true', 'boolean', true],
    ['1.5', 'number', 1.5],
    [{ account: 1 }, 'object', { account: 1 }],
    ['123', null, '123'],
    [null, 'integer', null],
  ])('reads %j of the type %s as %j', (stored, type, token) => {
    expect(nativeToken(stored, type)).toEqual(token);
  });
});

describe('the stage', () => {
  it('has the id of its source without slashes, in upper case', () => {
    expect(stageId('system/ldap/account')).toBe('SYSTEMLDAPACCOUNT');
  });

  it('is read as it was written', () => {
    const stage = {
      token: 4,
      nativeType: 'integer',
      lastException: { throwable: 'no', syncDelta: '{}' },
      resync: { reason: 'r' },
    };
    expect(stageOf(stageDoc(stage))).toEqual(stage);
    const bare = { token: null, nativeType: null, lastException: null, resync: null };
    expect(stageDoc(bare)).toEqual({ connectorData: {} });
    expect(stageOf({ connectorData: {} })).toEqual(bare);
  });

  it('is read, whatever somebody has put there', () => {
    for (const doc of [{}, { connectorData: 'x' }, { connectorData: [] }, { lastException: 3 }, { resync: [] }])
      expect(stageOf(doc)).toEqual({ token: null, nativeType: null, lastException: null, resync: null });
  });

  it('tells which change failed only to who asks for details', () => {
    const doc = { connectorData: {}, lastException: { throwable: 'no', syncDelta: '{}' } };
    expect(stageAnswer('X', 3, doc, false)).toEqual({
      _id: 'X',
      _rev: '3',
      connectorData: {},
      lastException: { throwable: 'no' },
    });
    expect(stageAnswer('X', 3, doc, true)['lastException']).toEqual({ throwable: 'no', syncDelta: '{}' });
  });
});

describe('the retry policy', () => {
  it.each([
    [-1, 1, 'retry', 'sync retries = 0, retrying without end'],
    [-1, 99, 'retry', 'sync retries = 98, retrying without end'],
    [0, 1, 'give-up', 'sync retries = 0/0, retries exhausted'],
    [4, 1, 'retry', 'sync retries = 0/4, retrying'],
    [4, 2, 'retry', 'sync retries = 1/4, retrying'],
    [4, 5, 'give-up', 'sync retries = 4/4, retries exhausted'],
    [4, 9, 'give-up', 'sync retries = 4/4, retries exhausted'],
  ])('with %d retries, after %d failures: %s', (maxRetries, failures, next, line) => {
    expect(verdictOf(maxRetries, failures)).toEqual({ next, line });
  });

  it('is remembered as it was', () => {
    const memory = { retry: { key: 'k', failures: 3 }, ahead: new Set(['a', 'b']) };
    expect(memoryOf(memoryDoc(memory))).toEqual(memory);
    expect(memoryOf({})).toEqual({ retry: null, ahead: new Set() });
  });
});

describe('a dead letter', () => {
  it('has the token as its id where that can be one', () => {
    expect([4, 'x', '', 'a/b', null, { a: 1 }, 'y'.repeat(300), '\ud800'].map(letterId)).toEqual([
      '4',
      'x',
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it('says which object it is about, whoever wrote it', () => {
    const one = { objectType: 'account', uid: 'u' };
    expect(deadLetterOf({ ...one, failedRecord: '{"previousId":"p","before":{"a":1}}' })).toEqual({
      ...one,
      previousId: 'p',
      before: { a: 1 },
    });
    expect(deadLetterOf({ ...one, failedRecord: '<xml/>' })).toEqual({ ...one, previousId: null, before: null });
    expect(deadLetterOf({ uid: 'u' })).toBeNull();
  });
});

describe('a shadow', () => {
  const rules = { isSecret: (name: string) => name === 'password', key: () => Buffer.from('key') };

  it('tells changed secrets apart, and holds none', () => {
    const one = shadowOf({ a: 1, password: 'Secret-1' }, rules);
    const two = shadowOf({ a: 1, password: 'Secret-2' }, rules);
    expect(one.digest).not.toBe(two.digest);
    expect(shadowOf({ password: 'Secret-1', a: 1 }, rules).digest).toBe(one.digest);
    expect(JSON.stringify([one, two])).not.toContain('Secret');
  });

  it('does not look at revisions, and is read as it was written', () => {
    const one = shadowOf({ a: [1], _rev: '3' }, rules);
    expect(one.digest).toBe(shadowOf({ a: [1], _rev: '4' }, rules).digest);
    expect(shadowIn(shadowDoc({ ...one, linkedBy: ['m'] }))).toEqual({ ...one, linkedBy: ['m'] });
  });
});
