import { Failure } from '../../base/failure.ts';
import type { Json } from '../../base/json.ts';
import type { CsvFormat } from './csv-format.ts';

/** The text of a cell that holds this native value; `''` for none. Throws `Failure('invalid-data')`. */
export function cellText(attribute: string, value: Json, format: CsvFormat): string {
  const text = Array.isArray(value) ? joined(attribute, value, format) : scalarText(attribute, value);
  if (text.includes('\0')) throw refused(attribute, 'has a NUL character, which a CSV file cannot hold');
  const bytes = format.codec.encode(text);
  if (bytes === null) throw refused(attribute, `has a character that ${format.codec.name} cannot represent`);
  // A quote is doubled in the file, so half the limit is what can always be read again.
  if (2 * bytes.length > format.maxCellBytes) throw refused(attribute, 'is longer than the largest cell that is read');
  return text;
}

/** A row as it is written: every cell quoted. */
export function rowText(cells: readonly string[], { quote, delimiter }: CsvFormat, newline: string): string {
  const quoted = cells.map((cell) => quote + cell.replaceAll(quote, quote + quote) + quote);
  return quoted.join(delimiter) + newline;
}

function joined(attribute: string, values: readonly Json[], { multivalueDelimiter }: CsvFormat): string {
  const texts = values.map((value) => scalarText(attribute, value));
  if (multivalueDelimiter === null) {
    if (texts.length <= 1) return texts[0] ?? '';
    throw refused(attribute, 'has several values; set multivalueDelimiter in the configuration of the connector');
  }
  const split = texts.find((text) => text === '' || text.includes(multivalueDelimiter));
  if (split === undefined) return texts.join(multivalueDelimiter);
  throw refused(
    attribute,
    split === '' ? 'has an empty value' : `has a value with the delimiter ${multivalueDelimiter}`,
  );
}

function scalarText(attribute: string, value: Json): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw refused(attribute, 'is an object, which a CSV file cannot hold');
}

function refused(attribute: string, what: string): Failure {
  return new Failure('invalid-data', `attribute '${attribute}' ${what}`);
}
