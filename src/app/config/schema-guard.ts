import { z } from 'zod';
import { known } from './schema-script.ts';

const count = (what: string) =>
  z.int().min(0).nullable().optional().describe(`More ${what} than this wait for approval. null: no limit.`);
const percent = (what: string) =>
  z
    .number()
    .min(0)
    .max(100)
    .nullable()
    .optional()
    .describe(`If the ${what} are more than this share of the linked objects, they wait for approval. null: no limit.`);

export const guardSchema = known({
  enabled: z.boolean().optional().describe('false: nothing is ever held. Default true.'),
  maxDeletes: count('deletes'),
  maxDeletePercent: percent('deletes').describe(
    'If the deletes are more than this share of the linked objects, they wait for approval. Default 10. null: no limit.',
  ),
  maxUnlinks: count('unlinks'),
  maxUnlinkPercent: percent('unlinks').describe(
    'If the unlinks are more than this share of the linked objects, they wait for approval. Default 10. null: no limit.',
  ),
  percentFloor: z
    .int()
    .min(0)
    .optional()
    .describe('So many changes of one class are never held for their percentage alone. Default 20.'),
  allowAmbiguousDelete: z
    .boolean()
    .optional()
    .describe('true: if a deleted source object correlates to several targets, all are deleted without approval.'),
}).describe('How much a run may do before it waits for approval.');

export type GuardJson = z.infer<typeof guardSchema>;
