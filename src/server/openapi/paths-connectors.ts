import { z } from 'zod';
import { collection } from './collection.ts';
import type { PathDescriptor } from './descriptor.ts';
import { anyObjectShape, availableConnectorsShape, connectorTestShape } from './shapes.ts';

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
    ],
  },
  {
    path: 'system/{name}',
    tag: 'system',
    operations: [{ verb: 'action', action: 'test', summary: 'Test a system', answer: connectorTestShape }],
  },
  ...collection({ path: 'system/{name}/{objectType}', tag: 'system', noun: 'system object' }),
];
