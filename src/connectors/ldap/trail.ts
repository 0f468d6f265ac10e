import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json } from '../../base/json.ts';

/** Where a scan had come to: how many entries it had read, and a sum over their ids in which order does not matter. */
export interface Place {
  readonly count: number;
  readonly sum: string;
}

/** Reads a cursor. Throws `Failure('conflict')` for what is none. */
export function placeOf(path: string, cursor: Json): Place {
  if (isJsonObject(cursor) && typeof cursor['count'] === 'number' && typeof cursor['sum'] === 'string')
    return { count: cursor['count'], sum: cursor['sum'] };
  throw new Failure('conflict', `${path}: the scan cannot be continued: this cursor is not of this set`);
}

/** The entries that a scan has read, as hashes of 64 bits: 8 bytes each. */
export class Trail {
  count = 0;
  #high = 0;
  #low = 0;
  #hashes = new Uint32Array(64);

  /** As it was when it came to that place. */
  static asOf(trail: Trail, { count, sum }: Place): Trail {
    const copy = new Trail();
    const [high = 0, low = 0] = sum.split('.').map((part) => Number.parseInt(part, 36));
    copy.count = count;
    copy.#high = high;
    copy.#low = low;
    copy.#hashes = new Uint32Array(Math.max(64, 2 * count));
    copy.#hashes.set(trail.#hashes.subarray(0, 2 * count));
    return copy;
  }

  add(id: string): void {
    const [a, b] = hashOf(id);
    if (2 * this.count === this.#hashes.length) this.#grow();
    this.#hashes[2 * this.count] = a;
    this.#hashes[2 * this.count + 1] = b;
    this.count++;
    this.#high = (this.#high + Math.imul(a ^ (a >>> 16), 0x27d4eb2f)) >>> 0;
    this.#low = (this.#low + b) >>> 0;
  }

  get place(): Place {
    return { count: this.count, sum: `${this.#high.toString(36)}.${this.#low.toString(36)}` };
  }

  get byteLength(): number {
    return this.#hashes.byteLength;
  }

  /** Tells whether an entry was among those read. */
  known(): (id: string) => boolean {
    const keys = new Set<number>();
    for (let i = 0; i < this.count; i++) keys.add(keyOf(this.#hashes[2 * i]!, this.#hashes[2 * i + 1]!));
    return (id) => keys.has(keyOf(...hashOf(id)));
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#hashes.length);
    larger.set(this.#hashes);
    this.#hashes = larger;
  }
}

function hashOf(id: string): readonly [number, number] {
  let a = 0x9e3779b1;
  let b = 0x85ebca6b;
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ (code + i), 0xc2b2ae35);
    b ^= b >>> 15;
  }
  return [a >>> 0, b >>> 0];
}

/** 53 bits of the 64: what a number holds. */
function keyOf(a: number, b: number): number {
  return a * 0x20_0000 + (b & 0x1f_ffff);
}
