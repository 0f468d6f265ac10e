import { contextConstructed, contextPrimitive, SET } from '../ber/ber-tag.ts';
import { BerWriter } from '../ber/ber-writer.ts';
import { encodeControls } from './encode-control.ts';
import { encodeFilter } from './encode-filter.ts';
import type {
  AttributeValues,
  BindOperation,
  LdapControl,
  ModifyOperation,
  RenameOperation,
  RequestOperation,
  SearchOperation,
} from './message.ts';
import { DEREFERENCES, MODIFICATIONS, SCOPES, TAG } from './protocol-tag.ts';

const LDAP_VERSION = 3;
const shared = new BerWriter();

/** The bytes of a request (RFC 4511 §4). Throws `Failure('bad-request')` for a filter that cannot be sent. */
export function encodeRequest(id: number, operation: RequestOperation, controls: readonly LdapControl[]): Buffer {
  try {
    const start = shared.open();
    shared.integer(id);
    encodeOperation(shared, operation);
    encodeControls(shared, controls);
    shared.close(start);
  } catch (thrown) {
    shared.take();
    throw thrown;
  }
  return shared.take();
}

function encodeOperation(writer: BerWriter, operation: RequestOperation): void {
  switch (operation.kind) {
    case 'bind':
      return encodeBind(writer, operation);
    case 'unbind':
      return writer.null(TAG.unbindRequest);
    case 'search':
      return encodeSearch(writer, operation);
    case 'modify':
      return encodeModify(writer, operation);
    case 'add': {
      const start = writer.open(TAG.addRequest);
      writer.octets(operation.dn);
      encodeAttributes(writer, operation.attributes);
      return writer.close(start);
    }
    case 'delete':
      return writer.octets(operation.dn, TAG.deleteRequest);
    case 'rename':
      return encodeRename(writer, operation);
    case 'compare': {
      const start = writer.open(TAG.compareRequest);
      writer.octets(operation.dn);
      const assertion = writer.open();
      writer.octets(operation.attribute);
      writer.octets(operation.value);
      writer.close(assertion);
      return writer.close(start);
    }
    case 'abandon':
      return writer.integer(operation.messageId, TAG.abandonRequest);
    case 'extended': {
      const start = writer.open(TAG.extendedRequest);
      writer.octets(operation.oid, contextPrimitive(0));
      if (operation.value !== null) writer.octets(operation.value, contextPrimitive(1));
      return writer.close(start);
    }
  }
}

function encodeBind(writer: BerWriter, { dn, authentication }: BindOperation): void {
  const start = writer.open(TAG.bindRequest);
  writer.integer(LDAP_VERSION);
  writer.octets(dn);
  if (authentication.kind === 'simple') {
    writer.octets(authentication.password, contextPrimitive(0));
  } else {
    const sasl = writer.open(contextConstructed(3));
    writer.octets(authentication.mechanism);
    if (authentication.credentials !== null) writer.octets(authentication.credentials);
    writer.close(sasl);
  }
  writer.close(start);
}

function encodeSearch(writer: BerWriter, search: SearchOperation): void {
  const start = writer.open(TAG.searchRequest);
  writer.octets(search.base);
  writer.enumerated(SCOPES.indexOf(search.scope));
  writer.enumerated(DEREFERENCES.indexOf(search.dereference));
  writer.integer(search.sizeLimit);
  writer.integer(search.timeLimitSeconds);
  writer.boolean(search.typesOnly);
  encodeFilter(writer, search.filter);
  const attributes = writer.open();
  for (const name of search.attributes) writer.octets(name);
  writer.close(attributes);
  writer.close(start);
}

function encodeModify(writer: BerWriter, { dn, changes }: ModifyOperation): void {
  const start = writer.open(TAG.modifyRequest);
  writer.octets(dn);
  const list = writer.open();
  for (const change of changes) {
    const one = writer.open();
    writer.enumerated(MODIFICATIONS.indexOf(change.operation));
    encodeAttribute(writer, change);
    writer.close(one);
  }
  writer.close(list);
  writer.close(start);
}

function encodeRename(writer: BerWriter, { dn, newRdn, deleteOldRdn, newSuperior }: RenameOperation): void {
  const start = writer.open(TAG.renameRequest);
  writer.octets(dn);
  writer.octets(newRdn);
  writer.boolean(deleteOldRdn);
  if (newSuperior !== null) writer.octets(newSuperior, contextPrimitive(0));
  writer.close(start);
}

/** A list of attributes with their values, as in add requests and entries. */
export function encodeAttributes(writer: BerWriter, attributes: readonly AttributeValues[]): void {
  const list = writer.open();
  for (const attribute of attributes) encodeAttribute(writer, attribute);
  writer.close(list);
}

function encodeAttribute(writer: BerWriter, { name, values }: AttributeValues): void {
  const start = writer.open();
  writer.octets(name);
  const set = writer.open(SET);
  for (const value of values) writer.octets(value);
  writer.close(set);
  writer.close(start);
}
