import type { Filter } from '../base/query-filter.ts';
import type { Caller, RequestContext } from '../resource/context.ts';
import type { ProcessDefinition } from '../workflow/process-definition.ts';
import type { Actor, TaskDoc } from '../workflow/records.ts';

const ADMIN = 'openidm-admin';

/** Who may do everything: the system itself, and administrators. */
export function seesEverything({ isExternal, roles }: Caller): boolean {
  return !isExternal || roles.some((role) => lastStep(role) === ADMIN);
}

/** The names under which tasks may have been given to him. */
export function namesOf({ id, authenticationId }: Caller): readonly string[] {
  return authenticationId === undefined || authenticationId === id ? [id] : [id, authenticationId];
}

/** The groups that he is in: his roles, by their whole path and by their last step. */
export function groupsOf({ roles }: Caller): readonly string[] {
  return [...new Set(roles.flatMap((role) => [role, lastStep(role)]))];
}

function lastStep(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether a task is his, or he may take it. */
export function concerns(
  task: Pick<TaskDoc, 'assignee' | 'candidateUsers' | 'candidateGroups'>,
  caller: Caller,
): boolean {
  if (seesEverything(caller)) return true;
  if (task.assignee !== null) return namesOf(caller).includes(task.assignee);
  return isCandidate(task, caller);
}

/** Whether he is one of those who may take a task, whoever has it now. */
export function isCandidate(
  { candidateUsers, candidateGroups }: Pick<TaskDoc, 'candidateUsers' | 'candidateGroups'>,
  caller: Caller,
): boolean {
  const [names, groups] = [namesOf(caller), groupsOf(caller)];
  return candidateUsers.some((name) => names.includes(name)) || candidateGroups.some((one) => groups.includes(one));
}

/** The same as a filter; null: all. */
export function concerning(caller: Caller): Filter | null {
  if (seesEverything(caller)) return null;
  const assigned = namesOf(caller).map((name) => equal('assignee', name));
  const candidates = [
    ...namesOf(caller).map((name) => equal('candidateUsers', name)),
    ...groupsOf(caller).map((name) => equal('candidateGroups', name)),
  ];
  const unassigned: Filter = { kind: 'not', part: { kind: 'present', pointer: ['assignee'] } };
  const open: Filter = { kind: 'and', parts: [{ kind: 'or', parts: candidates }, unassigned] };
  return { kind: 'or', parts: [...assigned, open] };
}

/** Others than administrators start only what says that they may. */
export function mayStart(definition: ProcessDefinition, caller: Caller): boolean {
  if (seesEverything(caller)) return true;
  const { candidateStarterUsers: users, candidateStarterGroups: groups } = definition;
  return namesOf(caller).some((name) => users.includes(name)) || groupsOf(caller).some((one) => groups.includes(one));
}

export function actorOf({ caller, transactionId }: RequestContext): Actor {
  const { id, authenticationId = id, component, roles } = caller;
  return { id, authenticationId, component, roles, transactionId };
}

export function equal(attribute: string, value: string | number | boolean): Filter {
  return { kind: 'compare', operator: 'eq', pointer: [attribute], value };
}
