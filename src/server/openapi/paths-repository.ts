import { collection } from './collection.ts';
import type { OperationDescriptor, PathDescriptor } from './descriptor.ts';
import { auditEntryShape } from './shapes.ts';

const command: OperationDescriptor = {
  verb: 'action',
  action: 'command',
  summary: 'Run a command of the repository',
  parameters: [
    { name: 'commandId', description: 'delete-mapping-links' },
    { name: 'mapping', description: 'Name of the mapping.' },
  ],
};

const documents = (path: string, noun: string): readonly PathDescriptor[] =>
  collection({ path, tag: 'repo', noun, canPatch: false, collectionActions: [command] });

/** Raw documents (specification §1.9, §13). */
export const repositoryPaths: readonly PathDescriptor[] = [
  ...documents('repo/link', 'link'),
  ...documents('repo/managed/{type}', 'raw managed object'),
  ...documents('repo/internal/{kind}', 'internal object'),
  ...documents('repo/synchronisation/pooledSyncStage', 'synchronization token'),
  ...documents('repo/synchronisation/deadLetterQueue/{name}', 'dead letter'),
  {
    path: 'repo/audit/{topic}',
    tag: 'repo',
    operations: [{ verb: 'query', summary: 'Query the entries of a topic', answer: auditEntryShape }],
  },
  {
    path: 'repo/audit/{topic}/{id}',
    tag: 'repo',
    operations: [{ verb: 'read', summary: 'Read an audit entry', answer: auditEntryShape }],
  },
  ...documents('repo/{collection}', 'document'),
];
