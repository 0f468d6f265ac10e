import { readFile } from 'node:fs/promises';
import type { SaxesTagNS } from 'saxes';
import { Failure, messageOf } from '../../base/failure.ts';
import { newSaxesParser } from './saxes-parser.ts';

/** What the XSD says about the elements of one object class, in its order. */
export type XmlClass = ReadonlyMap<string, { readonly isRequired: boolean; readonly isMultiValued: boolean }>;

/** Object classes by name. */
export type XmlSchema = ReadonlyMap<string, XmlClass>;

const XSD_NAMESPACE = 'http://www.w3.org/2001/XMLSchema';
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_DEPTH = 64;

type MutableClass = Map<string, { readonly isRequired: boolean; readonly isMultiValued: boolean }>;

/**
 * Reads the part of an XSD that the connector needs: top-level elements with the elements of their (inline or named)
 * complex type, `minOccurs` and `maxOccurs`. Throws `Failure('bad-configuration')`.
 */
export async function readXmlSchema(path: string, shownPath: string): Promise<XmlSchema> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Failure('bad-configuration', `${shownPath} cannot be read: ${messageOf(error)}; check xsdFilePath`);
  }
  if (text.length > MAX_BYTES) throw new Failure('bad-configuration', `${shownPath} is larger than ${MAX_BYTES} bytes`);
  return parseXmlSchema(text, shownPath);
}

export function parseXmlSchema(text: string, shownPath: string): XmlSchema {
  const parser = newSaxesParser();
  const fail = (problem: string): never => {
    throw new Failure('bad-configuration', `${shownPath}:${parser.line}:${parser.column + 1}: ${problem}`);
  };
  const reader = new SchemaReader();
  let depth = 0;
  parser.on('error', (error) => fail(error.message.replace(/^(\d+:\d+: )?/, '')));
  parser.on('doctype', () => fail('a DOCTYPE is not accepted, as it may declare entities; remove it'));
  parser.on('opentag', (tag) => {
    if (++depth > MAX_DEPTH) fail(`elements are nested more than ${MAX_DEPTH} deep`);
    if (depth === 1 && (tag.uri !== XSD_NAMESPACE || tag.local !== 'schema')) fail('this is not an XML schema');
    if (tag.uri === XSD_NAMESPACE) reader.open(tag, depth);
  });
  parser.on('closetag', () => {
    depth--;
  });
  parser.write(text).close();
  return reader.schema();
}

/** Collects definitions. Depth 2 is what stands directly in the schema. */
class SchemaReader {
  readonly #elements = new Map<string, MutableClass>();
  readonly #types = new Map<string, MutableClass>();
  readonly #typeOf = new Map<string, string>();
  #current: MutableClass = new Map();

  open(tag: SaxesTagNS, depth: number): void {
    const name = attribute(tag, 'name');
    if (depth === 2 && tag.local === 'element' && name !== null) {
      this.#current = new Map();
      this.#elements.set(name, this.#current);
      const type = attribute(tag, 'type');
      if (type !== null) this.#typeOf.set(name, local(type));
    } else if (depth === 2 && tag.local === 'complexType' && name !== null) {
      this.#current = new Map();
      this.#types.set(name, this.#current);
    } else if (depth > 2 && tag.local === 'element') this.#addElement(tag, name ?? attribute(tag, 'ref'));
  }

  schema(): XmlSchema {
    const schema = new Map<string, XmlClass>();
    for (const [name, elements] of this.#elements) {
      const type = this.#types.get(this.#typeOf.get(name) ?? '') ?? elements;
      if (type.size > 0) schema.set(name, type);
    }
    return schema;
  }

  #addElement(tag: SaxesTagNS, name: string | null): void {
    if (name === null) return;
    const most = attribute(tag, 'maxOccurs') ?? '1';
    this.#current.set(local(name), {
      isRequired: Number(attribute(tag, 'minOccurs') ?? '1') > 0,
      isMultiValued: most === 'unbounded' || Number(most) > 1,
    });
  }
}

function attribute(tag: SaxesTagNS, name: string): string | null {
  return tag.attributes[name]?.value ?? null;
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
