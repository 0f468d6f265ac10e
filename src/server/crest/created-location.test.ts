import { expect, it } from 'vitest';
import { renderAnswer } from './render-answer.ts';

const STYLE = { isPretty: false, mimeType: null, knownRev: null, totals: 'NONE', skipped: 0 } as const;

function locationOf(path: string, newId: string | null, id: string): string | undefined {
  const stored = { id, rev: null, object: { _id: id } };
  const request = { verb: 'create', path, parameters: {}, fields: null, newId, content: {} } as const;
  return renderAnswer({ kind: 'object', stored, isNew: true }, request, STYLE, '/openidm').headers['location'];
}

it.each([
  ['managed/user', 'a', 'a', '/openidm/managed/user/a'],
  ['managed/user', null, 'made', '/openidm/managed/user/made'],
  ['managed/user/aa', 'bb', 'aa/bb', '/openidm/managed/user/aa/bb'],
  ['managed/user', 'aa/bb', 'aa/bb', '/openidm/managed/user/aa%2Fbb'],
  ['system/hr/account', 'name', 'uid-1', '/openidm/system/hr/account/uid-1'],
])('what is created at %s with the id %j, and has the id %j, is found there', (path, newId, id, location) => {
  expect(locationOf(path, newId, id)).toBe(location);
});
