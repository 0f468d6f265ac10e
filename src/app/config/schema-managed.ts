import { z } from 'zod';
import { anyJson, comment, known, schemaKey, scriptSchema } from './schema-script.ts';

const hook = (when: string) => scriptSchema.optional().describe(when);
const ignored = anyJson.optional().describe('Kept for user interfaces, without effect here.');

/** Open: the rest is JSON Schema with extensions, which nothing here reads. */
export const managedPropertySchema = z
  .looseObject({
    type: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .describe('JSON type; "virtual" (2014) and "relationship" are known too.'),
    encryption: z
      .looseObject({
        key: z.string().describe('Alias of the key.'),
        cipher: z
          .string()
          .optional()
          .describe('AES/GCM/NoPadding (default) or AES/CBC/PKCS5Padding, which notices no change of the data.'),
      })
      .optional()
      .describe('Stored encrypted.'),
    secureHash: z
      .looseObject({ algorithm: z.string().default('SHA-256') })
      .optional()
      .describe('Stored as a salted hash.'),
    scope: z
      .string()
      .regex(/^(?:public|private)$/i, { error: 'is neither "public" nor "private"' })
      .default('public')
      .describe('private: never in an answer to an external caller. Default public.'),
    isVirtual: z.boolean().default(false).describe('Computed by onRetrieve.'),
    returnByDefault: z.boolean().optional(),
    required: anyJson.optional(),
    searchable: anyJson.optional().describe('true: looked up by value, so indexed.'),
    onValidate: hook('Throws to refuse the value.'),
    onRetrieve: hook('Gives the value when it is read.'),
    onStore: hook('Gives the value that is stored.'),
  })
  .describe('One attribute.');

export const managedObjectSchema = known({
  name: z
    .string()
    .regex(/^[^{}/]+$/, { error: 'is not usable as a name: it must not be empty nor contain / { }' })
    .describe('The objects are managed/<name>/<id>.'),
  title: ignored,
  description: ignored,
  icon: ignored,
  iconClass: ignored,
  type: ignored,
  viewable: ignored,
  meta: ignored,
  notifications: ignored,
  comment,
  onCreate: hook('Before a new object is stored.'),
  onUpdate: hook('Before a changed object is stored.'),
  onDelete: hook('Before an object is deleted.'),
  onRead: hook('When an object is read.'),
  onRetrieve: hook('When an object is read.'),
  onQueryResult: hook('For each row of a query.'),
  onValidate: hook('Throws to refuse an object.'),
  onStore: hook('Last step before an object is stored.'),
  postCreate: hook('After a new object was stored.'),
  postUpdate: hook('After a changed object was stored.'),
  postDelete: hook('After an object was deleted.'),
  onSync: hook('After implicit synchronization.'),
  actions: z.record(z.string(), scriptSchema).default({}).describe('Custom actions by name.'),
  properties: z
    .array(managedPropertySchema.extend({ name: z.string().min(1).describe('Name of the attribute.') }))
    .optional()
    .describe('The attributes, in the older style of the file.'),
  schema: z
    .looseObject({
      properties: z.record(z.string(), managedPropertySchema).optional().describe('The attributes by name.'),
      required: anyJson.optional().describe('Names of the attributes that must be there.'),
      order: anyJson.optional(),
    })
    .optional()
    .describe('JSON Schema of the objects, with extensions.'),
}).describe('One type of managed objects.');

export const managedSchema = known({
  $schema: schemaKey,
  objects: z.array(managedObjectSchema).default([]).describe('The types of managed objects.'),
}).describe('conf/managed.json: what the repository holds.');

export type ManagedObjectJson = z.infer<typeof managedObjectSchema>;
export type ManagedPropertyJson = z.infer<typeof managedPropertySchema>;
