import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { Crypto } from '../crypto/crypto.ts';

type CryptoCall = (crypto: Crypto, args: readonly Json[]) => Json;

const DEFAULT_HASH = 'SHA-256';

const CALLS: Readonly<Record<string, CryptoCall>> = {
  'openidm.encrypt': (crypto, args) =>
    crypto.encrypt(args[0] ?? null, optionalText(args[2], 'key alias'), optionalText(args[1], 'cipher')),
  'openidm.decrypt': (crypto, args) => crypto.decrypt(envelope(args[0])),
  'openidm.isEncrypted': (crypto, args) => crypto.isEncrypted(envelope(args[0])),
  'openidm.hash': (crypto, args) => crypto.hash(args[0] ?? null, optionalText(args[1], 'algorithm') ?? DEFAULT_HASH),
  'openidm.isHashed': (crypto, args) => crypto.isHashed(envelope(args[0])),
  'openidm.matches': (crypto, args) => crypto.matches(args[0] ?? null, envelope(args[1])),
};

/** `openidm.encrypt`, `hash` and their like (specification §9.2, §14). Undefined: the call is none of them. */
export function cryptoCall(name: string, args: readonly Json[], crypto: Crypto): Json | undefined {
  return Object.hasOwn(CALLS, name) ? CALLS[name]!(crypto, args) : undefined;
}

/** Some scripts keep `$crypto` objects as text. */
function envelope(value: Json | undefined): Json {
  if (typeof value !== 'string' || !value.includes('$crypto')) return value ?? null;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

function optionalText(value: Json | undefined, what: string): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return value;
  throw new Failure('bad-request', `the ${what} must be a string, not ${JSON.stringify(value)}`);
}
