import type { Json } from '../base/json.ts';

const SECRET = /passw(?:or)?d|__password__|secret|credential|^pin$|^pwd$/i;
const MASK = '••••••';

/** A value for people's eyes and logs: what looks like a secret by its attribute's name is not shown. */
export function shown(attribute: string, value: Json): Json {
  return value !== null && SECRET.test(attribute) ? MASK : value;
}
