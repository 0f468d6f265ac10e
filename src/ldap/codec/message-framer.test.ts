import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyId, anyResponse } from '../testing/arbitrary-message.ts';
import { encodeResponse, type ResponseValues } from './encode-response.ts';
import { MessageFramer } from './message-framer.ts';

function framesOf(chunks: readonly Buffer[], maxBytes?: number): readonly string[] {
  const framer = new MessageFramer(maxBytes);
  const messages: Buffer[] = [];
  for (const chunk of chunks) framer.push(chunk, (bytes, start, end) => messages.push(bytes.subarray(start, end)));
  // Looked at only now: what was handed over must not change afterwards.
  return messages.map((message) => message.toString('hex'));
}

const small: ResponseValues = { kind: 'entry', dn: 'cn=a', attributes: [{ name: 'cn', values: ['a'] }] };
const large: ResponseValues = { ...small, attributes: [{ name: 'cn', values: ['x'.repeat(300)] }] };
const padded = Buffer.concat([Buffer.from('308400000005', 'hex'), Buffer.from('0201054200', 'hex')]);

describe('a stream of messages', () => {
  const messages = [small, large, small].map((response, i) => encodeResponse(i + 1, response)).concat(padded);
  const stream = Buffer.concat(messages);
  const all = messages.map((message) => message.toString('hex'));

  it('is cut at every pair of bytes without a difference', () => {
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= Math.min(stream.length, first + 12); second++) {
        const chunks = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
        expect(framesOf(chunks)).toEqual(all);
      }
    }
  });

  it('may come byte by byte', () => {
    expect(framesOf([...stream].map((byte) => Buffer.from([byte])))).toEqual(all);
  });

  it('may be cut in any way', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyId, anyResponse), { maxLength: 6 }),
        fc.array(fc.nat({ max: 2000 }), { maxLength: 12 }),
        (responses, cuts) => {
          const encoded = responses.map(([id, response]) => encodeResponse(id, response));
          const bytes = Buffer.concat(encoded);
          const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
          const chunks = places.slice(1).map((place, i) => bytes.subarray(places[i], place));
          expect(framesOf(chunks)).toEqual(encoded.map((message) => message.toString('hex')));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('knows whether it stopped within a message', () => {
    const framer = new MessageFramer();
    framer.push(stream.subarray(0, all[0]!.length / 2), () => {});
    expect(framer.isWithinMessage).toBe(false);
    framer.push(stream.subarray(0, 1), () => {});
    expect(framer.isWithinMessage).toBe(true);
  });
});

describe('what is no stream of messages', () => {
  it.each([
    ['48', 'byte 0x48 where a message should start'],
    ['3080', 'an indefinite length'],
    ['308501000000000000', 'an endless length'],
    ['30847fffffff', 'above the limit'],
    ['3084ffffffff', 'above the limit'],
    ['3005020105420000', 'byte 0x00 where a message should start'],
  ])('%s is refused, in one piece and in many', (hex, why) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(() => framesOf([bytes])).toThrow(why);
    expect(() => framesOf([...bytes].map((byte) => Buffer.from([byte])))).toThrow(why);
  });

  it('a length that is only claimed takes no memory', () => {
    const framer = new MessageFramer();
    const before = process.memoryUsage().arrayBuffers;
    framer.push(Buffer.from('308403f00000', 'hex'), () => {});
    framer.push(Buffer.alloc(100), () => {});
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  it('a message at the limit is taken', () => {
    const message = encodeResponse(1, large);
    expect(framesOf([message], message.length)).toHaveLength(1);
    expect(() => framesOf([message], message.length - 10)).toThrow('above the limit');
  });
});
