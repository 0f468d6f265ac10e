import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROTOCOL_PARAMETERS } from './crest/parameters.ts';
import { memoryCollection } from './testing/memory-collection.ts';
import { openServer, type TestServer } from './testing/open-server.ts';

let test: TestServer;

beforeAll(async () => {
  test = await openServer({ isAccessLogged: false });
  test.router.mount('managed/user', memoryCollection());
  test.router.mount('recon', memoryCollection());
});
afterAll(() => test.server.stop());

const word = fc.constantFrom(
  ...'a .. %2f % %zz %00 " \\ __proto__ managed user / // ? & = # ; true eq userName ( ) + %20 -1 1e9 * , { } [ ] :'.split(
    ' ',
  ),
  '\xff',
  '\xc3\xa9',
);
const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(''));
const name = fc.constantFrom(...PROTOCOL_PARAMETERS, '_events', 'x', '__proto__');
const query = fc
  .array(fc.tuple(name, fc.oneof(text, fc.constantFrom('true', 'echo', 'query-all', 'userName', 'text/plain', '2'))), {
    maxLength: 4,
  })
  .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join('&'));
const path = fc.oneof(
  fc.constantFrom(
    '/openidm/managed/user',
    '/openidm/managed/user/a',
    '/openidm/recon',
    '/openidm',
    '/metrics',
    '/health/ready',
  ),
  text.map((one) => `/openidm/managed/user/${one}`),
  text.map((one) => `/openidm/${one}`),
  text.map((one) => `/${one}`),
);
const header = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'If-Match',
      'If-None-Match',
      'Content-Type',
      'Accept',
      'Accept-API-Version',
      'X-HTTP-Method-Override',
    ),
    fc.oneof(
      text,
      fc.constantFrom(
        '*',
        '"0"',
        'PATCH',
        'application/json',
        'text/event-stream',
        'resource=1.0',
        'application/json; charset=x',
      ),
    ),
  ),
  fc.constant(['Content-Encoding', 'gzip'] as const),
);
const body = fc.oneof(
  fc.constant(''),
  fc.json(),
  text,
  fc.constantFrom(
    '[{"operation":"add","field":"/a","value":1}]',
    '{"a":1}',
    '{"a":1,"a":2}',
    '[[[[',
    '{"_id":5}',
    '{"_id":""}',
  ),
);
const method = fc.constantFrom(
  'GET',
  'PUT',
  'POST',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'get',
  'X',
);

/** Bytes as they are, over a connection of their own: no client mends anything on the way. */
async function sendRaw(
  line: string,
  headers: readonly (readonly [string, string])[],
  content: string,
): Promise<string> {
  const bytes = Buffer.from(content);
  const head = [
    line,
    'X-OpenIDM-Username: openidm-admin',
    'X-OpenIDM-Password: secret',
    'Host: x',
    'Connection: close',
    `Content-Length: ${bytes.length}`,
    ...headers.map(([key, value]) => `${key}: ${value}`),
  ];
  const socket = connect(test.server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]));
  let answer = '';
  try {
    for await (const piece of socket) answer += String(piece);
  } catch {
    socket.destroy();
  }
  return answer;
}

describe('whatever is sent', () => {
  it('is answered, never with an unexpected error, and failures have the shape of failures', async () => {
    await fc.assert(
      fc.asyncProperty(
        method,
        path,
        query,
        fc.array(header, { maxLength: 3 }),
        body,
        async (verb, at, q, headers, content) => {
          const answer = await sendRaw(`${verb} ${at}${q === '' ? '' : `?${q}`} HTTP/1.1`, headers, content);
          const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
          expect([200, 201, 204, 304, 400, 403, 404, 405, 406, 412, 415]).toContain(status);
          const text = answer.slice(answer.indexOf('\r\n\r\n') + 4);
          const isFailure = status >= 400 && verb !== 'HEAD';
          expect(isFailure ? codeOf(text) : status).toBe(status);
          expect(text).not.toMatch(/\n\s+at .+:\d+:\d+/);
        },
      ),
      { numRuns: 3000 },
    );
    expect(test.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

function codeOf(text: string): number {
  const json = /\{.*\}/s.exec(text);
  return json === null ? Number.NaN : Number((JSON.parse(json[0]) as { code?: unknown }).code);
}
