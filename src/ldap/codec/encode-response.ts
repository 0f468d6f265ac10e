import { contextConstructed, contextPrimitive } from '../ber/ber-tag.ts';
import { BerWriter } from '../ber/ber-writer.ts';
import { encodeControls } from './encode-control.ts';
import { encodeAttributes } from './encode-request.ts';
import type {
  AttributeValues,
  IntermediateResponse,
  LdapControl,
  OperationResult,
  SearchReference,
} from './message.ts';
import { RESULT_TAGS, TAG } from './protocol-tag.ts';

/** An entry as a server would send it. */
export interface EntryValues {
  readonly kind: 'entry';
  readonly dn: string;
  readonly attributes: readonly AttributeValues[];
  readonly controls?: readonly LdapControl[];
}

/** A result as a server would send it; what is left out is empty. */
export type ResultValues = Pick<OperationResult, 'kind' | 'operation' | 'code'> & Partial<OperationResult>;

export type ResponseValues =
  | EntryValues
  | ResultValues
  | (Omit<SearchReference, 'controls'> & { readonly controls?: readonly LdapControl[] })
  | (Omit<IntermediateResponse, 'controls' | 'value'> & {
      readonly value: Uint8Array | null;
      readonly controls?: readonly LdapControl[];
    });

/** The bytes of an answer: the server's half of the codec, with which servers of tests are made. */
export function encodeResponse(id: number, response: ResponseValues): Buffer {
  const writer = new BerWriter();
  const start = writer.open();
  writer.integer(id);
  encodeOperation(writer, response);
  encodeControls(writer, response.controls ?? []);
  writer.close(start);
  return writer.take();
}

function encodeOperation(writer: BerWriter, response: ResponseValues): void {
  switch (response.kind) {
    case 'entry': {
      const start = writer.open(TAG.searchEntry);
      writer.octets(response.dn);
      encodeAttributes(writer, response.attributes);
      return writer.close(start);
    }
    case 'reference':
      return encodeTexts(writer, response.urls, TAG.searchReference);
    case 'intermediate': {
      const start = writer.open(TAG.intermediateResponse);
      if (response.oid !== null) writer.octets(response.oid, contextPrimitive(0));
      if (response.value !== null) writer.octets(response.value, contextPrimitive(1));
      return writer.close(start);
    }
    case 'result':
      return encodeResult(writer, response);
  }
}

function encodeResult(writer: BerWriter, result: ResultValues): void {
  const start = writer.open(RESULT_TAGS[result.operation]);
  writer.enumerated(result.code);
  writer.octets(result.matchedDn ?? '');
  writer.octets(result.message ?? '');
  if (result.referrals !== undefined && result.referrals.length > 0)
    encodeTexts(writer, result.referrals, contextConstructed(3));
  if (result.serverCredentials) writer.octets(result.serverCredentials, contextPrimitive(7));
  if (result.oid) writer.octets(result.oid, contextPrimitive(10));
  if (result.value) writer.octets(result.value, contextPrimitive(11));
  writer.close(start);
}

function encodeTexts(writer: BerWriter, texts: readonly string[], tag: number): void {
  const start = writer.open(tag);
  for (const text of texts) writer.octets(text);
  writer.close(start);
}
