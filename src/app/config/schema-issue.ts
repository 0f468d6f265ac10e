import type { z } from 'zod';
import { isJsonObject, type Json } from '../../base/json.ts';
import { nearestName } from './nearest-name.ts';

type ZodIssue = z.core.$ZodIssue;

/** An issue of zod without the parts that differ by code; a union is replaced by the branch that was meant. */
export interface PlainIssue {
  readonly code: ZodIssue['code'];
  readonly path: readonly string[];
  readonly message: string;
  /** Types that would have been right: `number`, `boolean`, `string`, `object`, `array`. */
  readonly expected: readonly string[];
  /** Values that would have been right. */
  readonly values: readonly string[];
  readonly keys: readonly string[];
  readonly knownKeys: readonly string[];
}

const SCRIPT_TEXT = ['source', 'file'];

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};

export function flattenIssues(issues: readonly ZodIssue[], base: readonly string[] = []): readonly PlainIssue[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path.map(String)];
    return issue.code === 'invalid_union' ? flattenUnion(issue.errors, path) : [plain(issue, path)];
  });
}

export function describeIssue(
  issue: PlainIssue,
  value: Json | undefined,
  isSecret: boolean,
): { readonly message: string; readonly hint?: string } {
  const key = issue.path.at(-1) ?? '';
  const wanted = issue.expected.map((type) => WORDS[type] ?? type).join(' or ');
  if (value === undefined) {
    const choice = issue.values.length > 0 ? `one of ${issue.values.join(', ')}` : wanted;
    return { message: `the key "${key}" is missing`, ...(choice === '' ? {} : { hint: `It takes ${choice}.` }) };
  }
  if (issue.code === 'invalid_type') return mistyped(value, wanted, issue, isSecret);
  if (issue.code === 'invalid_value') return misnamed(value, issue, isSecret);
  const shown = typeof value === 'object' || isSecret ? '' : `${JSON.stringify(shorten(value))} `;
  if (/^(?:is|are) /.test(issue.message)) return { message: `${shown}${issue.message}` };
  const slip = isJsonObject(value)
    ? Object.keys(value).find((one) => nearestName(one, SCRIPT_TEXT) !== null)
    : undefined;
  return { message: issue.message, ...(slip === undefined ? {} : { hint: `There is a key "${slip}".` }) };
}

/** Why no branch of a union fits: the faults of the branch that was meant, or that the type fits none. */
function flattenUnion(branches: readonly (readonly ZodIssue[])[], path: readonly string[]): readonly PlainIssue[] {
  const flat = branches.map((issues) => flattenIssues(issues, path));
  const isMistyped = (issue: PlainIssue) => issue.code === 'invalid_type' && issue.path.length === path.length;
  const fitting = flat.filter((issues) => !issues.some(isMistyped));
  const byFaults = fitting.toSorted((a, b) => weight(a) - weight(b));
  if (byFaults[0] !== undefined) return byFaults[0];
  const expected = [
    ...new Set(
      flat
        .flat()
        .filter(isMistyped)
        .flatMap((issue) => issue.expected),
    ),
  ];
  return [{ code: 'invalid_type', path, message: '', expected, values: [], keys: [], knownKeys: [] }];
}

/** Unknown keys are no errors, so they weigh next to nothing. */
function weight(issues: readonly PlainIssue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 0.01 : 1), 0);
}

function plain(issue: ZodIssue, path: readonly string[]): PlainIssue {
  const isKeys = issue.code === 'unrecognized_keys';
  return {
    code: issue.code,
    path,
    message: issue.message,
    expected: issue.code === 'invalid_type' ? [typeName(issue.expected)] : [],
    values: issue.code === 'invalid_value' ? issue.values.map(String) : [],
    keys: isKeys ? issue.keys : [],
    knownKeys: isKeys ? (JSON.parse(issue.message) as string[]) : [],
  };
}

function typeName(expected: string): string {
  if (expected === 'record') return 'object';
  return expected === 'int' ? 'number' : expected;
}

function mistyped(
  value: Json,
  wanted: string,
  issue: PlainIssue,
  isSecret: boolean,
): { message: string; hint?: string } {
  const message = `expected ${wanted}, found ${kindOf(value)}`;
  if (isSecret) return { message, hint: 'The value comes from a property: see what it is set to.' };
  if (typeof value !== 'string') return { message };
  const isBare = issue.expected.includes('boolean') ? /^(?:true|false)$/i.test(value) : /^-?\d+(?:\.\d+)?$/.test(value);
  if (isBare && !issue.expected.includes('string'))
    return { message, hint: `Write ${value.toLowerCase()} without quotes.` };
  return { message };
}

function misnamed(value: Json, issue: PlainIssue, isSecret: boolean): { message: string; hint?: string } {
  const hint = `It takes one of ${issue.values.join(', ')}.`;
  if (typeof value !== 'string') return { message: `expected text, found ${kindOf(value)}`, hint };
  const claim = issue.message.startsWith('is ') ? issue.message : 'is not known here';
  if (isSecret) return { message: `the value of the property ${claim}`, hint };
  const nearest = nearestName(value, issue.values);
  return { message: `"${shorten(value)}" ${claim}`, hint: nearest === null ? hint : `Did you mean "${nearest}"?` };
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'a number' : String(value);
}

function shorten(value: Json): Json {
  return typeof value === 'string' && value.length > 60 ? `${value.slice(0, 60)}…` : value;
}
