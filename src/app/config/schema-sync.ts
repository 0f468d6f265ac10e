import { z } from 'zod';
import { ACTIONS } from '../../model/action.ts';
import { SITUATIONS } from '../../model/situation.ts';
import { guardSchema } from './schema-guard.ts';
import { anyJson, anyObject, comment, conditionSchema, known, schemaKey, scriptSchema } from './schema-script.ts';

const actionSchema = z.enum(ACTIONS, { error: 'is not an action' });
const ignored = anyJson.optional().describe('Accepted, without effect here.');
const hook = (when: string) => scriptSchema.optional().describe(when);
const flag = (fallback: boolean, text: string) =>
  z
    .boolean()
    .default(fallback)
    .describe(`${text} Default ${String(fallback)}.`);

export const propertySchema = known({
  source: z
    .string()
    .optional()
    .describe('Attribute of the source object (a JSON pointer; the leading / may be left out). "": the whole object.'),
  target: z.string().describe('Attribute of the target object (a JSON pointer).'),
  default: anyJson.optional().describe('Written if source and transform yield nothing.'),
  condition: conditionSchema.optional().describe('If it does not pass, the target attribute stays as it is.'),
  transform: hook('Gives the value; variable source.'),
  ifAbsent: z
    .enum(['clear', 'keep'], { error: 'is neither "clear" nor "keep"' })
    .default('clear')
    .describe('What happens to the target attribute when there is no value: clear (default, as in OpenIDM) or keep.'),
  authoritative: z
    .boolean()
    .default(false)
    .describe('true: this mapping owns the attribute; updates by others leave it alone. Default false.'),
  linkQualifier: ignored,
  comment,
}).describe('How one attribute of the target gets its value.');

const approvalSchema = known({
  approvers: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe('A role, or a query filter over managed/user; or a list of them. Whoever fits one may answer.'),
  // oxlint-disable-next-line unicorn/no-thenable -- the key of the configuration
  then: actionSchema
    .optional()
    .describe('What is done if it is accepted. Default: the default action of the situation.'),
  onReject: actionSchema.optional().describe('What is done if it is turned down. Default: nothing.'),
  name: z.string().min(1).optional().describe('What the task is called.'),
  description: z.string().optional().describe('What the approvers are told besides.'),
  comment,
}).describe('People are asked before anything is done; the question is a task under workflow/taskinstance.');

export const policySchema = known({
  situation: z.enum(SITUATIONS, { error: 'is not a situation' }),
  action: z
    .union([actionSchema, known({ approval: approvalSchema, comment }), scriptSchema])
    .describe('What is done, a script that says it, or who is asked first.'),
  condition: conditionSchema.optional().describe('The policy applies only if it passes.'),
  postAction: hook('Runs after the action.'),
  comment,
}).describe('What is done in a situation. The first policy whose condition passes is used.');

const setQuery = anyObject
  .optional()
  .describe('{"_queryFilter": …} or {"_queryId": …, parameters}; resourceName sends it elsewhere.');

