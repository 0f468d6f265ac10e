import { Failure } from '../../base/failure.ts';
import type { Json } from '../../base/json.ts';
import { NAME, UID, type NativeObject } from '../../connector/object-type.ts';
import { ICF_NAMESPACE, namespaceOf, RI_NAMESPACE } from './xml-names.ts';
import type { XmlClass } from './xml-schema.ts';

/** The texts of a native value. Throws `Failure('invalid-data')` for what XML cannot hold. */
export function valueTexts(attribute: string, value: Json): readonly string[] {
  if (value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => valueTexts(attribute, item));
  if (typeof value === 'object')
    throw new Failure('invalid-data', `attribute '${attribute}' is an object, which the XML file cannot hold`);
  const text = String(value);
  // oxlint-disable-next-line no-control-regex -- exactly these are forbidden in XML 1.0
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text) || !text.isWellFormed())
    throw new Failure('invalid-data', `attribute '${attribute}' has a character that XML cannot hold`);
  return [text];
}

/**
 * An object as it stands in the file, with the line break and indentation before it. The order is that of the schema;
 * elements that it requires, and those that were there already (null), are there even when they are empty.
 */
export function objectText(
  nativeType: string,
  uid: string | null,
  native: NativeObject,
  schema: XmlClass | null,
  prefixes: ReadonlyMap<string, string>,
): string {
  const { qualified, declarations } = qualifier(prefixes);
  const lines: string[] = [];
  const add = (name: string, texts: readonly string[]): void => {
    const tag = qualified(namespaceOf(name), name);
    for (const text of texts) lines.push(text === '' ? `<${tag}/>` : `<${tag}>${escaped(text)}</${tag}>`);
  };
  const values: Record<string, Json | undefined> = { ...native, [UID]: uid ?? undefined };
  for (const name of elementOrder(native, schema)) {
    const texts = valueTexts(name, values[name] ?? null);
    const isThere = schema?.get(name)?.isRequired === true || values[name] === null;
    add(name, texts.length === 0 && isThere ? [''] : texts);
  }
  const tag = qualified(RI_NAMESPACE, nativeType);
  const body = lines.map((line) => `\n    ${line}`).join('');
  return `\n  <${tag}${declarations}>${body}\n  </${tag}>`;
}

function elementOrder(native: NativeObject, schema: XmlClass | null): Iterable<string> {
  return new Set([UID, NAME, ...(schema?.keys() ?? []), ...Object.keys(native)]);
}

/** Uses the prefixes of the root element; a namespace that has none there is declared at the object. */
function qualifier(prefixes: ReadonlyMap<string, string>): {
  readonly qualified: (namespace: string, name: string) => string;
  readonly declarations: string;
} {
  const own = new Map([
    [ICF_NAMESPACE, 'icf'],
    [RI_NAMESPACE, 'ri'],
  ]);
  const missing = [...own].filter(([namespace]) => !prefixes.has(namespace));
  const prefixOf = (namespace: string): string => prefixes.get(namespace) ?? own.get(namespace)!;
  return {
    qualified: (namespace, name) => (prefixOf(namespace) === '' ? name : `${prefixOf(namespace)}:${name}`),
    declarations: missing.map(([namespace, prefix]) => ` xmlns:${prefix}="${namespace}"`).join(''),
  };
}

/** A carriage return must be written by number, or reading it makes it a line feed. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
}
