import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get, request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RequestContext } from '../resource/context.ts';
import type { ServerEvent } from './event-port.ts';
import { memoryCollection } from './testing/memory-collection.ts';
import { openServer, type TestServer } from './testing/open-server.ts';
import type { ServerOptions } from './server-options.ts';

const servers: TestServer[] = [];
const directories: string[] = [];

async function open(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const test = await openServer(options);
  test.router.mount('managed/user', memoryCollection());
  servers.push(test);
  return test;
}

function directory(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'lockstep-server-'));
  directories.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(({ server }) => server.stop()));
  for (const one of directories.splice(0)) rmSync(one, { recursive: true });
});

describe('who asks', () => {
  it('is asked before anything is read', async () => {
    const { send } = await open();
    const headers = { 'x-openidm-username': 'mallory' };
    const answer = await send('PUT', '/openidm/managed/user/a', { headers, body: Buffer.from('{broken') });
    expect([answer.status, answer.body]).toEqual([
      401,
      { code: 401, reason: 'Unauthorized', message: 'Access Denied' },
    ]);
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  it('is told about Basic only when Basic was tried, and not by a page', async () => {
    const { send } = await open();
    const basic = { 'x-openidm-username': '', authorization: 'Basic eDp5' };
    const tried = await send('GET', '/openidm/managed/user/a', { headers: basic });
    expect([tried.status, tried.headers['www-authenticate']]).toEqual([401, 'Basic realm="openidm", charset="UTF-8"']);
    const page = await send('GET', '/openidm/managed/user/a', { headers: { ...basic, 'x-requested-with': 'x' } });
    expect(page.headers['www-authenticate']).toBeUndefined();
  });

  it('gets a cookie also when the request fails', async () => {
    const { send } = await open();
    expect((await send('GET', '/openidm/managed/user/none')).headers['set-cookie']).toEqual([
      'session-jwt=abc; HttpOnly',
    ]);
  });

  it.each(['/metrics', '/openapi.json', '/openidm/managed/user/a'])('must be known for %s', async (url) => {
    const { send } = await open();
    expect((await send('GET', url, { headers: { 'x-openidm-username': 'nobody' } })).status).toBe(401);
  });

  it('may be anybody for what is made public, but anonymous is nobody otherwise', async () => {
    const { send } = await open({ publicPaths: ['/metrics'] });
    const headers = { 'x-openidm-username': 'anonymous' };
    expect((await send('GET', '/metrics', { headers: { 'x-openidm-username': '' } })).status).toBe(200);
    expect((await send('GET', '/openapi.json', { headers })).status).toBe(403);
  });

  it('sees the cookies that a request asked for', async () => {
    const { testSecurity } = await import('./testing/open-server.ts');
    const { send } = await open({ security: { ...testSecurity, cookiesAfter: () => ['session-jwt=; Max-Age=0'] } });
    const { headers } = await send('POST', '/openidm/managed/user?_action=nothing');
    expect(headers['set-cookie']).toEqual(['session-jwt=abc; HttpOnly', 'session-jwt=; Max-Age=0']);
  });
});

describe('health and metrics', () => {
  it('tells whether the process lives and can work, to anybody', async () => {
    const ready = await open();
    const headers = { 'x-openidm-username': '' };
    expect((await ready.send('GET', '/health/live', { headers })).body).toEqual({ status: 'UP' });
    expect((await ready.send('GET', '/health/ready', { headers })).body).toEqual({ ready: true, reasons: [] });
    expect((await ready.send('HEAD', '/health/ready', { headers })).status).toBe(200);
  });

  it.each([
    [async () => ({ ready: false, reasons: ['database'] }), ['database']],
    [() => Promise.reject(new Error('broken check')), ['broken check']],
  ])('answers 503 when it cannot work', async (health, reasons) => {
    const { send } = await open({ health });
    const answer = await send('GET', '/health/ready');
    expect([answer.status, answer.body]).toEqual([503, { ready: false, reasons }]);
  });

  it('counts requests by the top of the tree, whatever is asked for', async () => {
    const { send, metrics } = await open();
    metrics.watchQueue('runs', () => 3);
    metrics.entries({ mapping: 'm', situation: 'ABSENT', action: 'CREATE', status: 'done' }, 5);
    metrics.run({ mapping: 'm', kind: 'recon', state: 'SUCCESS' }, 2);
    metrics.connectorOperation({ connector: 'hr', operation: 'scan', outcome: 'ok' }, 0.1);
    await send('GET', '/openidm/managed/user/none');
    await send('GET', '/openidm/made-up-9/x');
    const { text, headers } = await send('GET', '/metrics');
    expect(headers['content-type']).toContain('text/plain');
    for (const line of [
      'lockstep_http_request_duration_seconds_count{method="GET",resource="managed",status="404"} 1',
      'lockstep_http_request_duration_seconds_count{method="GET",resource="unknown",status="404"} 1',
      'lockstep_queue_depth{queue="runs"} 3',
      'lockstep_run_entries_total{mapping="m",situation="ABSENT",action="CREATE",status="done"} 5',
      'lockstep_run_duration_seconds_count{mapping="m",kind="recon",state="SUCCESS"} 1',
      'lockstep_connector_operation_duration_seconds_count{connector="hr",operation="scan",outcome="ok"} 1',
    ])
      expect(text).toContain(line);
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).not.toContain('made-up-9');
  });
});

describe('what is recorded of a request', () => {
  it('names who, what and how it ended, and no secrets', async () => {
    const { send, accesses, logged } = await open();
    const path = '/openidm/managed/user?_action=echo&password=hunter2&_queryFilter=password+eq+%22hunter2%22&mapping=m';
    await send('POST', path, { body: { secret: 'hunter2' }, headers: { cookie: 'session-jwt=hunter2' } });
    await expect.poll(() => accesses.length).toBe(1);
    expect(accesses[0]).toMatchObject({
      caller: { id: 'openidm-admin' },
      client: { ip: '127.0.0.1' },
      isSecure: false,
      method: 'POST',
      path: '/openidm/managed/user',
      operation: 'action',
      action: 'echo',
      queryParameters: { _action: 'echo', mapping: 'm', password: '***', _queryFilter: '***' },
      status: 200,
      message: null,
    });
    expect(logged).toHaveLength(1);
    expect(logged[0]!.message).toMatch(/^POST \/openidm\/managed\/user\?\S+ 200 openidm-admin \d+ ms$/);
    expect(JSON.stringify([accesses, logged])).not.toMatch(/hunter2|secret/);
  });

  it('has refused requests too, on one line each', async () => {
    const { send, accesses, logged } = await open();
    await send('GET', '/openidm/managed/user/%zz?x=%0aforged', { headers: { 'x-openidm-username': 'eve' } });
    await send('GET', '/openidm/managed/user/a%0aforged', { headers: { 'x-openidm-username': 'eve' } });
    await expect.poll(() => accesses.length).toBe(2);
    expect(accesses).toMatchObject([
      { caller: null, status: 400, operation: null },
      { caller: null, status: 401, message: 'Access Denied' },
    ]);
    expect(logged.every(({ message }) => !message.includes('\n'))).toBe(true);
  });

  it('goes wrong without harm to the request', async () => {
    const { send, logged } = await open({
      onAccess: () => {
        throw new Error('disk full');
      },
    });
    expect((await send('GET', '/health/live')).status).toBe(200);
    await expect.poll(() => logged.filter(({ level }) => level === 'error').length).toBe(1);
  });
});

describe('limits', () => {
  it('refuses a body that is too large', async () => {
    const { send } = await open({ limits: { bodyBytes: 1000 } });
    const answer = await send('PUT', '/openidm/managed/user/a', { body: { text: 'x'.repeat(2000) } });
    expect([answer.status, answer.body.code]).toEqual([413, 413]);
  });

  it('refuses a URL that is too long', async () => {
    const { send } = await open({ limits: { urlLength: 100 } });
    const answer = await send('GET', `/openidm/managed/user/${'x'.repeat(200)}`);
    expect([answer.status, answer.body.code]).toEqual([414, 414]);
  });

  it.each([
    [`GET / HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['no http at all\r\n\r\n', 400],
  ])('answers what is no request in the shape of all errors', async (bytes, status) => {
    const { server } = await open({ limits: { headerBytes: 8192 } });
    expect(await exchangeBytes(server.port, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"code":${status}`));
  });

  it('waits only so long for headers', async () => {
    const { server } = await open({ limits: { headersTimeoutMs: 50, requestTimeoutMs: 100 } });
    expect(await exchangeBytes(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1.1 408 [^]*"code":408/);
  });
});

describe('event streams', () => {
  const stream = (context: RequestContext, closed: () => void) =>
    (async function* (): AsyncGenerator<ServerEvent> {
      try {
        yield { id: '1', event: 'progress', data: { n: 1 } };
        await new Promise((resolve) => context.signal!.addEventListener('abort', resolve));
      } finally {
        closed();
      }
    })();

  it('sends events as they come, and tells the source when the client has gone', async () => {
    const closed = Promise.withResolvers<void>();
    const asked: unknown[] = [];
    const test = await open({
      events: (at, context, last) => {
        asked.push([at, last]);
        return stream(context, closed.resolve);
      },
    });
    await test.send('PUT', '/openidm/managed/user/a', { body: {} });
    const socket = connect(test.server.port, '127.0.0.1');
    socket.write(
      'GET /openidm/managed/user/a HTTP/1.1\r\nHost: x\r\nX-OpenIDM-Username: openidm-admin\r\n' +
        'X-OpenIDM-Password: secret\r\nAccept: text/event-stream\r\nLast-Event-ID: 7\r\n\r\n',
    );
    let text = '';
    for await (const piece of socket) {
      text += String(piece);
      if (text.includes('"n":1')) break;
    }
    expect(text).toMatch(/content-type: text\/event-stream[^]*id: 1\nevent: progress\ndata: \{"n":1\}/);
    expect(asked).toEqual([['managed/user/a', '7']]);
    socket.destroy();
    await closed.promise;
  });

  it('ends them when the server stops', async () => {
    const closed = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const test = await open({
      events: (_, context) =>
        (async function* () {
          opened.resolve();
          yield* stream(context, closed.resolve);
        })(),
    });
    await test.send('PUT', '/openidm/managed/user/a', { body: {} });
    const answer = test.send('GET', '/openidm/managed/user/a?_events=true');
    await opened.promise;
    await test.server.stop();
    await closed.promise;
    expect((await answer).status).toBe(200);
  });

  it('is open only to those who may read, and only where there are events', async () => {
    const { send } = await open({ events: () => null });
    const headers = { accept: 'text/event-stream' };
    expect((await send('GET', '/openidm/managed/user/none', { headers })).status).toBe(404);
    await send('PUT', '/openidm/managed/user/a', { body: {} });
    expect((await send('GET', '/openidm/managed/user/a', { headers })).status).toBe(406);
  });

  it('has a limit to their number', async () => {
    const { send } = await open({ events: () => null, limits: { eventStreams: 0 } });
    expect((await send('GET', '/openidm/managed/user/a?_events=true')).status).toBe(503);
  });
});

describe('stopping', () => {
  it('lets requests end, and takes no more', async () => {
    const test = await open();
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    test.router.mount('slow', {
      read: async () => {
        started.resolve();
        await gate.promise;
        return { id: '', rev: null, object: { done: true } };
      },
    });
    const answer = test.send('GET', '/openidm/slow');
    await started.promise;
    const stopped = test.server.stop();
    expect(test.server.stop()).toBe(stopped);
    await expect(test.send('GET', '/health/live')).rejects.toThrow(/ECONNREFUSED/);
    gate.resolve();
    expect((await answer).body).toEqual({ done: true });
    await stopped;
  });

  it('cuts what does not end, after telling it', async () => {
    const test = await open({ limits: { stopMs: 20 } });
    const started = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    test.router.mount('endless', {
      action: (_, __, context) => {
        context.signal!.addEventListener('abort', () => told.resolve());
        started.resolve();
        return new Promise(() => {});
      },
    });
    const answer = test.send('POST', '/openidm/endless?_action=x').catch((thrown: Error) => thrown);
    await started.promise;
    await test.server.stop();
    await told.promise;
    expect(await answer).toBeInstanceOf(Error);
  });

  it('reports a port that is taken', async () => {
    const test = await open();
    await expect(open({ port: test.server.port })).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining(`port ${test.server.port}`),
    });
  });
});

