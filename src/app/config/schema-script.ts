import { z } from 'zod';
import type { Json } from '../../base/json.ts';

/** Any JSON. The values come from our own reader, so that nothing needs to be checked. */
export const anyJson = z.unknown() as unknown as z.ZodType<Json>;
export const anyObject = z.record(z.string(), anyJson);

/**
 * An object whose keys are known. An unknown one is an issue, whose message is the list of the known ones in JSON, so
 * that `checkSchema` can name the nearest.
 */
export function known<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  const keys = JSON.stringify(Object.keys(shape));
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? keys : undefined) });
}

export const scriptSchema = z
  .looseObject({
    type: z.string().describe('Language: text/javascript (groovy is known, but cannot be run).'),
    source: z.string().optional().describe('The text of the script. Its last expression is its value.'),
    file: z.string().optional().describe('File with the text: searched in script/, then in the project directory.'),
    name: z.string().optional().describe('The same as file.'),
    globals: anyObject.optional().describe('Variables of the script with fixed values.'),
  })
  .refine((script) => script.source !== undefined || script.file !== undefined || script.name !== undefined, {
    error: 'the script has neither "source" nor "file"',
  })
  .describe('A script. Every further key is a variable of the script with a fixed value.');

export type ScriptJson = z.infer<typeof scriptSchema>;

export const conditionSchema = z
  .union([z.string(), scriptSchema])
  .describe('A query filter, e.g. /object/mail pr, or a script that gives a boolean.');

export const comment = anyJson.optional().describe('Not used.');
export const schemaKey = z.string().optional().describe('Where the JSON Schema of this file is, for editors.');
