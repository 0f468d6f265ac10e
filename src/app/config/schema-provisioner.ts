import { z } from 'zod';
import { anyJson, anyObject, comment, known, schemaKey, scriptSchema } from './schema-script.ts';

const ignored = anyJson.optional().describe('Accepted, without effect here.');
/** Administration consoles write some numbers as text. */
const looseInt = z.union([z.int(), z.string().regex(/^-?\d+$/, { error: 'is not a whole number' })]);
const flag = z.boolean().optional();

export const PROPERTY_TYPES = ['string', 'boolean', 'integer', 'number', 'object', 'array', 'any'] as const;

const propertySchema = known({
  type: z.enum(PROPERTY_TYPES, { error: 'is not a type' }).describe('array: the attribute has several values.'),
  items: z.looseObject({ type: z.string().optional() }).optional().describe('Type of the values of an array.'),
  nativeName: z.string().optional().describe('Name in the external system. Default: the key.'),
  nativeType: z.string().optional().describe('Type in the external system. Default: type.'),
  required: z.boolean().default(false).describe('Must be given on create.'),
  flags: z
    .array(z.string())
    .default([])
    .describe('NOT_CREATABLE, NOT_UPDATEABLE, NOT_READABLE, NOT_RETURNED_BY_DEFAULT, NOT_QUERYABLE, …'),
  default: anyJson.optional().describe('Value on create if none is given.'),
  key: ignored,
  cipher: ignored,
  runAsUser: ignored,
  title: ignored,
  description: ignored,
  viewable: ignored,
  comment,
});

const objectTypeSchema = known({
  $schema: ignored,
  id: ignored,
  type: ignored,
  title: ignored,
  description: ignored,
  comment,
  nativeType: z.string().optional().describe('Object class of the external system. Default: the key.'),
  properties: z.record(z.string(), propertySchema).default({}).describe('The attributes by the names used here.'),
}).describe('One type of objects: system/<name>/<key>.');

export const provisionerSchema = known({
  $schema: schemaKey,
  name: z
    .string()
    .regex(/^[^/{}\s-][^/{}\s]*$/, { error: 'is not usable as a name: letters and digits' })
    .describe('The objects are system/<name>/<type>/<id>.'),
  enabled: z.boolean().default(true),
  connectorRef: known({
    connectorName: z.string().describe('Class name of the connector; selects what is used here.'),
    bundleName: z.string().optional(),
    bundleVersion: z.string().optional(),
    connectorHostRef: z.string().optional(),
    displayName: z.string().optional(),
    systemType: z.string().optional(),
  }).describe('Which connector.'),
  configurationProperties: anyObject.default({}).describe('Settings of the connector itself.'),
  poolConfigOption: anyObject.default({}),
  resultsHandlerConfig: known({
    enableNormalizingResultsHandler: flag,
    enableFilteredResultsHandler: flag,
    enableCaseInsensitiveFilter: flag,
    enableAttributesToGetSearchResultsHandler: flag,
  }).default({}),
  operationTimeout: z.record(z.string(), looseInt).default({}).describe('Milliseconds by operation; -1: no limit.'),
  objectTypes: z.record(z.string(), objectTypeSchema).default({}).describe('The types of objects by name.'),
  operationOptions: anyObject.default({}),
  syncFailureHandler: known({
    maxRetries: looseInt.optional().describe('-1 or absent: for ever.'),
    postRetryAction: z
      .union([
        z.enum(['logged-ignore', 'dead-letter-queue'], { error: 'is not known: logged-ignore, dead-letter-queue' }),
        known({ script: scriptSchema }),
      ])
      .optional(),
  })
    .default({})
    .describe('What happens to a change that LiveSync cannot apply.'),
  liveSync: known({
    mode: z
      .enum(['call', 'push'], { error: 'is not known: call, push' })
      .default('call')
      .describe('push: changes are followed as they happen, without a schedule.'),
    objectTypes: z.array(z.string()).optional().describe('Default: every type.'),
  })
    .prefault({})
    .describe('How changes of the system arrive; OpenIDM does not have it.'),
  systemActions: z.array(anyJson).default([]),
  producerBufferSize: ignored,
  bufferSize: ignored,
  connectorPoolingSupported: ignored,
  displayName: ignored,
  description: ignored,
  comment,
}).describe('conf/provisioner.openicf-<name>.json: one external system.');

export type ProvisionerJson = z.infer<typeof provisionerSchema>;
