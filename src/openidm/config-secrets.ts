import { Failure } from '../base/failure.ts';
import { cloneJson, deepEqual, isJsonObject, setOwn, type Json, type JsonObject } from '../base/json.ts';
import { formatPointer } from '../base/json-pointer.ts';

/** What stands for a secret that is stored and not shown. */
const MARK: JsonObject = { $secret: true };

const SECRET_NAME =
  /(?:password|passwd|passphrase|passcode|pwd|secret|secretKey|privateKey|apiKey|accessKey|credentials?|(?:access|refresh|bearer|api|auth|id)_?token|decryptionKey|initializationVector|customSensitiveConfiguration)$/i;
/** In the settings of a connector more names mean a secret: what it is called there is up to whoever wrote the connector. */
const SETTINGS = 'configurationProperties';
const SECRET_SETTING = /(?:token|key|secret|passphrase|passcode|password|credentials?|pin)$|secret|passw/i;
/** They end like secrets, and are the names of attributes and columns. */
const NAME_OF_ATTRIBUTE =
  /^(?:header(?:Password|Uid|Name)|\w+(?:Attributes?|Columns?|Algorithm|Policy|Expired)|(?:primary|foreign|unique)Key|userCredential)$/i;
/** `jdbc:…?password=x`, `https://user:x@host`. */
const SECRET_TEXT = /[?&;]\s*(?:password|pwd)=[^&;\s]+|:\/\/[^/@\s:]+:(?![&$]\{)[^/@\s]+@/i;
/** Tells where the secret is, and is none itself. */
const REFERENCE = /^\s*[&$]\{[^{}]+\}\s*$/;

/** A copy in which every secret is marked. */
export function withoutSecrets<T extends Json>(value: T): T {
  return mask('', value, false) as T;
}

/**
 * The new content with every mark replaced by the secret that is stored at its place. Elements of a list are recognized by
 * being the same apart from secrets, and by their position if the list has the same length. Throws
 * `Failure('bad-request')` where no secret is stored for a mark.
 */
export function withStoredSecrets(content: JsonObject, stored: Json): JsonObject {
  return restore(content, stored, []) as JsonObject;
}

function mask(name: string, value: Json, isSetting: boolean): Json {
  if (isSecret(name, value, isSetting)) return cloneJson(MARK);
  if (Array.isArray(value)) return value.map((item) => mask(name, item, isSetting));
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) setOwn(copy, key, mask(key, value[key]!, isSetting || key === SETTINGS));
  return copy;
}

function isSecret(name: string, value: Json, isSetting: boolean): boolean {
  if (typeof value === 'string' && SECRET_TEXT.test(value)) return true;
  if (NAME_OF_ATTRIBUTE.test(name) || !soundsSecret(name, isSetting)) return false;
  if (isJsonObject(value)) return Object.hasOwn(value, '$crypto');
  return typeof value === 'string' ? value !== '' && !REFERENCE.test(value) : typeof value === 'number';
}

function soundsSecret(name: string, isSetting: boolean): boolean {
  return SECRET_NAME.test(name) || (isSetting && SECRET_SETTING.test(name));
}

function isMark(value: Json): boolean {
  return isJsonObject(value) && value['$secret'] === true && Object.keys(value).length === 1;
}

function restore(value: Json, stored: Json | undefined, tokens: readonly (string | number)[]): Json {
  if (isMark(value)) return storedSecret(stored, tokens);
  if (Array.isArray(value))
    return value.map((item, i) =>
      restore(item, counterpart(value, i, stored, tokens.includes(SETTINGS)), [...tokens, i]),
    );
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    const old = isJsonObject(stored) && Object.hasOwn(stored, key) ? stored[key] : undefined;
    setOwn(copy, key, restore(value[key]!, old, [...tokens, key]));
  }
  return copy;
}

function storedSecret(stored: Json | undefined, tokens: readonly (string | number)[]): Json {
  const name = String(tokens.findLast((token) => typeof token === 'string') ?? '');
  if (stored !== undefined && isSecret(name, stored, tokens.includes(SETTINGS))) return cloneJson(stored);
  throw new Failure(
    'bad-request',
    `${formatPointer(tokens)} is marked as a secret that is kept, but none is stored there: send its value`,
  );
}

function counterpart(
  list: readonly Json[],
  index: number,
  stored: Json | undefined,
  isSetting: boolean,
): Json | undefined {
  if (!Array.isArray(stored)) return undefined;
  const same = stored.filter((one) => deepEqual(mask('', one, isSetting), list[index]));
  if (same.length === 1) return same[0];
  return stored.length === list.length ? stored[index] : undefined;
}
