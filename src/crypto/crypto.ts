import type { Json, JsonObject } from '../base/json.ts';

/** Encryption and hashing of values at rest, as `$crypto` objects (specification §14). */
export interface Crypto {
  /**
   * Any JSON value. `alias` null: the default key. `cipher` null: AES-256-GCM; `AES/CBC/PKCS5Padding` gives the envelope
   * that OpenIDM reads. Throws `Failure('internal')` for a key that is not in the key store.
   */
  encrypt(value: Json, alias: string | null, cipher: string | null): JsonObject;
  /** The value with every encrypted part of it decrypted; hashes and plain values stay as they are. */
  decrypt(value: Json): Json;
  isEncrypted(value: Json): boolean;
  /** A salted hash. `algorithm`: `SHA-256` and the like. */
  hash(value: Json, algorithm: string): JsonObject;
  isHashed(value: Json): boolean;
  /** Compares in constant time. */
  matches(plain: Json, hashed: Json): boolean;
}
