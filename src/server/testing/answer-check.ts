import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { matchesTemplate } from '../openapi/find-operation.ts';

/** What is wrong with an answer according to an OpenAPI document; empty if nothing is. */
export function answerFaults(
  document: JsonObject,
  answer: { readonly method: string; readonly path: string; readonly status: number; readonly body: Json | undefined },
): readonly string[] {
  const name = `${answer.method} ${answer.path} ${answer.status}`;
  const item = pathItem(document, answer.path);
  const operation = item?.[answer.method.toLowerCase()];
  if (!isJsonObject(operation)) return [`${name}: not described`];
  const responses = operation['responses'] as JsonObject;
  const found = responses[String(answer.status)] ?? responses[`${Math.floor(answer.status / 100)}XX`];
  if (!isJsonObject(found)) return [`${name}: the status is not described`];
  const response = resolved(document, found) as JsonObject;
  const content = response['content'];
  if (!isJsonObject(content)) return answer.body === undefined ? [] : [`${name}: a body is not described`];
  const media = content['application/json'];
  if (!isJsonObject(media)) return [];
  const checked = z.fromJSONSchema(media['schema'] as never).safeParse(answer.body);
  return checked.success ? [] : checked.error.issues.map((one) => `${name}: ${one.path.join('/')} ${one.message}`);
}

/** The most exact template that a path matches. */
function pathItem(document: JsonObject, path: string): JsonObject | null {
  const variables = (template: string) => template.split('{').length;
  const [best] = Object.entries(document['paths'] as JsonObject)
    .filter(([template]) => matchesTemplate(template.slice(1), path.slice(1)))
    .sort(([a], [b]) => variables(a) - variables(b) || b.length - a.length);
  return (best?.[1] as JsonObject | undefined) ?? null;
}

/** A value of the document with all references in it replaced by what they refer to. */
export function resolved(document: JsonObject, value: Json): Json {
  if (Array.isArray(value)) return value.map((one) => resolved(document, one));
  if (!isJsonObject(value)) return value;
  const { $ref } = value;
  if (typeof $ref === 'string') return resolved(document, at(document, $ref));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolved(document, one)]));
}

function at(document: JsonObject, reference: string): Json {
  let value: Json = document;
  for (const step of reference.replace(/^#\//, '').split('/')) value = (value as JsonObject)[step] ?? null;
  if (value === null) throw new Error(`${reference} does not exist`);
  return value;
}
