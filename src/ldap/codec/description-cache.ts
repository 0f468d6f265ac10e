import { attributeDescription, type AttributeDescription } from './attribute-description.ts';

const SLOTS = 1024;
const MAX_CACHED_BYTES = 64;

interface Slot {
  readonly bytes: Buffer;
  readonly description: AttributeDescription;
}

/** The same few hundred names come a million times: each is decoded once. A fixed number of slots, so a server cannot fill memory. */
const slots: (Slot | undefined)[] = Array.from({ length: SLOTS });

/** The description that stands in `bytes` from `start` to `end`. */
export function cachedDescription(bytes: Buffer, start: number, end: number): AttributeDescription {
  const length = end - start;
  if (length > MAX_CACHED_BYTES) return attributeDescription(bytes.toString('utf8', start, end));
  let hash = length;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  const index = (hash ^ (hash >>> 10)) & (SLOTS - 1);
  const slot = slots[index];
  if (slot !== undefined && holds(slot.bytes, bytes, start, length)) return slot.description;
  const description = attributeDescription(bytes.toString('utf8', start, end));
  slots[index] = { bytes: Buffer.from(bytes.subarray(start, end)), description };
  return description;
}

function holds(cached: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (cached.length !== length) return false;
  for (let i = 0; i < length; i++) if (cached[i] !== bytes[start + i]) return false;
  return true;
}
