import { expect, it } from 'vitest';
import { SYSTEM_CALLER, type Caller } from './context.ts';
import { contextFor } from './script-context.ts';

const contextOf = (caller: Caller) =>
  contextFor({ caller, transactionId: 't', parentActionId: null, cause: 'rest', mode: 'live' });

it('a script sees the name of the log-in, and the id under authorization', () => {
  const caller = { ...SYSTEM_CALLER, id: '4f2a', component: 'managed/user', authenticationId: 'bjensen' };
  const seen = { authenticationId: 'bjensen', authcid: 'bjensen', authorization: { id: '4f2a' } };
  expect(contextOf(caller)).toMatchObject({ security: seen, current: { security: seen }, parent: seen });
});

it('without such a name it is the id', () => {
  expect(contextOf(SYSTEM_CALLER)['security']).toMatchObject({ authenticationId: 'system', authcid: 'system' });
});
