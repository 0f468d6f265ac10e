import type { Json, JsonObject } from '../../src/base/json.ts';
import type { Link } from '../../src/model/link.ts';
import type { RunEntry } from '../../src/model/run.ts';

/**
 * Objects as text: `ann(key=1,name=Ann) bob(key=2)`. Values are texts; `a|b` is a list, `*` alone an empty text.
 */
export function objects(text: string): JsonObject[] {
  return [...text.matchAll(/([^\s()]+)\(([^)]*)\)/g)].map(([, id, body]) => ({ _id: id!, ...attributes(body!) }));
}

function attributes(body: string): JsonObject {
  const pairs = body.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair): [string, Json] => {
      const [name, value = ''] = pair.split('=') as [string, string?];
      return [name.trim(), value.includes('|') ? value.split('|').filter((one) => one !== '') : value];
    }),
  );
}

export function showObjects(list: readonly JsonObject[]): string {
  return list.map(showObject).sort().join(' ');
}

function showObject({ _id, _rev, ...rest }: JsonObject): string {
  const pairs = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? `${value.join('|')}|` : showValue(value)}`);
  return `${shortId(String(_id))}(${pairs.sort().join(',')})`;
}

function showValue(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Ids that the repository made up are all `new`. */
export function shortId(id: string): string {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(id) ? 'new' : id;
}

/** Links as text: `ann-t1 bob:B-t2` (`source:qualifier-target`). */
export function linkPairs(text: string): { firstId: string; linkQualifier: string; secondId: string }[] {
  return text
    .split(/\s+/)
    .filter((one) => one !== '')
    .map((one) => {
      const [first, secondId] = one.split('-') as [string, string];
      const [firstId, linkQualifier = 'default'] = first.split(':') as [string, string?];
      return { firstId, linkQualifier, secondId };
    });
}

export function showLinks(links: readonly Link[]): string {
  return links
    .map(
      (link) =>
        `${link.firstId}${link.linkQualifier === 'default' ? '' : `:${link.linkQualifier}`}-${shortId(link.secondId)}`,
    )
    .sort()
    .join(' ');
}

/** `ann>t1 CONFIRMED UPDATE done`, one line per entry, in order. */
export function showEntry(entry: RunEntry): string {
  const qualifier = entry.linkQualifier === 'default' || entry.linkQualifier === '' ? '' : `:${entry.linkQualifier}`;
  const target = entry.targetId === null ? '' : shortId(entry.targetId);
  return `${entry.sourceId ?? ''}${qualifier}>${target} ${entry.situation ?? '–'} ${entry.action} ${entry.status}`;
}
