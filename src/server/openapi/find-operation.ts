import type { Verb } from '../../resource/request.ts';
import type { OperationDescriptor, PathDescriptor } from './descriptor.ts';

/** Whether a template such as `recon/{id}` stands for a path. */
export function matchesTemplate(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  const isOpen = isVariable(wanted[wanted.length - 1]!);
  if (given.length < wanted.length || (given.length > wanted.length && !isOpen)) return false;
  return wanted.every((segment, at) => isVariable(segment) || segment === given[at]);
}

/** The descriptors of a path, the most exact one first. */
export function findPaths(descriptors: readonly PathDescriptor[], path: string): readonly PathDescriptor[] {
  return descriptors
    .filter((descriptor) => matchesTemplate(descriptor.path, path))
    .sort((a, b) => literals(b.path) - literals(a.path) || depth(b.path) - depth(a.path));
}

/** What describes a request; null if nothing does. `action` is null for other verbs. */
export function findOperation(
  descriptors: readonly PathDescriptor[],
  path: string,
  verb: Verb,
  action: string | null,
): OperationDescriptor | null {
  const [descriptor] = findPaths(descriptors, path);
  const candidates = descriptor?.operations.filter((operation) => operation.verb === verb) ?? [];
  const named = candidates.find((one) => one.action?.toLowerCase() === action?.toLowerCase());
  return named ?? candidates.find((one) => one.action === undefined) ?? null;
}

function isVariable(segment: string): boolean {
  return segment.startsWith('{') && segment.endsWith('}');
}

function literals(template: string): number {
  return template.split('/').filter((segment) => !isVariable(segment)).length;
}

function depth(template: string): number {
  return template.split('/').length;
}
