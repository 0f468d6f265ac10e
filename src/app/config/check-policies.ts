import { DEFAULT_ACTION, isAction, type Action } from '../../model/action.ts';
import { isSituation, type Situation } from '../../model/situation.ts';
import { items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';

const QUIET = ['IGNORE', 'REPORT', 'NOREPORT', 'ASYNC'] as const;

/** Actions that the reference names beside the default one (specification §4.5); others are carried out all the same. */
export const ALTERNATIVE_ACTIONS: Readonly<Record<Situation, readonly Action[]>> = {
  CONFIRMED: QUIET,
  FOUND: ['LINK', 'EXCEPTION', ...QUIET],
  FOUND_ALREADY_LINKED: QUIET,
  ABSENT: ['EXCEPTION', ...QUIET],
  AMBIGUOUS: QUIET,
  MISSING: ['CREATE', 'UNLINK', ...QUIET],
  UNQUALIFIED: ['UNLINK', 'EXCEPTION', ...QUIET],
  TARGET_IGNORED: ['DELETE', 'UNLINK', 'EXCEPTION', ...QUIET],
  SOURCE_IGNORED: ['EXCEPTION', ...QUIET],
  LINK_ONLY: ['UNLINK', ...QUIET],
  ALL_GONE: ['EXCEPTION', ...QUIET],
  UNASSIGNED: ['DELETE', ...QUIET],
  SOURCE_MISSING: ['DELETE', 'UNLINK', ...QUIET],
};

export function checkPolicies(mapping: JsonNode, findings: Findings): void {
  const settled = new Map<Situation, number>();
  items(member(mapping, 'policies')).forEach((policy, i) => {
    const situation = textOf(member(policy, 'situation'));
    if (situation === null || !isSituation(situation)) return;
    checkAction(member(policy, 'action'), situation, member(mapping, 'enableLinking').value !== false, findings);
    const first = settled.get(situation);
    if (first !== undefined)
      report(
        findings,
        'warning',
        policy,
        `this policy for ${situation} is never used`,
        `policies/${first} comes before it and has no condition.`,
      );
    else if (member(policy, 'condition').value === undefined) settled.set(situation, i);
  });
}

function checkAction(node: JsonNode, situation: Situation, hasLinks: boolean, findings: Findings): void {
  const action = textOf(node);
  if (action === null || !isAction(action)) return;
  const reason = whyItFails(situation, action, hasLinks);
  if (reason !== null) {
    const message = `${action} fails for every object in the situation ${situation}: ${reason}`;
    report(findings, 'warning', node, message, `Without a policy, ${DEFAULT_ACTION[situation]} would be done.`);
    return;
  }
  const usual = [DEFAULT_ACTION[situation], ...ALTERNATIVE_ACTIONS[situation]];
  if (usual.includes(action)) return;
  const hint = `It will be carried out. Usual are ${usual.join(', ')}.`;
  report(findings, 'warning', node, `${action} is unusual for the situation ${situation}`, hint);
}

const NO_TARGET: ReadonlySet<Situation> = new Set(['ABSENT', 'SOURCE_IGNORED', 'ALL_GONE', 'AMBIGUOUS']);
const NO_SOURCE: ReadonlySet<Situation> = new Set(['UNASSIGNED', 'SOURCE_MISSING', 'LINK_ONLY', 'ALL_GONE']);
const WITH_TARGET: ReadonlySet<Situation> = new Set(['CONFIRMED', 'FOUND', 'FOUND_ALREADY_LINKED']);

/** Actions that find nothing to work on (specification §4.5). */
function whyItFails(situation: Situation, action: Action, hasLinks: boolean): string | null {
  if (action === 'CREATE' && NO_SOURCE.has(situation)) return 'there is no source object to create a target from';
  if (action === 'CREATE' && WITH_TARGET.has(situation)) return 'the target object is there already';
  if (action !== 'UPDATE' && action !== 'LINK') return null;
  if (NO_TARGET.has(situation)) return 'there is no one target object';
  return situation === 'FOUND_ALREADY_LINKED' && hasLinks ? 'the target is linked to another source object' : null;
}
