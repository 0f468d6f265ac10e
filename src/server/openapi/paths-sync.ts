import { z } from 'zod';
import type { ParameterDescriptor, PathDescriptor } from './descriptor.ts';
import { runOptionsShape } from './shapes.ts';

const mapping: ParameterDescriptor = { name: 'mapping', description: 'Name of the mapping.' };
const collection: ParameterDescriptor = { name: 'resourceContainer', description: 'Collection: managed/user.' };
const id: ParameterDescriptor = { name: 'resourceId', description: 'Id of the source object.' };
const object = z.record(z.string(), z.unknown());
const change = z.object({ oldValue: object.nullish(), newValue: object.nullish() });
const results = z.array(object);
const replayed = z.object({ replayed: z.number() });

function notification(action: string, summary: string): PathDescriptor['operations'][number] {
  return { verb: 'action', action, summary, parameters: [collection, id], body: change, answer: results };
}

/** Implicit synchronization (specification §7) and what waits to be pushed. */
export const syncPaths: readonly PathDescriptor[] = [
  {
    path: 'sync',
    tag: 'sync',
    operations: [
      {
        verb: 'action',
        action: 'recon',
        summary: 'Run a mapping and wait (deprecated)',
        parameters: [mapping],
        body: runOptionsShape,
      },
      {
        verb: 'action',
        action: 'performAction',
        summary: 'Carry out one action on one object',
        parameters: [
          mapping,
          { name: 'action', description: 'CREATE, UPDATE, LINK, UNLINK, DELETE …' },
          { name: 'sourceId', description: 'Id of the source object.' },
          { name: 'target', description: 'The target side: needs a targetId.', type: 'boolean' },
          { name: 'targetId', description: 'Id of a target object.' },
          { name: 'situation', description: 'Refused unless this is the situation.' },
          { name: 'reconId', description: 'The run whose audit tells of it.' },
          { name: 'linkQualifier', description: 'Default: default.' },
          { name: 'ignorePostAction', description: 'The postAction of the policy does not run.', type: 'boolean' },
        ],
        answer: object,
      },
      {
        verb: 'action',
        action: 'getLinkedResources',
        summary: 'What an object is linked to',
        parameters: [{ name: 'resourceName', description: 'The object: managed/user/bjensen.' }],
        answer: results,
      },
      notification('notifyCreate', 'Tell that a source object was created'),
      notification('notifyUpdate', 'Tell that a source object was changed'),
      notification('notifyDelete', 'Tell that a source object was deleted'),
    ],
  },
  {
    path: 'sync/queue',
    tag: 'sync',
    operations: [
      { verb: 'query', summary: 'Query changes that wait to be pushed' },
      {
        verb: 'action',
        action: 'replay',
        summary: 'Push again what was set aside',
        parameters: [mapping],
        answer: replayed,
      },
    ],
  },
  {
    path: 'sync/queue/{id}',
    tag: 'sync',
    operations: [
      { verb: 'read', summary: 'Read a change that waits to be pushed' },
      { verb: 'delete', summary: 'Give up a change that waits to be pushed' },
      { verb: 'action', action: 'replay', summary: 'Push a change again', answer: replayed },
    ],
  },
];
