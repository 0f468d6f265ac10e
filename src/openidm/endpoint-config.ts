import type { Diagnostic } from '../base/diagnostic.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import type { ConfigDocument } from '../app/config/project-config.ts';
import type { ScriptConfig } from '../model/script-config.ts';

/** A custom endpoint: `conf/endpoint-<name>.json` (specification §1.1, §9.4). */
export interface EndpointConfig {
  readonly name: string;
  readonly script: ScriptConfig;
  /** Where it answers, below `endpoint/`: `linkedView`. */
  readonly prefix: string;
  /** Whether it answers below its prefix too. */
  readonly isOpenEnded: boolean;
}

export type ReadEndpoint =
  | { readonly ok: true; readonly endpoint: EndpointConfig }
  | { readonly ok: false; readonly faults: readonly Diagnostic[] };

const SCRIPT_KEYS: ReadonlySet<string> = new Set(['type', 'source', 'file', 'name', 'globals']);
/** Of the endpoint, not variables of its script. */
const ENDPOINT_KEYS: ReadonlySet<string> = new Set(['context', '_id', '$schema', '_description', 'apiDescription']);

/** `context` is `endpoint/name` for exactly that place, `endpoint/name/*` for all below too, which is also the default. */
export function readEndpoint({ id, file, value }: ConfigDocument): ReadEndpoint {
  const faults: Diagnostic[] = [];
  const fault = (pointer: string, message: string, hint: string): void =>
    void faults.push({ severity: 'error', file, pointer, message, hint });
  const name = id.slice('endpoint/'.length);
  const { type, globals } = value;
  const source = textOf(value['source']);
  const scriptFile = textOf(value['file']) ?? textOf(value['name']);
  const context = textOf(value['context']) ?? `endpoint/${name}/*`;
  const place = /^\/?endpoint\/([^*]*?)(\/?\*)?$/.exec(context);
  if (typeof type !== 'string') fault('/type', 'the endpoint has no "type"', 'Write "type": "text/javascript".');
  if (source === null && scriptFile === null)
    fault('', 'the endpoint has neither "source" nor "file"', 'Name the script in "file", below script/.');
  if (globals !== undefined && globals !== null && !isJsonObject(globals))
    fault('/globals', '"globals" is not a map', 'Its members are variables of the script.');
  if (place === null || place[1] === '')
    fault(
      '/context',
      `the context "${context}" is not below endpoint/`,
      `Write endpoint/${name} or endpoint/${name}/*.`,
    );
  if (faults.length > 0 || place === null) return { ok: false, faults };
  const own = Object.entries(value).filter(([key]) => !SCRIPT_KEYS.has(key) && !ENDPOINT_KEYS.has(key));
  const script: ScriptConfig = {
    type: String(type),
    source,
    file: source === null ? scriptFile : null,
    globals: isJsonObject(globals ?? null) ? (globals as JsonObject) : {},
    constants: Object.fromEntries(own),
    pointer: '',
  };
  const prefix = place[1]!.replace(/\/+$/, '');
  return { ok: true, endpoint: { name, script, prefix, isOpenEnded: place[2] !== undefined } };
}

/** The endpoint that answers at a path below `endpoint/`: the one with the longest prefix; and what is left of the path. */
export function findEndpoint(
  endpoints: readonly EndpointConfig[],
  path: string,
): { readonly endpoint: EndpointConfig; readonly rest: string } | null {
  const matching = endpoints.filter(
    ({ prefix, isOpenEnded }) => path === prefix || (isOpenEnded && path.startsWith(`${prefix}/`)),
  );
  const [endpoint] = matching.toSorted((a, b) => b.prefix.length - a.prefix.length);
  return endpoint === undefined ? null : { endpoint, rest: path.slice(endpoint.prefix.length + 1) };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
