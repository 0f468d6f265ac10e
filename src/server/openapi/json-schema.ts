import { z } from 'zod';
import { isJsonObject, setOwn, type Json, type JsonObject } from '../../base/json.ts';
import { isNamedSchema, type Shape } from './descriptor.ts';

/** Collects the named schemas of a document while its operations are written. */
export interface SchemaBook {
  /** A JSON Schema for the place where the shape is used: a `$ref` if the shape has a name. */
  refer(shape: Shape): JsonObject;
  readonly schemas: JsonObject;
}

export function openSchemaBook(): SchemaBook {
  const schemas: JsonObject = {};
  return {
    schemas,
    refer: (shape) => {
      if (isNamedSchema(shape)) {
        setOwn(schemas, shape.name, shape.jsonSchema);
        return reference(shape.name);
      }
      const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(shape, { unrepresentable: 'any' }) as JsonObject;
      for (const [name, schema] of Object.entries($defs as JsonObject)) setOwn(schemas, name, relocated(schema));
      return relocated(own) as JsonObject;
    },
  };
}

function reference(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

/** References of a schema that stood alone, made for a document. */
function relocated(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(relocated);
  if (!isJsonObject(schema)) return schema;
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(schema))
    setOwn(
      result,
      key,
      key === '$ref' && typeof value === 'string'
        ? value.replace(/^#\/\$defs\//, '#/components/schemas/')
        : relocated(value),
    );
  return result;
}
