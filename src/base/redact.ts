import { isJsonObject, setOwn, type Json, type JsonObject } from './json.ts';

/** What stands for a secret in logs and audit events. */
export const REDACTED = '***';

const SECRET_MEMBER =
  /^(?:.*password|passwd|pwd|passphrase|.*secret|securityAnswer|.*credentials?|private_?key|.*api_?key|(?:access|refresh|id|auth|bearer|session|csrf)_?token)$/i;
const SECRET_HEADER = /authorization|cookie|password|secret|token|api-?key|session|csrf/i;

/**
 * The value with the secrets in it replaced. Members count as secret by their name, or because `more` names them (without
 * regard to case); encrypted and hashed values (`$crypto`), booleans and nulls stay.
 */
export function redact(value: Json, more: readonly string[] = []): Json {
  const names = new Set(more.map((name) => name.replace(/^\//, '').toLowerCase()));
  const isSecret = (name: string): boolean => isSecretByName(name) || (names.size > 0 && names.has(name.toLowerCase()));
  return redacted(value, isSecret);
}

const MAX_NAMES = 10_000;
const judged = new Map<string, boolean>();

/** The same few hundred names come a million times. */
function isSecretByName(name: string): boolean {
  const known = judged.get(name);
  if (known !== undefined) return known;
  if (judged.size >= MAX_NAMES) judged.clear();
  const isSecret = SECRET_MEMBER.test(name);
  judged.set(name, isSecret);
  return isSecret;
}

export function redactObject(object: JsonObject, more: readonly string[] = []): JsonObject {
  return redact(object, more) as JsonObject;
}

export function redactHeaders(headers: Readonly<Record<string, Json>>): JsonObject {
  const shown: JsonObject = {};
  for (const [name, value] of Object.entries(headers)) setOwn(shown, name, SECRET_HEADER.test(name) ? REDACTED : value);
  return shown;
}

function redacted(value: Json, isSecret: (name: string) => boolean): Json {
  if (Array.isArray(value)) return value.map((element) => redacted(element, isSecret));
  if (!isJsonObject(value) || Object.hasOwn(value, '$crypto')) return value;
  const shown: JsonObject = {};
  for (const [name, member] of Object.entries(value))
    setOwn(shown, name, isSecret(name) ? hidden(member) : redacted(member, isSecret));
  return shown;
}

function hidden(value: Json): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(hidden);
  return isJsonObject(value) && Object.hasOwn(value, '$crypto') ? value : REDACTED;
}
