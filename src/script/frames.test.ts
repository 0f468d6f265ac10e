import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, type Frame } from './frames.ts';

describe('frames', () => {
  it('arrive as they were sent, however the bytes are cut', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 50 }), { maxLength: 8 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 20 }), (sent, size) => {
        const bytes = Buffer.concat(sent.map((text) => encodeFrame('R', text)));
        const decoder = new FrameDecoder();
        const received: Frame[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          decoder.push(bytes.subarray(at, at + size));
          for (let frame = decoder.next(); frame !== null; frame = decoder.next()) received.push(frame);
        }
        expect(received).toEqual(sent.map((text) => ({ kind: 'R', text })));
      }),
    );
  });

  it.each(['no frame', '\xff\xff\xff\xffR', '\0\0\0\0R'])('are told from garbage (%j)', (text) => {
    const decoder = new FrameDecoder();
    decoder.push(Buffer.from(text, 'latin1'));
    expect(() => decoder.next()).toThrow('not a frame');
  });
});
