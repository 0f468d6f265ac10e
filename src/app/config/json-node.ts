import type { Diagnostic, Severity } from '../../base/diagnostic.ts';
import { isJsonObject, type Json } from '../../base/json.ts';
import { formatPointer } from '../../base/json-pointer.ts';
import type { JsonDocument } from './json-document.ts';

/** A value of a configuration file together with its place: what checks walk over, whatever the file holds. */
export interface JsonNode {
  readonly document: JsonDocument;
  readonly tokens: readonly string[];
  readonly value: Json | undefined;
}

/** Collects what is wrong. */
export type Findings = Diagnostic[];

export function member(node: JsonNode, key: string): JsonNode {
  const { value } = node;
  return child(node, key, isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined);
}

/** Elements of a list; nothing for anything else. */
export function items(node: JsonNode): readonly JsonNode[] {
  return Array.isArray(node.value) ? node.value.map((item, i) => child(node, String(i), item)) : [];
}

/** Members of an object; nothing for anything else. */
export function entries(node: JsonNode): readonly (readonly [string, JsonNode])[] {
  if (!isJsonObject(node.value)) return [];
  return Object.keys(node.value).map((key) => [key, member(node, key)] as const);
}

export function textOf(node: JsonNode): string | null {
  return typeof node.value === 'string' ? node.value : null;
}

export function pointerOf(node: JsonNode): string {
  return formatPointer(node.tokens);
}

export function report(findings: Findings, severity: Severity, node: JsonNode, message: string, hint?: string): void {
  findings.push({
    severity,
    file: node.document.file,
    pointer: pointerOf(node),
    ...node.document.locate(node.tokens),
    message,
    ...(hint === undefined ? {} : { hint }),
  });
}

function child(node: JsonNode, token: string, value: Json | undefined): JsonNode {
  return { document: node.document, tokens: [...node.tokens, token], value };
}