export const mappingSchema = known({
  name: z.string().min(1).describe('Unique; by convention source_target.'),
  source: z.string().describe('Collection that is read: managed/<type> or system/<connector>/<type>.'),
  target: z.string().describe('Collection that is written.'),
  links: z.string().optional().describe('Name of the mapping whose links are shared.'),
  linkQualifiers: z
    .union([z.array(z.string().min(1)).min(1), scriptSchema])
    .optional()
    .describe('Each gives one independent target per source object. Default ["default"].'),
  enableLinking: flag(true, 'false: no links; every source object is correlated each time.'),
  enableSync: flag(true, 'false: left out of implicit sync and LiveSync.'),
  sourceIdsCaseSensitive: flag(true, 'Whether ids of the source differ by letter case.'),
  targetIdsCaseSensitive: flag(true, 'Whether ids of the target differ by letter case.'),
  properties: z.array(propertySchema).default([]).describe('How the target object comes from the source object.'),
  policies: z.array(policySchema).default([]).describe('What is done in which situation.'),
  correlationQuery: z
    .union([scriptSchema, z.array(scriptSchema)])
    .optional()
    .describe('Gives the query that finds existing targets of a source object without a link.'),
  correlationScript: hook('Gives the ids of existing targets itself.'),
  validSource: hook('true: the source object takes part.'),
  validTarget: hook('true: the target object takes part.'),
  sourceCondition: z
    .union([z.string(), z.looseObject({})])
    .optional()
    .describe('Query filter over /source/…, a script, or an object of values: which source objects take part.'),
  onCreate: hook('Before a target is created.'),
  onUpdate: hook('Before a target is updated.'),
  onDelete: hook('Before a target is deleted.'),
  onLink: hook('Before a link is written.'),
  onUnlink: hook('Before a link is removed.'),
  onRecon: hook('Before a reconciliation.'),
  result: hook('After a reconciliation.'),
  defaultMapping: hook('After the properties.'),
  postMapping: hook('Last step of CREATE, UPDATE and LINK.'),
  sourceQuery: setQuery,
  targetQuery: setQuery,
  sourceQueryFullEntry: z.boolean().optional().describe('Whether sourceQuery gives complete objects.'),
  targetQueryFullEntry: z.boolean().optional().describe('Whether targetQuery gives complete objects.'),
  runTargetPhase: z.boolean().optional().describe('Whether left-over targets are assessed. Default true for recon.'),
  allowEmptySourceSet: flag(false, 'true: a run over an empty source goes on, and may delete every target.'),
  correlateEmptyTargetSet: flag(false, 'true: correlation queries are sent even if the target set is empty.'),
  prefetchLinks: flag(true, 'Whether links are read ahead.'),
  taskThreads: z.int().min(0).max(1000).default(10).describe('How many writes are under way at once. Default 10.'),
  feedSize: z.int().min(1).max(1_000_000).default(1000).describe('Objects per window. Default 1000.'),
  reconSourceQueryPaging: flag(false, 'Whether the source query is paged.'),
  reconSourceQueryPageSize: z.int().min(0).optional().describe('Objects per page of the source query.'),
  guard: guardSchema.optional(),
  authoritative: z
    .union([z.boolean(), z.array(z.string().min(1))])
    .default(false)
    .describe('Attributes of the target that this mapping owns, or true: all of its properties. Default false.'),
  displayName: ignored,
  description: ignored,
  icon: ignored,
  comment,
  reconTargetQueryPaging: ignored,
  reconTargetQueryPageSize: ignored,
  persistAssociations: ignored,
  clusteredSourceReconEnabled: ignored,
  queuedSync: known({
    enabled: flag(false, 'true: changes are pushed a little later, not within the request that makes them.'),
    maxRetries: z
      .int()
      .min(-1)
      .max(1_000_000)
      .default(5)
      .describe('Attempts after the first; -1: without end. Default 5.'),
    retryDelay: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(1000)
      .describe('Milliseconds before the first retry; doubles. Default 1000.'),
    postRetryAction: z
      .union([z.enum(['logged-ignore', 'dead-letter-queue']), anyObject])
      .optional()
      .describe(
        'logged-ignore: the change is dropped after the last attempt. Default, and with a script, which is not run: it is set aside, visible and replayable.',
      ),
    pageSize: ignored,
    pollingInterval: ignored,
    maxQueueSize: ignored,
  })
    .optional()
    .describe('Pushes changes of source objects asynchronously.'),
  sourceQueryPageSize: ignored,
  reconProgressStateUpdateInterval: ignored,
}).describe('One direction of data flow.');

export const syncSchema = known({
  $schema: schemaKey,
  mappings: z.array(mappingSchema).default([]).describe('In the order in which changes go through them.'),
}).describe('conf/sync.json: the mappings.');

export type MappingJson = z.infer<typeof mappingSchema>;
export type PropertyJson = z.infer<typeof propertySchema>;
export type ApprovalJson = z.infer<typeof approvalSchema>;
export type PolicyJson = z.infer<typeof policySchema>;
