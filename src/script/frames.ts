/**
 * Messages between the server and a script process: four bytes of length (little endian), one byte that tells the kind,
 * then JSON text.
 */
export type FrameKind =
  /** → program and scripts of the session. ← ready. */
  | 'O'
  /** ← the program cannot be loaded. */
  | 'F'
  /** → a part of a batch. */
  | 'B'
  /** ← results: `[index, value]` or `[index, null, fault, slot]`. */
  | 'R'
  /** ← a host call. */
  | 'C'
  /** ← a module is asked for. */
  | 'Q'
  /** → answer to `C` or `Q`. */
  | 'A'
  /** ← a log message; nothing is answered. */
  | 'L'
  /** ← a script starts (only sent in careful mode). */
  | 'S'
  /** ← the process cannot be used any further; everything finished was sent before. */
  | 'X';

export interface Frame {
  readonly kind: FrameKind;
  readonly text: string;
}

const MAX_FRAME_BYTES = 64 * 1024 * 1024;
/** A single item, result, host-call argument list or answer. */
export const MAX_VALUE_LENGTH = 16 * 1024 * 1024;

const KINDS: ReadonlySet<string> = new Set('OFBRCQALSX');

export function encodeFrame(kind: FrameKind, text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(5 + length);
  frame.writeUInt32LE(1 + length, 0);
  frame.write(kind, 4, 'latin1');
  frame.write(text, 5);
  return frame;
}

/** Takes bytes as they come, gives whole frames. Throws on bytes that are no frame. */
export class FrameDecoder {
  #chunks: Buffer[] = [];
  #size = 0;
  #wanted = 5;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  next(): Frame | null {
    if (this.#size < this.#wanted) return null;
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#size);
    const length = all.readUInt32LE(0);
    const kind = String.fromCharCode(all[4]!);
    if (length < 1 || length > MAX_FRAME_BYTES || !KINDS.has(kind)) throw new Error('not a frame');
    const end = 4 + length;
    if (all.length < end) {
      this.#chunks = [all];
      this.#wanted = end;
      return null;
    }
    const rest = all.subarray(end);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    this.#wanted = 5;
    return { kind: kind as FrameKind, text: all.toString('utf8', 5, end) };
  }
}
