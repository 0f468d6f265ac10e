import type { QueryTemplate, TemplateValue } from './project-config.ts';

const MAX_LENGTH = 10_000;
const TOKEN = /\s*(\$\{[^}]*\}|'(?:[^']|'')*'|"[^"]*"|<>|!=|<=|>=|[=<>(),*]|[\w.\-/@]+)/y;
const SELECT =
  /^\s*select\s+(?:\*|_openidm_id(?:\s+as\s+\w+)?)\s+from\s+\$\{unquoted:_resource\}\s*(?:where\s(.*))?$/is;
const PAGING = /\s(?:skip|limit)\s+\$\{unquoted:_\w+\}/gi;
const OPERATORS: Readonly<Record<string, (QueryTemplate & { kind: 'compare' })['operator']>> = {
  '=': 'eq',
  '<>': 'ne',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
};

/**
 * Translates the simple native queries that projects have: `SELECT * FROM ${unquoted:_resource} WHERE a = ${x} AND …`
 * (OrientDB), and the join over `genericTables` that JDBC repositories use for the same. Null for anything else.
 */
export function parseQueryText(text: string): QueryTemplate | null {
  if (text.length > MAX_LENGTH) return null;
  const jdbc = jdbcProperty(text);
  if (jdbc !== null) return jdbc;
  const match = SELECT.exec(text.replace(PAGING, ''));
  if (match === null) return null;
  const where = match[1] ?? '';
  if (where.trim() === '') return { kind: 'filter', filter: { kind: 'always', value: true } };
  const tokens = tokenize(where);
  return tokens === null ? null : new WhereParser(tokens).parse();
}

/** `a.x = b.${_mainTable}_id`: how the tables hang together, which says nothing about the objects. */
const JOIN = String.raw`(?:inner\s+)?join\s+[\w.\${}]+(?:\s+as)?\s+\w+\s+on\s+\(?\s*\w+\.\w+\s*=\s*\w+\.(?:\w+|\$\{_mainTable\}_id)\s*\)?`;
const JDBC = new RegExp(
  String.raw`^\s*select\s+(?:\w+\.)?(?:\*|fullobject|objectid)\s+from\s+[\w.\${}]*\$\{_mainTable\}(?:\s+as)?\s+\w+((?:\s+${JOIN})+)\s+where\s(.*)$`,
  'is',
);
const JDBC_PAGING = /\s(?:limit|offset)\s+\$\{(?:int:)?_\w+\}/gi;
const JDBC_TYPE = /^\s*\w+\.objecttype\s*=\s*\$\{_resource\}\s*$/i;
const JDBC_KEY = /^\s*(\w+)\.propkey\s*=\s*('[^']+'|\$\{\w+\})\s*$/i;
const JDBC_VALUE = /^\s*(\w+)\.propvalue\s*=\s*('[^']*'|\$\{\w+\})\s*$/i;

/**
 * `… WHERE prop.propkey = '/userName' AND prop.propvalue = ${uid} AND objtype.objecttype = ${_resource}`: one property, equal
 * to one value. Every word must be understood: a condition that is dropped would find too much.
 */
function jdbcProperty(text: string): QueryTemplate | null {
  const [, joins = '', where = ''] = JDBC.exec(text.replace(JDBC_PAGING, '')) ?? [];
  if (where === '' || joins.split('${_propTable}').length !== 2) return null;
  const clauses = where.split(/\band\b/i).filter((clause) => !JDBC_TYPE.test(clause));
  const key = clauses.map((clause) => JDBC_KEY.exec(clause)).find((match) => match !== null);
  const value = clauses.map((clause) => JDBC_VALUE.exec(clause)).find((match) => match !== null);
  if (clauses.length !== 2 || !key || !value || key[1] !== value[1]) return null;
  return { kind: 'compare', operator: 'eq', attribute: templateValue(key[2]!), value: templateValue(value[2]!) };
}

function tokenize(text: string): readonly string[] | null {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ''; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) return null;
    tokens.push(token);
  }
  return tokens;
}

/** `or` of `and` of comparisons, with parentheses. Any other word ends in null. */
class WhereParser {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  parse(): QueryTemplate | null {
    const template = this.#list('or');
    return this.#at === this.#tokens.length ? template : null;
  }

  #list(kind: 'or' | 'and'): QueryTemplate | null {
    const parts: QueryTemplate[] = [];
    do {
      const part = kind === 'or' ? this.#list('and') : this.#term();
      if (part === null) return null;
      parts.push(part);
    } while (this.#take(kind));
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  #term(): QueryTemplate | null {
    if (this.#take('(')) {
      if (++this.#depth > 50) return null;
      const inner = this.#list('or');
      this.#depth--;
      return this.#take(')') ? inner : null;
    }
    const [attribute, operator, value] = this.#tokens.slice(this.#at, this.#at + 3);
    const name = OPERATORS[operator ?? ''];
    if (attribute === undefined || value === undefined || name === undefined) return null;
    const isName = /^[\w.]+$/.test(attribute) || /^\$\{(?:unquoted|dotnotation):\w+\}$/.test(attribute);
    const isValue = /^(?:\$\{(?:\w+:)?[\w.]+\}|'.*'|".*"|-?\d+(?:\.\d+)?|true|false)$/is.test(value);
    if (!isName || !isValue) return null;
    this.#at += 3;
    const left = templateValue(attribute);
    return { kind: 'compare', operator: name, attribute: asPointer(left), value: templateValue(value) };
  }

  #take(token: string): boolean {
    const isHere = this.#tokens[this.#at]?.toLowerCase() === token;
    if (isHere) this.#at++;
    return isHere;
  }
}

function asPointer(value: TemplateValue): TemplateValue {
  if (value.kind === 'parameter') return value;
  const name = String(value.value);
  return { kind: 'literal', value: name === '_openidm_id' ? '_id' : name.replaceAll('.', '/') };
}

function templateValue(token: string): TemplateValue {
  const parameter = /^\$\{(?:\w+:)?([\w.]+)\}$/.exec(token)?.[1];
  if (parameter !== undefined) return { kind: 'parameter', name: parameter };
  if (token.startsWith("'")) return { kind: 'literal', value: token.slice(1, -1).replaceAll("''", "'") };
  if (token.startsWith('"')) return { kind: 'literal', value: token.slice(1, -1) };
  if (/^-?\d+(?:\.\d+)?$/.test(token)) return { kind: 'literal', value: Number(token) };
  return { kind: 'literal', value: token === 'true' || token === 'false' ? token === 'true' : token };
}
