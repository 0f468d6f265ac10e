import type { z } from 'zod';
import { cloneJson, isJsonObject, type Json } from '../../base/json.ts';
import { formatPointer, getAt } from '../../base/json-pointer.ts';
import { report, type Findings, type JsonNode } from './json-node.ts';
import { didYouMean } from './nearest-name.ts';
import { describeIssue, flattenIssues, type PlainIssue } from './schema-issue.ts';

/** More than this from one file helps nobody. */
const MAX_FINDINGS = 200;

export interface CheckOptions {
  /** Pointers of texts that came from properties: not to be shown, and coerced where a number or boolean is wanted. */
  readonly filled: ReadonlySet<string>;
}

/**
 * Checks a file against its schema and reports everything. Null if there is an error; a key nobody knows is only a
 * warning, and a null where none is expected counts as an absent key.
 */
export function checkSchema<T>(
  schema: z.ZodType<T>,
  node: JsonNode,
  options: CheckOptions,
  findings: Findings,
): T | null {
  if (node.value === undefined) return null;
  const value = cloneJson(node.value);
  const unknown: Unknown[] = [];
  // Each round takes away at least one thing; a union hides what is wrong inside its branches for one round.
  for (;;) {
    const result = schema.safeParse(value);
    const issues = result.success ? [] : flattenIssues(result.error.issues);
    const isRepaired = issues.filter((issue) => repair(value, issue, options, unknown)).length > 0;
    if (isRepaired) continue;
    for (const one of unknown.slice(0, MAX_FINDINGS)) reportUnknown(node, one, findings);
    for (const issue of issues.slice(0, MAX_FINDINGS)) reportIssue(node, value, issue, options, findings);
    return result.success ? result.data : null;
  }
}

interface Unknown {
  readonly path: readonly string[];
  readonly key: string;
  readonly known: readonly string[];
}

function repair(root: Json, issue: PlainIssue, options: CheckOptions, unknown: Unknown[]): boolean {
  if (issue.code === 'unrecognized_keys') return dropKeys(root, issue, unknown);
  if (issue.path.length === 0) return false;
  const parent = getAt(root, issue.path.slice(0, -1));
  const key = issue.path.at(-1)!;
  const value = getAt(root, issue.path);
  if (value === null && isJsonObject(parent)) {
    delete parent[key];
    return true;
  }
  if (typeof value !== 'string' || !options.filled.has(formatPointer(issue.path))) return false;
  const coerced = coerce(value, issue.expected);
  if (coerced === null) return false;
  if (Array.isArray(parent)) parent[Number(key)] = coerced;
  else if (isJsonObject(parent)) parent[key] = coerced;
  return true;
}

function dropKeys(root: Json, issue: PlainIssue, unknown: Unknown[]): boolean {
  const owner = getAt(root, issue.path);
  if (!isJsonObject(owner)) return false;
  const keys = issue.keys.filter((key) => Object.hasOwn(owner, key));
  for (const key of keys) {
    delete owner[key];
    unknown.push({ path: issue.path, key, known: issue.knownKeys });
  }
  return keys.length > 0;
}

function coerce(text: string, expected: readonly string[]): Json {
  if (expected.includes('boolean') && /^(?:true|false)$/.test(text)) return text === 'true';
  if (expected.includes('number') && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  return null;
}

function reportUnknown(node: JsonNode, { path, key, known }: Unknown, findings: Findings): void {
  const place = { ...node, tokens: [...node.tokens, ...path, key] };
  const hint = didYouMean(key, known) ?? `Known here: ${known.filter((name) => name !== '$schema').join(', ')}.`;
  report(findings, 'warning', place, `the key "${key}" is not known and has no effect`, hint);
}

function reportIssue(node: JsonNode, root: Json, issue: PlainIssue, options: CheckOptions, findings: Findings): void {
  const place = { ...node, tokens: [...node.tokens, ...issue.path] };
  const isSecret = options.filled.has(formatPointer(issue.path));
  const { message, hint } = describeIssue(issue, getAt(root, issue.path), isSecret);
  report(findings, 'error', place, message, hint);
}
