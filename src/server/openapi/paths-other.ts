import { z } from 'zod';
import { collection } from './collection.ts';
import type { PathDescriptor } from './descriptor.ts';
import {
  anyObjectShape,
  configListShape,
  loginShape,
  patchShape,
  pingShape,
  scriptShape,
  validationShape,
} from './shapes.ts';

/** Configuration, scripts, and who is logged in (specification §1.1, §9.3, §13). */
export const otherPaths: readonly PathDescriptor[] = [
  {
    path: 'config',
    tag: 'config',
    operations: [
      { verb: 'read', summary: 'List configurations', answer: configListShape },
      { verb: 'query', summary: 'Query configurations' },
      { verb: 'create', summary: 'Create a configuration under its _id', isBodyRequired: true },
    ],
  },
  {
    path: 'config/{id}',
    tag: 'config',
    operations: [
      { verb: 'read', summary: 'Read a configuration' },
      { verb: 'update', summary: 'Create or replace a configuration', isBodyRequired: true },
      { verb: 'patch', summary: 'Change a configuration', body: patchShape },
      { verb: 'delete', summary: 'Delete a configuration' },
    ],
  },
  {
    path: 'script',
    tag: 'script',
    operations: [
      {
        verb: 'action',
        action: 'eval',
        summary: 'Run a script',
        body: scriptShape,
        isBodyRequired: true,
        answer: z.unknown(),
      },
      {
        verb: 'action',
        action: 'compile',
        summary: 'Check a script',
        body: scriptShape,
        isBodyRequired: true,
        answer: z.unknown(),
      },
    ],
  },
  ...collection({
    path: 'endpoint/{name}',
    tag: 'endpoint',
    noun: 'object of an endpoint',
    collectionActions: [
      { verb: 'read', summary: 'Read an endpoint' },
      { verb: 'update', summary: 'Update an endpoint' },
      { verb: 'patch', summary: 'Patch an endpoint' },
      { verb: 'delete', summary: 'Delete at an endpoint' },
      { verb: 'action', summary: 'Actions of an endpoint', answer: z.unknown() },
    ],
  }),
  { path: 'policy', tag: 'policy', operations: [{ verb: 'read', summary: 'Read the policies of all resources' }] },
  {
    path: 'policy/{resource}',
    tag: 'policy',
    operations: [
      { verb: 'read', summary: 'Read the policies of a resource' },
      {
        verb: 'action',
        action: 'validateObject',
        summary: 'Validate an object',
        body: anyObjectShape,
        isBodyRequired: true,
        answer: validationShape,
      },
      {
        verb: 'action',
        action: 'validateProperty',
        summary: 'Validate properties',
        body: anyObjectShape,
        isBodyRequired: true,
        answer: validationShape,
      },
    ],
  },
  {
    path: 'info/ping',
    tag: 'info',
    operations: [{ verb: 'read', summary: 'Whether the system is ready', answer: pingShape }],
  },
  {
    path: 'info/login',
    tag: 'info',
    operations: [{ verb: 'read', summary: 'Who is logged in', answer: loginShape }],
  },
  { path: 'info/version', tag: 'info', operations: [{ verb: 'read', summary: 'The version' }] },
  {
    path: 'authentication',
    tag: 'authentication',
    operations: [
      { verb: 'action', action: 'login', summary: 'Begin a session', answer: loginShape },
      { verb: 'action', action: 'logout', summary: 'End the session' },
      { verb: 'action', action: 'reauthenticate', summary: 'Show once more who one is' },
    ],
  },
];
