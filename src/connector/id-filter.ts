import { randomInt } from 'node:crypto';

const EMPTY_HASH = 0;
const GOLDEN = 0x9e3779b1;

/**
 * Which ids have been seen, in 16 to 32 bytes each whatever their length. It remembers a 64-bit hash with a random seed;
 * that two of ten million ids have the same hash has a chance of one in 400,000.
 */
export class IdFilter {
  readonly #seedA = randomInt(2 ** 32);
  readonly #seedB = randomInt(2 ** 32);
  /** Two words for each slot; a first word of 0 means that the slot is free. */
  #slots = new Uint32Array(2 * 1024);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** False if the id was there already. */
  add(id: string): boolean {
    let a = this.#seedA;
    let b = this.#seedB;
    for (let i = 0; i < id.length; i++) {
      const code = id.charCodeAt(i);
      a = Math.imul(a ^ code, GOLDEN);
      a ^= a >>> 15;
      b = Math.imul(b ^ code, 0x85ebca6b);
      b ^= b >>> 13;
    }
    if (!this.#insert(mix(a) || 1, mix(b ^ id.length))) return false;
    this.#count++;
    if (this.#count * 4 > this.#slots.length) this.#grow();
    return true;
  }

  #insert(a: number, b: number): boolean {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    for (let slot = b & mask; ; slot = (slot + 1) & mask) {
      const held = slots[2 * slot]!;
      if (held === EMPTY_HASH) {
        slots[2 * slot] = a;
        slots[2 * slot + 1] = b;
        return true;
      }
      if (held === a && slots[2 * slot + 1] === b) return false;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let i = 0; i < old.length; i += 2) if (old[i] !== EMPTY_HASH) this.#insert(old[i]!, old[i + 1]!);
  }
}

/** The finish of MurmurHash3: every bit of the input changes every bit of the output with even chance. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
