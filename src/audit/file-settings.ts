import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { AUDIT_TOPICS, type AuditTopic } from '../model/audit.ts';

/**
 * Audit files that are to be written (specification §12.4, §12.5).
 * `csv2014`: every cell quoted, records end with `recordDelimiter`. `csv`: dotted columns. `json`: one object a line.
 */
export interface FileSettings {
  readonly style: 'csv2014' | 'csv' | 'json';
  /** A directory; relative to the project. */
  readonly location: string;
  readonly topics: ReadonlySet<AuditTopic>;
  readonly quote: string;
  readonly delimiter: string;
  /** What a record ends with, line end included. */
  readonly recordEnd: string;
  readonly rotation: RotationSettings;
}

/** Null: no limit. */
export interface RotationSettings {
  readonly maxBytes: number | null;
  readonly maxAgeMs: number | null;
  readonly prefix: string;
  /** `yyyy`, `MM`, `dd`, `HH` (or `kk`), `mm`, `ss` stand for the time. */
  readonly suffix: string;
  readonly keptFiles: number | null;
  readonly keptBytes: number | null;
}

const DEFAULT_SUFFIX = '-yyyy.MM.dd-HH.mm.ss';
const NO_ROTATION: RotationSettings = {
  maxBytes: null,
  maxAgeMs: null,
  prefix: '',
  suffix: DEFAULT_SUFFIX,
  keptFiles: null,
  keptBytes: null,
};
const TOPICS_2014: readonly AuditTopic[] = ['recon', 'sync', 'activity', 'access'];

export function readFileHandlers(document: JsonObject, warnings: string[]): readonly FileSettings[] {
  return [...objects(document['logTo']), ...objects(document['eventHandlers'])].flatMap((json, index) => {
    const isLogTo = index < objects(document['logTo']).length;
    return (isLogTo ? logTo(json, document, warnings) : eventHandler(json, warnings)) ?? [];
  });
}

function logTo(json: JsonObject, document: JsonObject, warnings: string[]): FileSettings | null {
  const type = json['logType'];
  if (type === 'repository') return null;
  if (type !== 'csv') {
    warnings.push(`audit.json: logType ${JSON.stringify(type ?? null)} is not available here; csv and repository are`);
    return null;
  }
  const types = isJsonObject(document['eventTypes']) ? Object.keys(document['eventTypes']) : null;
  return {
    style: 'csv2014',
    location: text(json['location']) ?? 'audit',
    topics: new Set(TOPICS_2014.filter((topic) => types === null || types.includes(topic) || topic === 'access')),
    quote: '"',
    delimiter: ',',
    recordEnd: `${text(json['recordDelimiter']) ?? ''}\n`,
    rotation: NO_ROTATION,
  };
}

/** Handlers by the last part of their class name. */
const STYLES: Readonly<Record<string, FileSettings['style'] | 'repository'>> = {
  CsvAuditEventHandler: 'csv',
  JsonAuditEventHandler: 'json',
  RepositoryAuditEventHandler: 'repository',
};

function eventHandler(json: JsonObject, warnings: string[]): FileSettings | null {
  const config = isJsonObject(json['config']) ? json['config'] : {};
  if (config['enabled'] === false) return null;
  const className = text(json['class'])?.split('.').at(-1) ?? '';
  const style = Object.hasOwn(STYLES, className) ? STYLES[className]! : null;
  if (style === 'repository') return null;
  if (style === null) {
    const known = Object.keys(STYLES).join(', ');
    warnings.push(`audit.json: the handler "${className}" is not available here; ${known} are`);
    return null;
  }
  const formatting = isJsonObject(config['formatting']) ? config['formatting'] : {};
  return {
    style,
    location: text(config['logDirectory']) ?? 'audit',
    topics: topicsOf(config['topics'], className, warnings),
    quote: text(formatting['quoteChar'])?.charAt(0) ?? '"',
    delimiter: text(formatting['delimiterChar'])?.charAt(0) ?? ',',
    recordEnd: style === 'json' ? '\n' : lineEnd(formatting['endOfLineSymbols']),
    rotation: rotationOf(config, warnings),
  };
}

function lineEnd(value: Json | undefined): string {
  const symbols = text(value);
  return symbols !== null && /^[\r\n]+$/.test(symbols) ? symbols : '\n';
}

function topicsOf(value: Json | undefined, handler: string, warnings: string[]): ReadonlySet<AuditTopic> {
  if (!Array.isArray(value)) return new Set(AUDIT_TOPICS);
  const known = AUDIT_TOPICS.filter((topic) => value.includes(topic));
  for (const topic of value)
    if (!known.some((name) => name === topic))
      warnings.push(`audit.json: ${handler}: there is no topic ${JSON.stringify(topic)}`);
  return new Set(known);
}

function rotationOf(config: JsonObject, warnings: string[]): RotationSettings {
  const rotation = isJsonObject(config['fileRotation']) ? config['fileRotation'] : {};
  const retention = isJsonObject(config['fileRetention']) ? config['fileRetention'] : {};
  if (Array.isArray(rotation['rotationTimes']) && rotation['rotationTimes'].length > 0)
    warnings.push('audit.json: "rotationTimes" is not used; give a "rotationInterval"');
  const isOn = rotation['rotationEnabled'] === true;
  return {
    maxBytes: isOn ? limit(rotation['maxFileSize']) : null,
    maxAgeMs: isOn ? durationMs(rotation['rotationInterval'], warnings) : null,
    prefix: harmlessName(text(rotation['rotationFilePrefix']) ?? ''),
    suffix: harmlessName(text(rotation['rotationFileSuffix']) ?? DEFAULT_SUFFIX) || DEFAULT_SUFFIX,
    keptFiles: limit(retention['maxNumberOfHistoryFiles']),
    keptBytes: limit(retention['maxDiskSpaceToUse']),
  };
}

/** Part of a file name: nothing in it can lead to another directory. */
function harmlessName(name: string): string {
  return name.replace(/[^\w.-]/g, '').slice(0, 64);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** `1 day`, `1 hour and 30 minutes`; `disabled` and nothing: no limit. */
function durationMs(value: Json | undefined, warnings: string[]): number | null {
  const words = text(value);
  if (words === null || words === 'disabled') return null;
  let total = 0;
  for (const [, count, unit] of words.matchAll(/(\d+)\s*(second|minute|hour|day|week)s?/gi))
    total += Number(count) * UNIT_MS[unit!.toLowerCase()]!;
  if (total > 0) return total;
  warnings.push(`audit.json: "rotationInterval" ${JSON.stringify(words)} is no duration like "1 day"`);
  return null;
}

/** Absent, 0 and below: no limit. */
function limit(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;
}

function text(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((one) => isJsonObject(one)) : [];
}
