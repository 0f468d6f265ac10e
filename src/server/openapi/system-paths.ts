import type { JsonObject } from '../../base/json.ts';
import type { SchemaBook } from './json-schema.ts';
import { liveShape, readyShape } from './shapes.ts';

/** What stands outside of the resource tree. */
export function systemPaths(book: SchemaBook): JsonObject {
  const json = (description: string, schema: JsonObject): JsonObject => ({
    description,
    content: { 'application/json': { schema } },
  });
  const failed = { $ref: '#/components/responses/Failed' };
  const get = (id: string, summary: string, responses: JsonObject, security?: []): JsonObject => ({
    get: { operationId: id, tags: ['server'], summary, ...(security === undefined ? {} : { security }), responses },
  });
  const ready = book.refer(readyShape);
  return {
    '/health/live': get('live', 'Whether the process runs', { '200': json('It does.', book.refer(liveShape)) }, []),
    '/health/ready': get(
      'ready',
      'Whether it can work',
      { '200': json('It can.', ready), '503': json('It cannot.', ready) },
      [],
    ),
    '/metrics': get('metrics', 'Counters for Prometheus', {
      '200': { description: 'Text format.', content: { 'text/plain': { schema: { type: 'string' } } } },
      '4XX': failed,
    }),
    '/openapi.json': get('openapi', 'This document', {
      '200': json('OpenAPI 3.1.', { type: 'object' }),
      '4XX': failed,
    }),
  };
}
