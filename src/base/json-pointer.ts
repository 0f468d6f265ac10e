import { isJsonObject, setOwn, type Json, type JsonObject } from './json.ts';

/** Tokens of a JSON pointer. The leading `/` is optional: `a/b` and `/a/b` are the same; `''` and `/` are the root. */
export function parsePointer(text: string): readonly string[] {
  const body = text.startsWith('/') ? text.slice(1) : text;
  if (body === '') return [];
  return body.split('/').map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function formatPointer(tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The value at a place, `undefined` when any step is missing. */
export function getAt(root: Json | undefined, tokens: readonly string[]): Json | undefined {
  let value: Json | undefined = root;
  for (const token of tokens) {
    if (Array.isArray(value)) value = /^\d+$/.test(token) ? value[Number(token)] : undefined;
    else if (isJsonObject(value)) value = Object.hasOwn(value, token) ? value[token] : undefined;
    else return undefined;
  }
  return value;
}

/** Puts `value` at a place of `root`, creating missing parents and replacing parents that are no containers. */
export function putAt(root: JsonObject, tokens: readonly string[], value: Json): void {
  let parent: Json[] | JsonObject = root;
  for (let i = 0; i < tokens.length - 1; i++) parent = descend(parent, tokens[i]!);
  setChild(parent, tokens[tokens.length - 1]!, value);
}

/** Removes the value at a place; a place that does not exist is left alone. */
export function removeAt(root: JsonObject, tokens: readonly string[]): void {
  const parent = getAt(root, tokens.slice(0, -1));
  const last = tokens[tokens.length - 1];
  if (last === undefined) return;
  if (Array.isArray(parent)) {
    if (/^\d+$/.test(last) && Number(last) < parent.length) parent.splice(Number(last), 1);
  } else if (isJsonObject(parent)) delete parent[last];
}

function descend(parent: Json[] | JsonObject, token: string): Json[] | JsonObject {
  const child = Array.isArray(parent)
    ? parent[Number(token)]
    : Object.hasOwn(parent, token)
      ? parent[token]
      : undefined;
  if (Array.isArray(child) || isJsonObject(child)) return child;
  const created: JsonObject = {};
  setChild(parent, token, created);
  return created;
}

function setChild(parent: Json[] | JsonObject, token: string, value: Json): void {
  if (!Array.isArray(parent)) setOwn(parent, token, value);
  else if (token === '-') parent.push(value);
  else if (/^\d{1,6}$/.test(token)) parent[Math.min(Number(token), parent.length)] = value;
}
