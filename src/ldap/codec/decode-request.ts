import { berFault } from '../ber/ber-fault.ts';
import { BerReader } from '../ber/ber-reader.ts';
import { contextConstructed, contextPrimitive, OCTET_STRING, SET } from '../ber/ber-tag.ts';
import { decodeControls } from './decode-control.ts';
import { decodeFilter } from './decode-filter.ts';
import type {
  AttributeValues,
  BindOperation,
  ModifyOperation,
  RenameOperation,
  RequestMessage,
  RequestOperation,
  SearchOperation,
} from './message.ts';
import { DEREFERENCES, MODIFICATIONS, SCOPES, TAG } from './protocol-tag.ts';
import { textOrBytes } from './text-or-bytes.ts';

/**
 * Reads one request: the server's half of the codec, with which servers of tests are made.
 * Throws `LdapFailure('protocol')` for what is none.
 */
export function decodeRequest(bytes: Buffer, start = 0, end = bytes.length): RequestMessage {
  const reader = new BerReader(bytes, start, end);
  reader.enter();
  const id = reader.integer();
  const operation = decodeOperation(reader);
  return { id, operation, controls: decodeControls(reader) };
}

function decodeOperation(reader: BerReader): RequestOperation {
  const tag = reader.peekTag();
  switch (tag) {
    case TAG.unbindRequest:
      reader.skip();
      return { kind: 'unbind' };
    case TAG.deleteRequest:
      return { kind: 'delete', dn: reader.text(tag) };
    case TAG.abandonRequest:
      return { kind: 'abandon', messageId: reader.integer(tag) };
    default: {
      const outer = reader.enter(tag);
      const operation = decodeConstructed(reader, tag);
      reader.leave(outer);
      return operation;
    }
  }
}

function decodeConstructed(reader: BerReader, tag: number): RequestOperation {
  switch (tag) {
    case TAG.bindRequest:
      return decodeBind(reader);
    case TAG.searchRequest:
      return decodeSearch(reader);
    case TAG.modifyRequest:
      return decodeModify(reader);
    case TAG.addRequest:
      return { kind: 'add', dn: reader.text(), attributes: decodeAttributes(reader) };
    case TAG.renameRequest:
      return decodeRename(reader);
    case TAG.compareRequest: {
      const dn = reader.text();
      reader.enter();
      return { kind: 'compare', dn, attribute: reader.text(), value: textOrBytes(reader.octets()) };
    }
    case TAG.extendedRequest: {
      const oid = reader.text(contextPrimitive(0));
      const value = reader.peekTag() === contextPrimitive(1) ? reader.octets(contextPrimitive(1)) : null;
      return { kind: 'extended', oid, value };
    }
    default:
      throw berFault('a request of an unknown kind', reader.position);
  }
}

function decodeBind(reader: BerReader): BindOperation {
  reader.integer();
  const dn = reader.text();
  if (reader.peekTag() === contextPrimitive(0))
    return {
      kind: 'bind',
      dn,
      authentication: { kind: 'simple', password: textOrBytes(reader.octets(contextPrimitive(0))) },
    };
  reader.enter(contextConstructed(3));
  const mechanism = reader.text();
  const credentials = reader.peekTag() === OCTET_STRING ? reader.octets() : null;
  return { kind: 'bind', dn, authentication: { kind: 'sasl', mechanism, credentials } };
}

function decodeSearch(reader: BerReader): SearchOperation {
  const base = reader.text();
  const scope = oneOf(SCOPES, reader);
  const dereference = oneOf(DEREFERENCES, reader);
  const sizeLimit = reader.integer();
  const timeLimitSeconds = reader.integer();
  const typesOnly = reader.boolean();
  const filter = decodeFilter(reader);
  const attributes: string[] = [];
  const outer = reader.enter();
  while (!reader.isAtEnd) attributes.push(reader.text());
  reader.leave(outer);
  return { kind: 'search', base, scope, dereference, sizeLimit, timeLimitSeconds, typesOnly, filter, attributes };
}

function decodeModify(reader: BerReader): ModifyOperation {
  const dn = reader.text();
  const changes: ModifyOperation['changes'][number][] = [];
  const outer = reader.enter();
  while (!reader.isAtEnd) {
    const one = reader.enter();
    const operation = oneOf(MODIFICATIONS, reader);
    changes.push({ operation, ...decodeAttribute(reader) });
    reader.leave(one);
  }
  reader.leave(outer);
  return { kind: 'modify', dn, changes };
}

function decodeRename(reader: BerReader): RenameOperation {
  const dn = reader.text();
  const newRdn = reader.text();
  const deleteOldRdn = reader.boolean();
  const newSuperior = reader.peekTag() === contextPrimitive(0) ? reader.text(contextPrimitive(0)) : null;
  return { kind: 'rename', dn, newRdn, deleteOldRdn, newSuperior };
}

function decodeAttributes(reader: BerReader): readonly AttributeValues[] {
  const attributes: AttributeValues[] = [];
  const outer = reader.enter();
  while (!reader.isAtEnd) attributes.push(decodeAttribute(reader));
  reader.leave(outer);
  return attributes;
}

function decodeAttribute(reader: BerReader): AttributeValues {
  const outer = reader.enter();
  const name = reader.text();
  const values: (string | Uint8Array)[] = [];
  const set = reader.enter(SET);
  while (!reader.isAtEnd) values.push(textOrBytes(reader.octets()));
  reader.leave(set);
  reader.leave(outer);
  return { name, values };
}

function oneOf<T>(words: readonly T[], reader: BerReader): T {
  const at = reader.position;
  const word = words[reader.enumerated()];
  if (word === undefined) throw berFault('a number that stands for nothing', at);
  return word;
}
