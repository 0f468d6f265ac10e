import { z } from 'zod';
import { collection } from './collection.ts';
import type { PathDescriptor } from './descriptor.ts';

const text = z.string();

const jobShape = z
  .looseObject({
    _id: text.optional(),
    _rev: text.optional(),
    enabled: z.boolean().optional(),
    persisted: z.boolean().optional(),
    type: z.enum(['cron', 'simple']).optional(),
    schedule: text.nullish().describe('A Quartz cron expression; of a cron job.'),
    invokeService: text.optional(),
    invokeContext: z.looseObject({}).optional(),
    triggers: z.array(z.looseObject({})).optional(),
    previousRunDate: text.nullish(),
    nextRunDate: text.nullish(),
  })
  .meta({ id: 'Job', description: 'A scheduled job.' });

const triggerShape = z
  .looseObject({ _id: text.optional(), _rev: text.optional(), name: text.optional(), acquired: z.boolean().optional() })
  .meta({ id: 'Trigger', description: 'When a persisted job fires next.' });

const namesShape = z.looseObject({ names: z.array(text).optional() }).meta({ id: 'TriggerNames' });
const doneShape = z.looseObject({ success: z.boolean() }).meta({ id: 'SchedulerDone' });
const cronShape = z.looseObject({ cronExpression: text }).meta({ id: 'CronExpression' });
const scanShape = z.looseObject({ _id: text.optional() }).meta({ id: 'TaskScan', description: 'A scan for tasks.' });
const noBody = { verb: 'action', hasNoBody: true } as const;

/** Jobs and scans (specification §11). */
export const schedulePaths: readonly PathDescriptor[] = [
  ...collection({ path: 'scheduler', tag: 'scheduler', noun: 'job, as before', answer: jobShape, canPatch: false }),
  ...collection({
    path: 'scheduler/job',
    tag: 'scheduler',
    noun: 'job',
    answer: jobShape,
    canPatch: false,
    collectionActions: [
      { ...noBody, action: 'pauseJobs', summary: 'Fire nothing for now', answer: doneShape },
      { ...noBody, action: 'resumeJobs', summary: 'Fire again', answer: doneShape },
      {
        ...noBody,
        action: 'listCurrentlyExecutingJobs',
        summary: 'List jobs that are being carried out',
        answer: z.array(jobShape),
      },
      {
        verb: 'action',
        action: 'validateQuartzCronExpression',
        summary: 'Check a cron expression',
        body: cronShape,
        isBodyRequired: true,
        answer: z.looseObject({ valid: z.boolean() }),
      },
    ],
  }),
  {
    path: 'scheduler/trigger',
    tag: 'scheduler',
    operations: [{ verb: 'query', summary: 'Query: trigger', answer: triggerShape }],
  },
  {
    path: 'scheduler/trigger/{id}',
    tag: 'scheduler',
    operations: [{ verb: 'read', summary: 'Read a trigger', answer: triggerShape }],
  },
  {
    path: 'scheduler/waitingTriggers',
    tag: 'scheduler',
    operations: [{ verb: 'read', summary: 'List triggers that wait for their time', answer: namesShape }],
  },
  {
    path: 'scheduler/acquiredTriggers',
    tag: 'scheduler',
    operations: [{ verb: 'read', summary: 'List triggers that are being fired', answer: namesShape }],
  },
  {
    path: 'taskscanner',
    tag: 'taskscanner',
    operations: [
      { verb: 'read', summary: 'List scans' },
      {
        ...noBody,
        action: 'execute',
        summary: 'Begin the scan of a schedule',
        parameters: [{ name: 'name', description: 'schedule/<name>', isRequired: true }],
        answer: scanShape,
      },
    ],
  },
  {
    path: 'taskscanner/{id}',
    tag: 'taskscanner',
    operations: [
      { verb: 'read', summary: 'Read a scan', answer: scanShape },
      { ...noBody, action: 'cancel', summary: 'End a scan', answer: z.unknown() },
    ],
  },
];
