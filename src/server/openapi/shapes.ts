import { z } from 'zod';

/**
 * The fixed shapes of requests and answers. Members of objects that can be read are optional, because `_fields` leaves out
 * what is not asked for; there may always be more members than are named.
 */

const text = z.string();
const count = z.number().int();
const moment = z.string().describe('UTC with milliseconds; empty while unknown.');

export const errorShape = z
  .object({
    code: z.number().int().min(400).max(599).describe('The HTTP status.'),
    reason: text,
    message: text,
    detail: z.unknown().optional(),
  })
  .meta({ id: 'Error', description: 'The answer to every request that fails.' });

export const resourceShape = z
  .looseObject({ _id: text.optional(), _rev: text.optional().describe('Opaque; what If-Match takes.') })
  .meta({ id: 'Resource', description: 'Any object.' });

export const anyObjectShape = z.looseObject({}).meta({ id: 'AnyObject' });

export const queryPageShape = z
  .object({
    result: z.array(z.looseObject({})),
    resultCount: count.min(0),
    pagedResultsCookie: text.nullable().describe('Opaque; null on the last page.'),
    totalPagedResultsPolicy: z.enum(['NONE', 'ESTIMATE', 'EXACT']),
    totalPagedResults: count.min(-1).describe('-1: not counted.'),
    remainingPagedResults: count.min(-1),
  })
  .meta({ id: 'QueryPage', description: 'The envelope of the result of a query.' });

export const patchShape = z
  .array(
    z.looseObject({
      operation: z.enum(['add', 'remove', 'replace', 'increment', 'copy', 'move']),
      field: text.describe('JSON pointer.'),
      value: z.unknown().optional(),
      from: text.optional().describe('JSON pointer; for copy and move.'),
    }),
  )
  .meta({ id: 'Patch', description: 'Applied in order, all or nothing.' });

/** Administration clients send null for what they leave open, and texts for flags. */
const flag = z.union([z.boolean(), z.enum(['true', 'false'])]).nullish();

const setQueryShape = z
  .looseObject({
    _queryId: text.nullish(),
    queryId: text.nullish(),
    _queryFilter: text.nullish(),
    queryFilter: text.nullish(),
    _queryExpression: text.nullish(),
    queryExpression: text.nullish(),
    resourceName: text.nullish(),
  })
  .meta({ id: 'SetQuery', description: 'Exactly one of the three kinds of query.' });

export const runOptionsShape = z
  .looseObject({
    sourceQuery: setQueryShape.nullish(),
    targetQuery: setQueryShape.nullish(),
    sourceQueryFullEntry: flag,
    targetQueryFullEntry: flag,
    runTargetPhase: flag,
    allowEmptySourceSet: flag,
  })
  .meta({ id: 'RunOptions', description: 'What differs from the mapping for this run.' });

const runState = z.enum(['ACTIVE', 'SUCCESS', 'FAILED', 'CANCELED']);

export const runStartedShape = z.looseObject({ _id: text, state: runState }).meta({ id: 'RunStarted' });

export const runCanceledShape = z.looseObject({ _id: text, action: text, status: text }).meta({ id: 'RunCanceled' });

export const runApprovedShape = z
  .looseObject({ _id: text, action: text, status: text, done: count, skipped: count, failed: count, held: count })
  .meta({ id: 'RunApproved' });

export const runRejectedShape = z
  .looseObject({ _id: text, action: text, status: text, rejected: count })
  .meta({ id: 'RunRejected' });

export const planShape = z
  .looseObject({
    mapping: text,
    summary: z.looseObject({}).describe('As of a run, without an id.'),
    entries: z.array(z.looseObject({})),
    entryCount: count,
    offset: count,
  })
  .meta({ id: 'Plan', description: 'What a run would do.' });

export const explanationShape = z
  .looseObject({ mapping: text, explanations: z.array(z.looseObject({ sentences: z.array(text) })) })
  .meta({ id: 'Explanation' });

const existing = z.looseObject({ processed: count, total: text.describe('A number, or "?" while unknown.') });

export const runShape = z
  .looseObject({
    _id: text.optional(),
    mapping: text.optional(),
    state: runState.optional(),
    stage: text.optional(),
    stageDescription: text.optional(),
    progress: z
      .looseObject({
        source: z.looseObject({ existing: existing.optional() }).optional(),
        target: z.looseObject({ existing: existing.optional(), created: count.optional() }).optional(),
        links: z.looseObject({ existing: existing.optional(), created: count.optional() }).optional(),
      })
      .optional(),
    situationSummary: z.record(text, count).optional(),
    statusSummary: z.record(text, count).optional(),
    started: moment.optional(),
    ended: moment.optional(),
    duration: z.number().optional().describe('Milliseconds; so far, while the run goes on.'),
  })
  .meta({ id: 'Run', description: 'The summary of a reconciliation run.' });

export const runListShape = z.looseObject({ reconciliations: z.array(runShape).optional() }).meta({ id: 'RunList' });

export const auditEntryShape = z
  .looseObject({ _id: text.optional(), timestamp: text.optional() })
  .meta({ id: 'AuditEntry' });

export const auditEntriesShape = z
  .looseObject({ entries: z.array(auditEntryShape).optional() })
  .meta({ id: 'AuditEntries' });

export const configListShape = z
  .looseObject({
    configurations: z
      .array(z.looseObject({ _id: text, pid: text.nullable().optional(), factoryPid: text.nullable().optional() }))
      .optional(),
  })
  .meta({ id: 'ConfigurationList' });

export const connectorTestShape = z
  .looseObject({ name: text.optional(), ok: z.boolean(), enabled: z.boolean().optional(), error: text.optional() })
  .meta({ id: 'ConnectorTest' });

export const syncStageShape = z
  .looseObject({
    _id: text.describe('SYSTEMLDAPACCOUNT'),
    _rev: text,
    connectorData: z.looseObject({ nativeType: text.optional(), syncToken: z.unknown() }),
    lastException: z.looseObject({ throwable: text, syncDelta: text.optional() }).optional(),
  })
  .meta({ id: 'SyncStage' });

export const replayShape = z
  .looseObject({ replayed: z.array(text), failed: z.array(z.looseObject({ _id: text, message: text })) })
  .meta({ id: 'Replayed' });

export const scriptShape = z
  .looseObject({
    type: text.describe('text/javascript'),
    source: text.nullish(),
    file: text.nullish(),
    name: text.nullish(),
    globals: z.looseObject({}).nullish(),
  })
  .meta({ id: 'Script' });

export const availableConnectorsShape = z
  .looseObject({ connectorRef: z.array(z.looseObject({ connectorName: text })) })
  .meta({ id: 'AvailableConnectors' });

export const validationShape = z
  .looseObject({ result: z.boolean(), failedPolicyRequirements: z.array(z.looseObject({ property: text })) })
  .meta({ id: 'Validation' });

export const pingShape = z
  .looseObject({ _id: text.optional(), state: text.optional(), shortDesc: text.optional() })
  .meta({ id: 'Ping' });

export const loginShape = z
  .looseObject({
    _id: text.optional(),
    authenticationId: text.optional(),
    authorization: z.looseObject({ id: text, component: text, roles: z.array(text) }).optional(),
  })
  .meta({ id: 'Login' });

export const liveShape = z.object({ status: z.literal('UP') }).meta({ id: 'Live' });

export const readyShape = z.object({ ready: z.boolean(), reasons: z.array(text) }).meta({ id: 'Ready' });
