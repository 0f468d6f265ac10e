import { z } from 'zod';
import { collection } from './collection.ts';
import type { OperationDescriptor, PathDescriptor } from './descriptor.ts';
import { anyObjectShape, availableConnectorsShape, connectorTestShape, replayShape, syncStageShape } from './shapes.ts';

const DETAILED = { name: 'detailedFailure', description: 'true: with the change that failed' };

const liveSync: OperationDescriptor = {
  verb: 'action',
  action: 'liveSync',
  summary: 'Bring in what has changed',
  parameters: [DETAILED],
  answer: syncStageShape,
};

/** External systems (specification §10.3, §10.7). */
export const connectorPaths: readonly PathDescriptor[] = [
  {
    path: 'system',
    tag: 'system',
    operations: [
      {
        verb: 'action',
        action: 'test',
        summary: 'Test all systems, or the one that the body names',
        answer: z.union([connectorTestShape, z.array(connectorTestShape)]),
      },
      {
        verb: 'action',
        action: 'testConfig',
        summary: 'Test a configuration',
        body: anyObjectShape,
        answer: connectorTestShape,
      },
      {
        verb: 'action',
        action: 'availableConnectors',
        summary: 'List kinds of connectors',
        answer: availableConnectorsShape,
      },
      { verb: 'action', action: 'createCoreConfig', summary: 'Begin a configuration', body: anyObjectShape },
      { verb: 'action', action: 'createFullConfig', summary: 'Complete a configuration', body: anyObjectShape },
      { verb: 'action', action: 'createConfiguration', summary: 'Begin or complete a configuration' },
      { ...liveSync, parameters: [{ name: 'source', description: 'system/<name>/<type>' }, DETAILED] },
    ],
  },
  {
    path: 'system/{name}',
    tag: 'system',
    operations: [
      { verb: 'action', action: 'test', summary: 'Test a system', answer: connectorTestShape },
      liveSync,
      {
        verb: 'action',
        action: 'replayDeadLetters',
        summary: 'Push again what a retry policy put aside',
        parameters: [{ name: 'id', description: 'Of one dead letter; default: all' }],
        answer: replayShape,
      },
    ],
  },
  ...collection({
    path: 'system/{name}/{objectType}',
    tag: 'system',
    noun: 'system object',
    collectionActions: [liveSync],
  }),
];
