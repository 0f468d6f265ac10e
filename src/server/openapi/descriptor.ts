import type { z } from 'zod';
import type { JsonObject } from '../../base/json.ts';
import type { Verb } from '../../resource/request.ts';

/**
 * What one place of the tree answers. The server checks bodies against it, and `/openapi.json` is made from it, so that
 * the two cannot differ.
 */
export interface PathDescriptor {
  /** Below `/openidm`: `recon/{id}`. A name in braces stands for one segment; at the end, for all that follow. */
  readonly path: string;
  /** Groups paths in the document. */
  readonly tag: string;
  readonly operations: readonly OperationDescriptor[];
}

export interface OperationDescriptor {
  readonly verb: Verb;
  /** Of an action: its name; absent, any that is not named elsewhere. */
  readonly action?: string;
  readonly summary: string;
  readonly parameters?: readonly ParameterDescriptor[];
  /** Absent: any object, or for an action any value or none. */
  readonly body?: Shape;
  readonly isBodyRequired?: boolean;
  /** Of an action: it looks at no body. */
  readonly hasNoBody?: boolean;
  /** Of an object or an action's value; of one row, for a query. Absent: any object, or for an action any value. */
  readonly answer?: Shape;
}

export interface ParameterDescriptor {
  readonly name: string;
  readonly description: string;
  readonly isRequired?: boolean;
  /** Default: string. */
  readonly type?: 'string' | 'boolean' | 'integer';
}

/** A schema of ours, or one that a project brings along, under the name that it has in the document. */
export type Shape = z.ZodType | NamedSchema;

export interface NamedSchema {
  readonly name: string;
  readonly jsonSchema: JsonObject;
}

export function isNamedSchema(shape: Shape): shape is NamedSchema {
  return 'jsonSchema' in shape;
}
