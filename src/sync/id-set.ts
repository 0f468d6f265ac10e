/**
 * A set of object ids in 16 bytes each (up to twice that while growing), for a million ids where a `Set` of strings
 * would take a hundred megabytes. It keeps a 106-bit fingerprint of each id: two different ids of a million fall
 * together with a probability below 1e-20, and then in the safe direction (an object counts as seen, so it is not
 * deleted).
 */
export class IdSet {
  #size = 0;
  #mask: number;
  #high: Float64Array;
  #low: Float64Array;

  constructor(expected = 1024) {
    const capacity = 1 << Math.max(4, Math.ceil(Math.log2(expected * 1.5)));
    this.#mask = capacity - 1;
    this.#high = new Float64Array(capacity);
    this.#low = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** True if the id was not there before. */
  add(id: string): boolean {
    fingerprint(id);
    const slot = this.#find(high, low);
    if (this.#high[slot] !== 0) return false;
    this.#high[slot] = high;
    this.#low[slot] = low;
    if (++this.#size > this.#mask * 0.66) this.#grow();
    return true;
  }

  has(id: string): boolean {
    fingerprint(id);
    return this.#high[this.#find(high, low)] !== 0;
  }

  #find(h: number, l: number): number {
    let slot = l & this.#mask;
    while (this.#high[slot] !== 0 && (this.#high[slot] !== h || this.#low[slot] !== l)) slot = (slot + 1) & this.#mask;
    return slot;
  }

  #grow(): void {
    const { high: oldHigh, low: oldLow } = { high: this.#high, low: this.#low };
    const capacity = oldHigh.length * 2;
    this.#mask = capacity - 1;
    this.#high = new Float64Array(capacity);
    this.#low = new Float64Array(capacity);
    for (let i = 0; i < oldHigh.length; i++) {
      if (oldHigh[i] === 0) continue;
      const slot = this.#find(oldHigh[i]!, oldLow[i]!);
      this.#high[slot] = oldHigh[i]!;
      this.#low[slot] = oldLow[i]!;
    }
  }
}

let high = 0;
let low = 0;

/** Four 32-bit multiply-and-mix lanes over the UTF-16 code units; the result is left in `high` and `low` (53 bits each). */
function fingerprint(id: string): void {
  let a = 0x9e3779b9 ^ id.length;
  let b = 0x85ebca6b;
  let c = 0xc2b2ae35;
  let d = 0x27d4eb2f;
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995) ^ (b >>> 15);
    c = Math.imul(c + unit, 0x2c1b3c6d) ^ (c >>> 13);
    d = Math.imul(d ^ (unit * 0x10001), 0x297a2d39) ^ (d >>> 16);
  }
  a = mix(a ^ (b >>> 3));
  b = mix(b ^ (c << 5));
  c = mix(c ^ a);
  d = mix(d ^ b);
  high = (a >>> 0) * 0x200000 + (b >>> 11) + 1;
  low = (c >>> 0) * 0x200000 + (d >>> 11);
}

function mix(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
