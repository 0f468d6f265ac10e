import type { JsonObject } from '../../base/json.ts';
import type { ConfigFault } from '../../connector/contract.ts';

export type Report = (fault: ConfigFault) => void;

/** Reads settings by their kinds. Null and absence give the fallback; so does what is of another kind, which is reported. */
export interface SettingReader {
  isGiven(key: string): boolean;
  text(key: string, fallback: string): string;
  flag(key: string, fallback: boolean): boolean;
  /** Whole numbers, also as text; at least `least`. */
  integer(key: string, fallback: number, least: number): number;
  /** A list of texts; one text stands for a list of one. Blanks around them and empty ones do not count. */
  texts(key: string, fallback: readonly string[]): readonly string[];
  /** One of these, in any letter case. */
  choice(key: string, choices: readonly string[], fallback: string): string;
}

export function settingReader(properties: JsonObject, report: Report): SettingReader {
  const valueOf = (key: string): unknown =>
    Object.hasOwn(properties, key) ? (properties[key] ?? undefined) : undefined;
  const refuse = <T>(key: string, wanted: string, fallback: T): T => {
    report({ severity: 'error', pointer: `/configurationProperties/${key}`, message: `${key} must be ${wanted}` });
    return fallback;
  };
  const reader: SettingReader = {
    isGiven: (key) => valueOf(key) !== undefined,
    text: (key, fallback) => {
      const value = valueOf(key);
      if (value === undefined) return fallback;
      return typeof value === 'string' ? value.trim() : refuse(key, 'a text', fallback);
    },
    flag: (key, fallback) => {
      const value = valueOf(key);
      if (value === undefined || value === '') return fallback;
      if (typeof value === 'boolean') return value;
      if (value === 'true' || value === 'false') return value === 'true';
      return refuse(key, 'true or false', fallback);
    },
    integer: (key, fallback, least) => {
      const value = valueOf(key);
      if (value === undefined || value === '') return fallback;
      const number = typeof value === 'string' && /^\d{1,9}$/.test(value.trim()) ? Number(value) : value;
      const isFine = typeof number === 'number' && Number.isSafeInteger(number) && number >= least && number < 2 ** 31;
      return isFine ? number : refuse(key, `a whole number, at least ${least}`, fallback);
    },
    texts: (key, fallback) => {
      const value = valueOf(key);
      if (value === undefined) return fallback;
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (!list.every((one) => typeof one === 'string')) return refuse(key, 'a list of texts', fallback);
      return list.map((one) => one.trim()).filter((one) => one !== '');
    },
    choice: (key, choices, fallback) => {
      const text = reader.text(key, fallback) || fallback;
      const found = choices.find((one) => one.toLowerCase() === text.toLowerCase());
      return found ?? refuse(key, `one of ${choices.join(', ')}`, fallback);
    },
  };
  return reader;
}
