import { z } from 'zod';
import { lockstepSchema } from './schema-lockstep.ts';
import { managedSchema } from './schema-managed.ts';
import { provisionerSchema } from './schema-provisioner.ts';
import { scriptSchema } from './schema-script.ts';
import { syncSchema } from './schema-sync.ts';

/** JSON Schemas for editors, by file name below `schema/`. What the checks use, in another notation. */
export function jsonSchemas(): Readonly<Record<string, string>> {
  return {
    'sync.schema.json': jsonSchema(syncSchema),
    'managed.schema.json': jsonSchema(managedSchema),
    'provisioner.schema.json': jsonSchema(provisionerSchema),
    'lockstep.schema.json': jsonSchema(lockstepSchema),
  };
}

function jsonSchema(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    reused: 'ref',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === scriptSchema)
        jsonSchema.anyOf = [{ required: ['source'] }, { required: ['file'] }, { required: ['name'] }];
    },
  });
  return `${JSON.stringify(json, null, 2)}\n`;
}
