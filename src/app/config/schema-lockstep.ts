import { z } from 'zod';
import { guardSchema } from './schema-guard.ts';
import { comment, known, schemaKey } from './schema-script.ts';

export const DEFAULT_REPOSITORY_FILE = 'lockstep.db';

export const lockstepSchema = known({
  $schema: schemaKey,
  guard: guardSchema.optional().describe('For every mapping that says nothing else.'),
  mappings: z
    .record(z.string(), known({ guard: guardSchema.optional() }))
    .default({})
    .describe('By name of the mapping; for projects whose sync.json is to stay as OpenIDM knows it.'),
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
  startup: z.array(z.string().min(1)).default([]).describe('Mappings that `lockstep start` reconciles, in this order.'),
  batchSize: z.int().min(1).max(10_000).default(500).describe('Objects per batch. Default 500.'),
  audit: known({
    logUnchanged: z
      .boolean()
      .default(false)
      .describe('Whether objects without a change get a recon entry. Default false.'),
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
  comment,
}).describe('conf/lockstep.json: what OpenIDM does not have.');

export type LockstepJson = z.infer<typeof lockstepSchema>;
