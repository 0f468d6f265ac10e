import { Failure } from '../../base/failure.ts';
import { setOwn, type JsonObject } from '../../base/json.ts';
import { decodeUrlPart } from './decode-url.ts';

/** The parameters of the protocol (specification §1.3). */
export const PROTOCOL_PARAMETERS = [
  '_action',
  '_queryId',
  '_queryExpression',
  '_queryFilter',
  '_fields',
  '_sortKeys',
  '_pageSize',
  '_pagedResultsCookie',
  '_pagedResultsOffset',
  '_totalPagedResultsPolicy',
  '_prettyPrint',
  '_mimeType',
] as const;

export type ProtocolParameter = (typeof PROTOCOL_PARAMETERS)[number];

export interface Parameters {
  /** Each value as given; never an empty list. */
  readonly protocol: ReadonlyMap<ProtocolParameter, readonly string[]>;
  /** All others, under their names as written. */
  readonly additional: Readonly<Record<string, string>>;
}

/**
 * Reads the text after the `?` of a URL. The names of protocol parameters are understood in any case.
 * Throws `Failure('bad-request')` for bad encodings and for a parameter that is given twice but has one value.
 */
export function readParameters(rawQuery: string): Parameters {
  const protocol = new Map<ProtocolParameter, string[]>();
  const additional: JsonObject = {};
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    const known = BY_LOWER_CASE.get(name.toLowerCase());
    if (known === undefined) {
      if (Object.hasOwn(additional, name)) throw givenTwice(name);
      setOwn(additional, name, value);
      continue;
    }
    const values = protocol.get(known);
    if (values === undefined) protocol.set(known, [value]);
    else if (MULTI_VALUED.has(known)) values.push(value);
    else throw givenTwice(known);
  }
  return { protocol, additional: additional as Record<string, string> };
}

/** The value of a parameter that has one; null if it was not given. */
export function single(parameters: Parameters, name: ProtocolParameter): string | null {
  return parameters.protocol.get(name)?.[0] ?? null;
}

/** Elements of a parameter that holds a list: separated by commas, or given several times. */
export function listed(parameters: Parameters, name: ProtocolParameter): readonly string[] {
  return (parameters.protocol.get(name) ?? []).flatMap((value) => value.split(','));
}

/** Everything that was given, as plain text by name. */
export function allParameters({ protocol, additional }: Parameters): Readonly<Record<string, string>> {
  if (protocol.size === 0) return additional;
  const all = { ...additional };
  for (const [name, values] of protocol) all[name] = values.join(',');
  return all;
}

const MULTI_VALUED: ReadonlySet<ProtocolParameter> = new Set(['_fields', '_sortKeys']);

const BY_LOWER_CASE: ReadonlyMap<string, ProtocolParameter> = new Map(
  PROTOCOL_PARAMETERS.map((name) => [name.toLowerCase(), name]),
);

function decode(text: string): string {
  return decodeUrlPart(text.includes('+') ? text.replaceAll('+', ' ') : text, 'query string');
}

function givenTwice(name: string): Failure {
  return new Failure('bad-request', `Multiple values provided for parameter '${name}'`);
}
