import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { shown } from '../app/secrets.ts';
import type { RunEntry } from '../model/run.ts';

const MARK: Readonly<Record<RunEntry['changeClass'], string>> = {
  create: '+',
  update: '~',
  delete: '-',
  ambiguousDelete: '-',
  link: '=',
  unlink: '/',
  none: ' ',
};

const MAX_VALUE = 60;
const MAX_LINE = 110;

/** An entry for people: `+ CREATE ABSENT hr-17 → bjensen`, and below it each attribute with before and after. */
export function entryLines(entry: RunEntry): string {
  const mark = entry.status === 'failed' ? '!' : MARK[entry.changeClass];
  const ids = `${entry.sourceId ?? '–'} → ${entry.targetId ?? (entry.ambiguousTargetIds?.join(' | ') || '–')}`;
  const qualifier = entry.linkQualifier === 'default' || entry.linkQualifier === '' ? '' : ` [${entry.linkQualifier}]`;
  const head = printable(
    `  ${mark} ${entry.action.padEnd(9)} ${(entry.situation ?? '').padEnd(20)} ${ids}${qualifier}`,
  );
  const message = entry.message === null ? '' : `\n      ${printable(entry.message)}`;
  return `${head}${message}\n${attributeLines(entry)
    .map((line) => `      ${line}\n`)
    .join('')}`;
}

/** Control characters of foreign data do not reach the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

interface AttributeChange {
  readonly attribute: string;
  readonly before: Json;
  readonly after: Json;
}

/** Before and after, per attribute. A create has no before, a delete no after. */
export function attributeChanges(entry: RunEntry): readonly AttributeChange[] {
  if (Array.isArray(entry.after))
    return entry.after.filter(isJsonObject).map((operation) => {
      const attribute = String(operation['field']).slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
      return {
        attribute,
        before: shown(attribute, entry.before?.[attribute] ?? null),
        after: shown(attribute, operation['value'] ?? null),
      };
    });
  if (isJsonObject(entry.after))
    return Object.entries(entry.after).map(([attribute, after]) => ({
      attribute,
      before: null,
      after: shown(attribute, after),
    }));
  return [];
}

function attributeLines(entry: RunEntry): readonly string[] {
  if (entry.changeClass === 'create') return createdLines(entry);
  return attributeChanges(entry).map(
    ({ attribute, before, after }) => `${attribute}: ${short(before)} → ${short(after)}`,
  );
}

/** A create has no before: its attributes share lines. */
function createdLines(entry: RunEntry): readonly string[] {
  const lines: string[] = [];
  for (const { attribute, after } of attributeChanges(entry)) {
    const text = `${attribute}: ${short(after)}`;
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + text.length < MAX_LINE) lines[lines.length - 1] = `${last}, ${text}`;
    else lines.push(text);
  }
  return lines;
}

function short(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

function masked(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([attribute, value]) => [attribute, shown(attribute, value)]));
}

/** An entry for programs. */
export function entryJson(entry: RunEntry): JsonObject {
  const { situation, action, changeClass, status, linkQualifier, sourceId, targetId, phase, message, before } = entry;
  return {
    seq: entry.seq,
    phase,
    sourceId,
    targetId,
    linkQualifier,
    situation,
    action,
    change: changeClass,
    status,
    ambiguousTargetIds: entry.ambiguousTargetIds as string[] | null,
    attributes: attributeChanges(entry) as unknown as Json,
    ...(changeClass === 'delete' || changeClass === 'ambiguousDelete'
      ? { before: before === null ? null : masked(before) }
      : {}),
    message,
    detail: entry.detail,
  };
}
