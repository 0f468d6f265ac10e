import type { Json } from '../base/json.ts';
import { attributeChanges } from '../app/entry-json.ts';
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
