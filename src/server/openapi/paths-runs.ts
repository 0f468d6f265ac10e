import { z } from 'zod';
import type { ParameterDescriptor, PathDescriptor } from './descriptor.ts';
import {
  explanationShape,
  planShape,
  runApprovedShape,
  runCanceledShape,
  runListShape,
  runOptionsShape,
  runRejectedShape,
  runShape,
  runStartedShape,
} from './shapes.ts';

const mapping: ParameterDescriptor = { name: 'mapping', description: 'Name of the mapping.' };
const wait: ParameterDescriptor = {
  name: 'waitForCompletion',
  description: 'Answer when the run is over.',
  type: 'boolean',
};
const ids: ParameterDescriptor = { name: 'ids', description: 'Id of the source object.' };

const slice: readonly ParameterDescriptor[] = [
  { name: 'limit', description: 'Entries to answer with. Default 100.', type: 'integer' },
  { name: 'offset', description: 'Entries to skip.', type: 'integer' },
];

const rejectionShape = z.looseObject({ reason: z.string().nullish() });

/** Reconciliation (specification §5.1, §7). */
export const runPaths: readonly PathDescriptor[] = [
  {
    path: 'recon',
    tag: 'recon',
    operations: [
      { verb: 'read', summary: 'List runs', answer: runListShape },
      {
        verb: 'action',
        action: 'recon',
        summary: 'Start a run',
        parameters: [mapping, wait],
        body: runOptionsShape,
        answer: runStartedShape,
      },
      {
        verb: 'action',
        action: 'reconById',
        summary: 'Start a run over one source object',
        parameters: [mapping, ids, wait],
        body: runOptionsShape,
        answer: runStartedShape,
      },
      {
        verb: 'action',
        action: 'plan',
        summary: 'Show what a run would do',
        parameters: [mapping, ids, ...slice],
        body: runOptionsShape,
        answer: planShape,
      },
      {
        verb: 'action',
        action: 'explain',
        summary: 'Explain the decision about one object',
        hasNoBody: true,
        parameters: [
          mapping,
          { name: 'sourceId', description: 'Id of a source object.' },
          { name: 'targetId', description: 'Id of a target object.' },
        ],
        answer: explanationShape,
      },
    ],
  },
  {
    path: 'recon/{id}',
    tag: 'recon',
    operations: [
      { verb: 'read', summary: 'Read a run, or follow it as text/event-stream', answer: runShape },
      { verb: 'action', action: 'cancel', summary: 'Cancel a run', hasNoBody: true, answer: runCanceledShape },
      {
        verb: 'action',
        action: 'approve',
        summary: 'Approve held changes',
        hasNoBody: true,
        parameters: [{ name: 'class', description: 'Only these: delete, unlink, ambiguousDelete.' }],
        answer: runApprovedShape,
      },
      {
        verb: 'action',
        action: 'reject',
        summary: 'Turn held changes down',
        parameters: [{ name: 'reason', description: 'Kept with each change.' }],
        body: rejectionShape,
        answer: runRejectedShape,
      },
      {
        verb: 'action',
        action: 'undo',
        summary: 'Take the changes of a finished run back',
        hasNoBody: true,
        parameters: [{ name: 'plan', description: 'Only show what undo would do.', type: 'boolean' }, wait, ...slice],
        answer: z.union([runStartedShape, planShape]),
      },
    ],
  },
  {
    path: 'recon/{id}/entries',
    tag: 'recon',
    operations: [{ verb: 'query', summary: 'Query the entries of a run' }],
  },
  {
    path: 'recon/{id}/entries/{seq}',
    tag: 'recon',
    operations: [{ verb: 'read', summary: 'Read an entry of a run' }],
  },
];