describe('https', () => {
  it('makes a certificate for localhost once and keeps its key to itself', async () => {
    const at = path.join(directory(), 'tls');
    const first = await open({ tls: { kind: 'selfSigned', directory: at } });
    expect(first.server.url).toBe(`https://127.0.0.1:${first.server.port}`);
    const ca = readFileSync(path.join(at, 'localhost.crt'), 'utf8');
    expect(await getSecure(first.server.port, ca)).toBe(200);
    expect(statSync(path.join(at, 'localhost.pem')).mode & 0o777).toBe(0o600);
    const second = await open({ tls: { kind: 'selfSigned', directory: at } });
    expect(await getSecure(second.server.port, ca)).toBe(200);
  });

  it('takes own files, and names the one that is wrong', async () => {
    const at = directory();
    await open({ tls: { kind: 'selfSigned', directory: at } });
    const certFile = path.join(at, 'localhost.crt');
    const keyFile = path.join(at, 'localhost.pem');
    const { server } = await open({ tls: { kind: 'files', certFile, keyFile } });
    expect(await getSecure(server.port, readFileSync(certFile, 'utf8'))).toBe(200);
    const missing = path.join(at, 'none.pem');
    await expect(open({ tls: { kind: 'files', certFile, keyFile: missing } })).rejects.toThrow(missing);
    writeFileSync(missing, 'not pem');
    await expect(open({ tls: { kind: 'files', certFile, keyFile: missing } })).rejects.toThrow('not a PEM file');
    await open({ tls: { kind: 'selfSigned', directory: path.join(at, 'other') } });
    const strange = path.join(at, 'other', 'localhost.pem');
    const mixed = open({ tls: { kind: 'files', certFile, keyFile: strange } });
    await expect(mixed).rejects.toMatchObject({ name: 'Failure', message: expect.stringContaining(strange) });
    const unusable = open({ tls: { kind: 'selfSigned', directory: path.join(missing, 'below-a-file') } });
    await expect(unusable).rejects.toMatchObject({ name: 'Failure', message: expect.stringContaining(missing) });
  });

  it('tells security that the connection is secure', async () => {
    const seen: boolean[] = [];
    const { testSecurity } = await import('./testing/open-server.ts');
    const { server } = await open({
      tls: { kind: 'selfSigned', directory: directory() },
      security: {
        authenticate: (credentials) => {
          seen.push(credentials.isSecure);
          return testSecurity.authenticate(credentials);
        },
      },
    });
    await new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: server.port,
        path: '/openidm/x',
        rejectUnauthorized: false,
        agent: false,
      };
      request(options, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end();
    });
    expect(seen).toEqual([true]);
  });
});

function getSecure(port: number, ca: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: 'localhost', family: 4, port, path: '/health/live', ca, agent: false };
    get(options, (response) => response.resume().on('end', () => resolve(response.statusCode!))).on('error', reject);
  });
}

async function exchangeBytes(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  let text = '';
  for await (const piece of socket) text += String(piece);
  return text;
}
