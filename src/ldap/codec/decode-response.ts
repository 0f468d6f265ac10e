import { berFault } from '../ber/ber-fault.ts';
import { BerReader } from '../ber/ber-reader.ts';
import { contextConstructed, contextPrimitive } from '../ber/ber-tag.ts';
import { decodeControls } from './decode-control.ts';
import { decodeEntry } from './decode-entry.ts';
import type { LdapEntry } from './ldap-entry.ts';
import type { IntermediateResponse, LdapControl, LdapResult, OperationResult, SearchReference } from './message.ts';
import { RESULT_OPERATIONS, TAG } from './protocol-tag.ts';

/** Everything that a server may answer. `unknown`: an operation of a later version, to be passed over. */
export type ServerResponse =
  | LdapEntry
  | SearchReference
  | IntermediateResponse
  | OperationResult
  | { readonly kind: 'unknown'; readonly tag: number };

const REFERRAL = contextConstructed(3);
const SERVER_CREDENTIALS = contextPrimitive(7);
const EXTENDED_OID = contextPrimitive(10);
const EXTENDED_VALUE = contextPrimitive(11);

/** A reader that stands before the protocol operation of the message from `start` to `end`, and its message id. */
export function openMessage(
  bytes: Buffer,
  start: number,
  end: number,
): { readonly id: number; readonly reader: BerReader } {
  const reader = new BerReader(bytes, start, end);
  reader.enter();
  return { id: reader.integer(), reader };
}

/** Reads the rest of a message that was opened. Throws `LdapFailure('protocol')`. */
export function decodeResponse(reader: BerReader): ServerResponse {
  const tag = reader.peekTag();
  if (tag === TAG.searchEntry) return decodeSearchEntry(reader);
  if (tag === TAG.searchReference) return decodeReference(reader);
  if (tag === TAG.intermediateResponse) return decodeIntermediate(reader);
  const operation = RESULT_OPERATIONS.get(tag);
  if (operation === undefined) return { kind: 'unknown', tag };
  const outer = reader.enter(tag);
  const result = decodeResultFields(reader);
  const extras = { serverCredentials: null, oid: null, value: null, ...decodeExtras(reader) };
  reader.leave(outer);
  return { kind: 'result', operation, ...result, ...extras, controls: decodeControls(reader) };
}

function decodeSearchEntry(reader: BerReader): LdapEntry {
  const outer = reader.enter(TAG.searchEntry);
  const { position, end } = reader;
  reader.leave(outer);
  return decodeEntry(reader.bytes, position, end, decodeControls(reader));
}

function decodeReference(reader: BerReader): SearchReference {
  const urls = decodeTexts(reader, TAG.searchReference);
  return { kind: 'reference', urls, controls: decodeControls(reader) };
}

function decodeIntermediate(reader: BerReader): IntermediateResponse {
  const outer = reader.enter(TAG.intermediateResponse);
  const oid = reader.peekTag() === contextPrimitive(0) ? reader.text(contextPrimitive(0)) : null;
  const value = reader.peekTag() === contextPrimitive(1) ? reader.octets(contextPrimitive(1)) : null;
  reader.leave(outer);
  return { kind: 'intermediate', oid, value, controls: decodeControls(reader) };
}

function decodeResultFields(reader: BerReader): Omit<LdapResult, 'controls'> {
  const code = reader.enumerated();
  const matchedDn = reader.text();
  const message = reader.text();
  const referrals = reader.peekTag() === REFERRAL ? decodeTexts(reader, REFERRAL) : [];
  return { code, matchedDn, message, referrals };
}

function decodeExtras(reader: BerReader): Partial<Pick<OperationResult, 'serverCredentials' | 'oid' | 'value'>> {
  const extras: { serverCredentials?: Buffer; oid?: string; value?: Buffer } = {};
  while (!reader.isAtEnd) {
    const tag = reader.peekTag();
    if (tag === SERVER_CREDENTIALS) extras.serverCredentials = reader.octets(tag);
    else if (tag === EXTENDED_OID) extras.oid = reader.text(tag);
    else if (tag === EXTENDED_VALUE) extras.value = reader.octets(tag);
    else reader.skip();
  }
  return extras;
}

function decodeTexts(reader: BerReader, tag: number): readonly string[] {
  const texts: string[] = [];
  const outer = reader.enter(tag);
  while (!reader.isAtEnd) texts.push(reader.text());
  reader.leave(outer);
  return texts;
}

/** The whole message in `bytes`: for those who have it in one piece. */
export function decodeMessage(bytes: Buffer): {
  readonly id: number;
  readonly response: ServerResponse;
  readonly controls: readonly LdapControl[];
} {
  const { id, reader } = openMessage(bytes, 0, bytes.length);
  if (reader.end !== bytes.length) throw berFault('a message with something behind it', reader.end);
  const response = decodeResponse(reader);
  return { id, response, controls: response.kind === 'unknown' ? [] : response.controls };
}
