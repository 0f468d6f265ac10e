import { z } from 'zod';
import { AUDIT_TOPICS } from '../../model/audit.ts';
import { accessSchema, securitySchema } from '../../security/security-config.ts';
import { guardSchema } from './schema-guard.ts';
import { comment, known, schemaKey } from './schema-script.ts';

export const DEFAULT_REPOSITORY_FILE = 'lockstep.db';

const port = z.int().min(0).max(65_535).optional();
const days = z.number().min(0).max(100_000).nullable().default(null);

export const lockstepSchema = known({
  $schema: schemaKey,
  guard: guardSchema.optional().describe('For every mapping that says nothing else.'),
  mappings: z
    .record(z.string(), known({ guard: guardSchema.optional() }))
    .default({})
    .describe('By name of the mapping; for projects whose sync.json is to stay as OpenIDM knows it.'),
  ownership: z
    .record(z.string(), z.record(z.string(), z.string().min(1)))
    .default({})
    .describe(
      'By collection and attribute (a JSON pointer): the mapping that owns it, so that updates by others leave it alone; or the collection itself, if no mapping does.',
    ),
  scripts: known({
    timeoutMs: z.int().min(1).max(600_000).default(1000).describe('For one object in one stage. Default 1000.'),
    memoryMiB: z.int().min(16).max(16_384).default(128).describe('Heap of the script host. Default 128.'),
  }).optional(),
  resume: known({
    onCrash: z
      .enum(['resume', 'fail'], { error: 'is neither "resume" nor "fail"' })
      .default('resume')
      .describe('What becomes of a run that was active when the process died. Default resume.'),
  }).optional(),
  implicitSync: known({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'false: changes of managed objects are not pushed by themselves; only reconciliations do. Default true.',
      ),
    maxAttempts: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(6)
      .describe('Refusals by a target after which a change is set aside. Default 6.'),
    firstDelayMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(1000)
      .describe('Before the first retry; doubles. Default 1000.'),
    maxDelayMs: z.int().min(0).max(86_400_000).default(60_000).describe('Between retries at most. Default 60000.'),
  }).optional(),
  startup: z.array(z.string().min(1)).default([]).describe('Mappings that `lockstep start` reconciles, in this order.'),
  batchSize: z.int().min(1).max(10_000).default(500).describe('Objects per batch. Default 500.'),
  audit: known({
    logUnchanged: z
      .boolean()
      .default(false)
      .describe('Whether objects without a change get a recon entry. Default false.'),
    retention: known({
      days: days.describe('How long audit events are kept. Default: for ever.'),
      topics: z
        .partialRecord(z.enum(AUDIT_TOPICS), days)
        .default({})
        .describe('The same for single topics; null: for ever.'),
      runDays: days.describe('How long runs and their entries are kept. Default: for ever.'),
      runsPerMapping: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe('How many runs of each mapping are kept. Default: all.'),
    }).optional(),
  }).optional(),
  managed: z
    .record(
      z.string(),
      known({
        searchable: z.array(z.string().min(1)).default([]).describe('Attributes that are looked up by value.'),
      }),
    )
    .default({})
    .describe('By type of managed objects.'),
  repository: known({
    kind: z.enum(['sqlite'], { error: 'is not a kind of repository: sqlite' }).default('sqlite'),
    file: z.string().min(1).default(DEFAULT_REPOSITORY_FILE).describe('Name of the file within the data directory.'),
  }).optional(),
  files: known({
    allowed: z
      .array(z.string().min(1))
      .max(100)
      .default([])
      .describe(
        'Directories outside of the project whose files connectors may be given over REST, too. Only this file can say so.',
      ),
  }).optional(),
  server: known({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on. Default 127.0.0.1.'),
    port: port.describe('Of http; 0: any free one. Default: openidm.port.http of boot.properties, else 8080.'),
    https: known({
      port: port.describe('Default: openidm.port.https of boot.properties, else 8443.'),
      certFile: z.string().min(1).optional().describe('PEM, relative to the project; it may hold the whole chain.'),
      keyFile: z.string().min(1).optional().describe('PEM, relative to the project.'),
    })
      .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
        error: 'needs both "certFile" and "keyFile", or neither',
      })
      .optional()
      .describe(
        'Without files, a certificate for localhost is made at the first start and kept in the data directory.',
      ),
    trustedProxies: z
      .array(z.string().min(1))
      .default([])
      .describe('Addresses of proxies whose X-Forwarded-For is believed.'),
    publicMetrics: z.boolean().default(false).describe('Whether /metrics needs no credentials. Default false.'),
    accessLog: z.boolean().default(true).describe('One line per request on stderr. Default true.'),
  }).optional(),
  watch: z.boolean().default(true).describe('Whether a server notices changed files of the project. Default true.'),
  security: securitySchema,
  access: accessSchema,
  comment,
}).describe('conf/lockstep.json: what OpenIDM does not have.');

export type LockstepJson = z.infer<typeof lockstepSchema>;
