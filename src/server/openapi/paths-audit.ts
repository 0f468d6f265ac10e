import type { ParameterDescriptor, PathDescriptor } from './descriptor.ts';
import { auditEntriesShape, auditEntryShape } from './shapes.ts';

const formatted: ParameterDescriptor = {
  name: 'formatted',
  description: 'false: every member for every type of entry. Default true.',
  type: 'boolean',
};

/** Audit (specification §12). */
export const auditPaths: readonly PathDescriptor[] = [
  {
    path: 'audit/{topic}',
    tag: 'audit',
    operations: [
      { verb: 'read', summary: 'List the entries of a topic', parameters: [formatted], answer: auditEntriesShape },
      { verb: 'query', summary: 'Query the entries of a topic', parameters: [formatted], answer: auditEntryShape },
      { verb: 'create', summary: 'Write an entry', answer: auditEntryShape },
    ],
  },
  {
    path: 'audit/{topic}/{id}',
    tag: 'audit',
    operations: [
      { verb: 'read', summary: 'Read an entry', parameters: [formatted], answer: auditEntryShape },
      { verb: 'update', summary: 'Write an entry under an id; entries are never replaced', answer: auditEntryShape },
    ],
  },
  {
    path: 'audit',
    tag: 'audit',
    operations: [
      { verb: 'action', action: 'availableHandlers', summary: 'List kinds of audit files' },
      { verb: 'action', action: 'getChangedWatchedFields', summary: 'Compare two objects' },
      { verb: 'action', action: 'getChangedPasswordFields', summary: 'Compare the passwords of two objects' },
    ],
  },
];
