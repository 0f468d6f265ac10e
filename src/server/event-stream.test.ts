import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { ServerEvent } from './event-port.ts';
import { eventStreamText, formatEvent, STALLED } from './event-stream.ts';

const event = (id: string): ServerEvent => ({ id, event: 'progress', data: { n: id } });
const options = (stop = new AbortController()) => ({ heartbeatMs: 60_000, stallMs: 60_000, stop });

async function all(stream: AsyncIterable<string>): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

describe('an event stream', () => {
  it('tells all and ends with its source', async () => {
    async function* source() {
      yield event('1');
      yield event('2');
    }
    const pieces = await all(eventStreamText(source(), options()));
    expect(pieces).toEqual([
      'retry: 3000\n\n',
      'id: 1\nevent: progress\ndata: {"n":"1"}\n\n',
      'id: 2\nevent: progress\ndata: {"n":"2"}\n\n',
    ]);
  });

  it('asks its source only when the reader wants more', async () => {
    let made = 0;
    async function* source() {
      for (;;) yield event(String(++made));
    }
    const stream = eventStreamText(source(), options());
    await stream.next();
    expect(made).toBe(0);
    await stream.next();
    expect(made).toBe(1);
    await stream.return(undefined);
  });

  it('keeps the connection while nothing happens, and loses no event over it', async () => {
    const gate = Promise.withResolvers<void>();
    async function* source() {
      await gate.promise;
      yield event('late');
    }
    const stream = eventStreamText(source(), { ...options(), heartbeatMs: 1 });
    await stream.next();
    expect((await stream.next()).value).toBe(': waiting\n\n');
    expect((await stream.next()).value).toBe(': waiting\n\n');
    gate.resolve();
    let text = ': waiting\n\n';
    while (text.startsWith(':')) text = (await stream.next()).value!;
    expect(text).toContain('id: late');
    expect((await stream.next()).done).toBe(true);
  });

  it('ends when it is stopped, though its source never does', async () => {
    const stop = new AbortController();
    let isClosed = false;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<ServerEvent>>(() => {}),
        return: async () => {
          isClosed = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const stream = eventStreamText(source, options(stop));
    await stream.next();
    const next = stream.next();
    stop.abort();
    expect(await next).toMatchObject({ done: true });
    expect(isClosed).toBe(true);
  });

  it('gives a reader up that takes nothing', async () => {
    const stop = new AbortController();
    async function* source() {
      for (;;) yield event('x');
    }
    const stream = eventStreamText(source(), { heartbeatMs: 60_000, stallMs: 1, stop });
    const given = new Promise((resolve) => stop.signal.addEventListener('abort', () => resolve(stop.signal.reason)));
    await stream.next();
    expect(await given).toBe(STALLED);
    expect((await stream.next()).done).toBe(true);
  });

  it.each([
    [new Error('inside'), '"code":500', 'inside'],
    [
      new Failure('bad-request', 'no such event'),
      '"code":400,"reason":"Bad Request","message":"no such event"',
      'stack',
    ],
  ])('tells that its source failed, and no more than may be known: %s', async (thrown, shown, hidden) => {
    async function* source(): AsyncGenerator<ServerEvent> {
      yield event('1');
      throw thrown;
    }
    const text = (await all(eventStreamText(source(), options()))).join('');
    expect(text).toContain('event: error\ndata: {');
    expect(text).toContain(shown);
    expect(text).not.toContain(hidden);
  });

  it('cannot be broken out of by line breaks', () => {
    const text = formatEvent({ id: 'a\ndata: 1\n\n', event: 'b\r\nid: 7', data: { t: 'x\n\ny' } });
    expect(text).toBe('id: a data: 1  \nevent: b  id: 7\ndata: {"t":"x\\n\\ny"}\n\n');
  });
});
