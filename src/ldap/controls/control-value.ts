import { BerReader } from '../ber/ber-reader.ts';
import { encodeBer, type BerWriter } from '../ber/ber-writer.ts';
import { findControl, type LdapControl } from '../codec/message.ts';

/** A control whose value is one sequence. */
export function sequenceControl(oid: string, isCritical: boolean, write: (writer: BerWriter) => void): LdapControl {
  const value = encodeBer((writer) => {
    const start = writer.open();
    write(writer);
    writer.close(start);
  });
  return { oid, isCritical, value };
}

/**
 * Reads the control with this OID, whose value is one sequence; null where it is absent or has no value.
 * Throws `LdapFailure('protocol')` for a value that is none.
 */
export function readControl<T>(
  controls: readonly LdapControl[],
  oid: string,
  read: (reader: BerReader) => T,
): T | null {
  const value = findControl(controls, oid)?.value;
  return value === null || value === undefined ? null : readSequence(value, read);
}

/** Reads a value that is one sequence. */
export function readSequence<T>(value: Uint8Array, read: (reader: BerReader) => T): T {
  const reader = new BerReader(asBuffer(value));
  reader.enter();
  return read(reader);
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
