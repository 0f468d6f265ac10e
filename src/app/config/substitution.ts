import type { Severity } from '../../base/diagnostic.ts';
import { isJsonObject, setOwn, type Json, type JsonObject } from '../../base/json.ts';
import { formatPointer } from '../../base/json-pointer.ts';
import { report, type Findings, type JsonNode } from './json-node.ts';
import type { JsonDocument } from './json-document.ts';
import { isWithheld } from './withheld-properties.ts';

/** The value of a property, or undefined when there is none of that name. */
export type PropertyResolver = (name: string) => string | undefined;

export interface SubstitutionRules {
  readonly resolve: PropertyResolver;
  /** False for repository files: their queries are full of `${…}` of their own. */
  readonly dollar: boolean;
  /** What an unresolved `&{…}` is: nothing reads some files. */
  readonly unresolved: 'error' | 'warning';
}

export interface Substituted {
  readonly value: Json;
  /** Pointers of the texts in which something was put in: their values may be secret. */
  readonly filled: ReadonlySet<string>;
}

const PLACEHOLDER = /([&$])\{([A-Za-z_][\w.-]*)\}/g;
const MAX_NESTING = 10;
const MAX_LENGTH = 256 * 1024;

/**
 * Puts property values into the texts of a file: `&{name}` everywhere, `${name}` outside the text of scripts and only
 * where there is such a property. Lockstep's own secrets are never put in: asking for one is an error.
 */
export function substitute(
  document: JsonDocument,
  root: Json,
  rules: SubstitutionRules,
  findings: Findings,
): Substituted {
  const filled = new Set<string>();
  const walk = (value: Json, tokens: readonly string[], isScriptText: boolean): Json => {
    if (typeof value === 'string') return fill(value, tokens, rules.dollar && !isScriptText);
    if (Array.isArray(value)) return value.map((item, i) => walk(item, [...tokens, String(i)], false));
    if (!isJsonObject(value)) return value;
    const copy: JsonObject = {};
    for (const key of Object.keys(value)) {
      const isScriptText = key === 'source' && typeof value['type'] === 'string';
      setOwn(copy, key, walk(value[key]!, [...tokens, key], isScriptText));
    }
    return copy;
  };
  const fill = (text: string, tokens: readonly string[], dollar: boolean): string => {
    if (!text.includes('{')) return text;
    const node: JsonNode = { document, tokens, value: text };
    const expanded = expand(text, dollar, rules.resolve, (message, hint, severity = rules.unresolved) =>
      report(findings, severity, node, message, hint),
    );
    if (expanded !== text) filled.add(formatPointer(tokens));
    return expanded;
  };
  return { value: walk(root, [], false), filled };
}

function expand(
  text: string,
  dollar: boolean,
  resolve: PropertyResolver,
  fault: (message: string, hint: string, severity?: Severity) => void,
  open: readonly string[] = [],
): string {
  const expanded = text.replace(PLACEHOLDER, (whole, sign: string, name: string) => {
    if (sign === '$' && !dollar) return whole;
    if (isWithheld(name)) {
      fault(`the property ${name} is not available to configuration`, WITHHELD_HINT, 'error');
      return whole;
    }
    const value = resolve(name);
    if (value === undefined) {
      if (sign === '&') fault(`the property ${name} has no value`, unresolvedHint(name));
      return whole;
    }
    if (open.includes(name) || open.length >= MAX_NESTING) {
      fault(`the property ${name} refers to itself`, `Its value contains ${[...open, name].join(' → ')}.`);
      return whole;
    }
    return expand(value, dollar, resolve, fault, [...open, name]);
  });
  if (expanded.length <= MAX_LENGTH || expanded.length <= text.length) return expanded;
  fault('the text is too long after properties were put in', `At most ${MAX_LENGTH} characters are allowed.`);
  return '';
}

const WITHHELD_HINT = 'It is a secret of the server itself. Use a variable of another name.';

function unresolvedHint(name: string): string {
  const variable = name.replaceAll('.', '_').toUpperCase();
  return `Set the environment variable ${variable}, or add ${name}=… to conf/boot/boot.properties.`;
}
