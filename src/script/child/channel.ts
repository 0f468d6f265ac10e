import fs from 'node:fs';
import process from 'node:process';
import { encodeFrame, FrameDecoder, type Frame, type FrameKind } from '../frames.ts';

/** Blocking frames over two inherited pipes. Ends the process when the other side is gone. */
export class Channel {
  readonly #input: number;
  readonly #output: number;
  readonly #decoder = new FrameDecoder();
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));

  constructor(input: number, output: number) {
    this.#input = input;
    this.#output = output;
  }

  read(): Frame {
    for (;;) {
      const frame = this.#decoder.next();
      if (frame !== null) return frame;
      const buffer = Buffer.allocUnsafe(65_536);
      const count = this.#transfer(() => fs.readSync(this.#input, buffer, 0, buffer.length, null));
      if (count === 0) process.exit(0);
      this.#decoder.push(buffer.subarray(0, count));
    }
  }

  write(kind: FrameKind, text: string): void {
    const bytes = encodeFrame(kind, text);
    let done = 0;
    while (done < bytes.length)
      done += this.#transfer(() => fs.writeSync(this.#output, bytes, done, bytes.length - done));
  }

  /** The pipes are blocking; where they are not, waiting a moment does. */
  #transfer(operation: () => number): number {
    for (;;) {
      try {
        return operation();
      } catch (thrown) {
        const { code } = thrown as { readonly code?: string };
        if (code === 'EPIPE') process.exit(0);
        if (code !== 'EAGAIN' && code !== 'EINTR') throw thrown;
        Atomics.wait(this.#sleeper, 0, 0, 1);
      }
    }
  }
}
