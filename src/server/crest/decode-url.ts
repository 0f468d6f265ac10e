import { Failure } from '../../base/failure.ts';

/**
 * A part of a URL without its percent-encoding. Letters that a client sent unencoded (as UTF-8) are understood too.
 * Throws `Failure('bad-request')` for what is no UTF-8. `place` says for the message what the part is.
 */
export function decodeUrlPart(part: string, place: string): string {
  if (PLAIN.test(part)) return part;
  try {
    return decodeURIComponent(asUtf8(part));
  } catch {
    throw new Failure('bad-request', `The ${place} is not valid percent-encoded UTF-8: ${shown(part)}`);
  }
}

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

/** The HTTP parser hands over each byte above 127 as one character. */
function asUtf8(part: string): string {
  if (!/[\x80-\xff]/.test(part)) return part;
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'latin1'));
}

function shown(part: string): string {
  return JSON.stringify(part.length > 60 ? `${part.slice(0, 60)}…` : part);
}
