import { isJsonObject, setOwn, type Json, type JsonObject } from '../base/json.ts';
import type { ProjectConfig } from './config/project-config.ts';

const SECRET = /passw(?:or)?d|__password__|secret|credential|^pin$|^pwd$/i;
const MASK = '••••••';

/** Whether values of an attribute are for nobody's eyes. */
export type IsSecret = (attribute: string) => boolean;

/** By the sound of the name, when nothing else is known. */
const soundsSecret: IsSecret = (attribute) => SECRET.test(attribute);

/** A value for people's eyes and logs: what is a secret, or contains one, is not shown. */
export function shown(attribute: string, value: Json, isSecret: IsSecret = soundsSecret): Json {
  if (value === null) return null;
  if (isSecret(attribute)) return MASK;
  if (Array.isArray(value)) return value.map((element) => shown('', element, isSecret));
  return isJsonObject(value) ? masked(value, isSecret) : value;
}

export function masked(object: JsonObject, isSecret: IsSecret = soundsSecret): JsonObject {
  const copy: JsonObject = {};
  for (const [name, value] of Object.entries(object)) setOwn(copy, name, shown(name, value, isSecret));
  return copy;
}

const KNOWN = new WeakMap<ProjectConfig, IsSecret>();

/**
 * By name, what is a secret anywhere in a project: what sounds like one, properties that are encrypted, hashed or private,
 * passwords of external systems, and what mappings make of any of these.
 */
export function secretsOf(config: ProjectConfig): IsSecret {
  const known = KNOWN.get(config);
  if (known !== undefined) return known;
  const isSecret = withMemory(namesOf(config));
  KNOWN.set(config, isSecret);
  return isSecret;
}

function namesOf(config: ProjectConfig): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { properties } of config.managed)
    for (const { name, encryption, secureHash, scope } of properties)
      if (encryption !== null || secureHash !== null || scope === 'private') names.add(name);
  for (const { objectTypes } of config.connectors)
    for (const { properties } of Object.values(objectTypes))
      for (const [name, { nativeName }] of Object.entries(properties))
        if (nativeName === '__PASSWORD__') names.add(name);
  for (const { properties } of config.mappings)
    for (const { source, target } of properties)
      if (source !== null && source.length > 0 && names.has(source[0]!)) names.add(target[0]!);
  return names;
}

/** Attributes have few names, and each is asked for with every object. */
function withMemory(names: ReadonlySet<string>): IsSecret {
  const answers = new Map<string, boolean>();
  return (attribute) => {
    let answer = answers.get(attribute);
    if (answer !== undefined) return answer;
    answer = names.has(attribute) || soundsSecret(attribute);
    if (answers.size < 10_000) answers.set(attribute, answer);
    return answer;
  };
}
